# How tests are added; see tests/CMakeLists.txt for which.
#
#   labels: serial, mpi, app (command line), source (the tree's own rules), install, example, simulation
#
# ctest's "processors" are halves of a core (tests/run.sh runs as many at a time): a script whose runs of mpirun are mostly
# waiting counts as one half. mpirun alone waits two seconds where a rank has returned an error.
include(CMakeParseArguments)

# The rank counts of the project's invariants (powers of two, odd, prime, more than there are cores).
set(OCTOPOLE_TEST_RANKS 1 2 3 5 7 8 13 CACHE STRING "Numbers of ranks the MPI tests run at")
set(OCTOPOLE_TEST_TIMEOUT 600 CACHE STRING "Seconds after which a test counts as hung")

# Several ranks share a core here, and the tests may run as root in a container. Waiting ranks must yield, and
# neither BLAS nor OpenMP may start threads of its own in each of 13 ranks. `none`: containers often forbid a process
# to read another's memory, and Open MPI's shared-memory transport tries that first.
set(octopole_mpi_environment
  OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  OMPI_MCA_mpi_yield_when_idle=1
  OMPI_MCA_btl_vader_single_copy_mechanism=none
  OMPI_MCA_btl_sm_single_copy_mechanism=none
  OMPI_MCA_pml=ob1  # looking for other ways to send takes a third of the time that a short run takes
  OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 OMP_WAIT_POLICY=passive)
if(OCTOPOLE_SANITIZE MATCHES "address")
  list(APPEND octopole_mpi_environment ASAN_OPTIONS=detect_leaks=0)  # MPI libraries leak at exit
endif()

# Open MPI alone knows (and needs) these flags.
execute_process(COMMAND ${MPIEXEC_EXECUTABLE} --version OUTPUT_VARIABLE octopole_mpiexec_version ERROR_QUIET)
set(octopole_mpiexec ${MPIEXEC_EXECUTABLE})
if(octopole_mpiexec_version MATCHES "Open MPI|OpenRTE")
  list(APPEND octopole_mpiexec --oversubscribe --bind-to none)
  find_program(OCTOPOLE_REMOTE_SHELL NAMES ssh rsh DOC "Open MPI looks for one even on a single machine")
  mark_as_advanced(OCTOPOLE_REMOTE_SHELL)
  if(NOT OCTOPOLE_REMOTE_SHELL)
    list(APPEND octopole_mpi_environment OMPI_MCA_plm=isolated)
  endif()
  set(octopole_mpiexec_times_out TRUE)
endif()

# octopole_add_mpi_run(<name> RANKS <n> [TIMEOUT <s>] [LABELS <label>...] COMMAND <command> [<arg>...])
# One ctest: the command on n ranks.
function(octopole_add_mpi_run name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "RANKS;TIMEOUT;WORKING_DIRECTORY" "LABELS;COMMAND")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${OCTOPOLE_TEST_TIMEOUT})
  endif()
  if(NOT arg_WORKING_DIRECTORY)
    set(arg_WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  set(launch ${octopole_mpiexec})
  if(octopole_mpiexec_times_out)  # mpiexec ends its ranks; ctest would end only mpiexec, a moment later
    list(APPEND launch --timeout ${arg_TIMEOUT})
  endif()
  math(EXPR ctest_timeout "${arg_TIMEOUT} + 20")
  math(EXPR half_cores "2 * ${arg_RANKS}")
  add_test(NAME ${name} WORKING_DIRECTORY ${arg_WORKING_DIRECTORY}
    COMMAND ${launch} ${MPIEXEC_NUMPROC_FLAG} ${arg_RANKS} ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES PROCESSORS ${half_cores} TIMEOUT ${ctest_timeout}
    LABELS "mpi;${arg_LABELS}" ENVIRONMENT "${octopole_mpi_environment}")
endfunction()

# octopole_add_mpi_test(<target> RANKS <n>... [TIMEOUT <s>] SOURCES <file>...)
# A GoogleTest program with the main of tests/support/mpi_main.cpp, as ctests <target>_<n>.
function(octopole_add_mpi_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "RANKS;SOURCES;LABELS")
  add_executable(${target} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/mpi_main.cpp)
  octopole_test_links(${target} GTest::gtest)
  foreach(ranks IN LISTS arg_RANKS)
    octopole_add_mpi_run(${target}_${ranks} RANKS ${ranks} TIMEOUT ${arg_TIMEOUT} LABELS ${arg_LABELS}
      COMMAND $<TARGET_FILE:${target}>)
  endforeach()
endfunction()

# octopole_add_script_test(<name> LABELS <label>... [TIMEOUT <s>] [CORES <n>] [WORKING_DIRECTORY <dir>]
#                          [ENVIRONMENT <variable>=<value>...] COMMAND <script> [<arg>...])
# A bash script. MPIEXEC starts ranks, without -n; exit code 77 says that the test was skipped (tests/support/needs.sh).
function(octopole_add_script_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT;CORES;WORKING_DIRECTORY" "LABELS;ENVIRONMENT;COMMAND")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${OCTOPOLE_TEST_TIMEOUT})
  endif()
  if(NOT arg_CORES)
    set(half_cores 1)
  else()
    math(EXPR half_cores "2 * ${arg_CORES}")
  endif()
  if(NOT arg_WORKING_DIRECTORY)
    set(arg_WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  endif()
  list(JOIN octopole_mpiexec " " mpiexec_text)
  add_test(NAME ${name} WORKING_DIRECTORY ${arg_WORKING_DIRECTORY} COMMAND bash ${arg_COMMAND})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} PROCESSORS ${half_cores} LABELS "${arg_LABELS}"
    SKIP_RETURN_CODE 77 ENVIRONMENT "MPIEXEC=${mpiexec_text};${octopole_mpi_environment};${arg_ENVIRONMENT}")
endfunction()

# octopole_add_serial_test(<target> SOURCES <file>...): a GoogleTest program without MPI ranks.
function(octopole_add_serial_test target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;LABELS")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT ${OCTOPOLE_TEST_TIMEOUT})
  endif()
  add_executable(${target} ${arg_SOURCES} ${PROJECT_SOURCE_DIR}/tests/support/serial_main.cpp)
  octopole_test_links(${target} GTest::gtest)
  add_test(NAME ${target} COMMAND ${target} WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
  set_tests_properties(${target} PROPERTIES PROCESSORS 4 TIMEOUT ${arg_TIMEOUT} LABELS "serial;${arg_LABELS}"
    ENVIRONMENT OMP_WAIT_POLICY=passive)  # more threads than cores must not spin against each other
endfunction()

# All programs of tests, without what only must compile.
add_custom_target(octopole_test_programs)

# What a test is linked with: what is installed, or where it includes headers of src/ that export nothing a static library,
# which hides nothing.
function(octopole_test_links target)
  add_dependencies(octopole_test_programs ${target})
  set(library octopole::octopole)
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    file(STRINGS ${source} includes REGEX "^#include \"")
    foreach(include IN LISTS includes)
      string(REGEX REPLACE "^#include \"([^\"]+)\".*" "${PROJECT_SOURCE_DIR}/src/\\1" header "${include}")
      if(EXISTS ${header})
        file(STRINGS ${header} exported REGEX "GCC visibility push")
        if(NOT exported)
          set(library octopole_internal)
        endif()
      endif()
    endforeach()
  endforeach()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})  # "tests/support/points.hpp"
  target_link_libraries(${target} PRIVATE ${library} octopole_flags ${ARGN})
  target_link_libraries(${target} PRIVATE octopole_test_support)
  target_precompile_headers(${target} REUSE_FROM octopole_test_support)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)  # the tests' own loops are short
endfunction()

# octopole_extract_example(<README> <output>): the code between the example markers, without the code fence.
function(octopole_extract_example readme output)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${readme})
  file(READ ${readme} text)
  set(begin_marker "<!-- example:begin -->")
  set(end_marker "<!-- example:end -->")
  string(FIND "${text}" "${begin_marker}" begin)
  string(FIND "${text}" "${end_marker}" end)
  if(begin EQUAL -1 OR end LESS begin)
    message(FATAL_ERROR "${readme} must have its library example between the lines ${begin_marker} and "
      "${end_marker}: the tests compile and run it")
  endif()
  string(LENGTH "${begin_marker}" marker_length)
  math(EXPR begin "${begin} + ${marker_length}")
  math(EXPR length "${end} - ${begin}")
  string(SUBSTRING "${text}" ${begin} ${length} code)
  string(REGEX REPLACE "(^|\n)```[^\n]*" "\\1" code "${code}")
  set(previous "")
  if(EXISTS ${output})
    file(READ ${output} previous)
  endif()
  if(NOT previous STREQUAL code)
    file(WRITE ${output} "${code}")
  endif()
endfunction()
