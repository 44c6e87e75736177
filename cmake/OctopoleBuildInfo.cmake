# octopole_build_info.hpp (generated, private to src/base/version.cpp): version, commit, compiler and flags.
# The commit is asked for at every build, not at configuration, so that a report never names an old one; the file
# changes only when its text does.
set(OCTOPOLE_GIT_DESCRIBE "" CACHE STRING "Commit to report; empty: ask git (needed where .git is not copied)")

set(octopole_build_info_dir ${PROJECT_BINARY_DIR}/generated)
string(TOUPPER "${CMAKE_BUILD_TYPE}" build_type_upper)
set(octopole_report_flags "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build_type_upper}}")
if(OCTOPOLE_NATIVE)
  string(APPEND octopole_report_flags " -march=native")
endif()
if(OCTOPOLE_SANITIZE)
  string(APPEND octopole_report_flags " -fsanitize=${OCTOPOLE_SANITIZE}")
endif()
string(STRIP "${octopole_report_flags}" octopole_report_flags)

find_package(Git QUIET)
add_custom_target(octopole_build_info
  BYPRODUCTS ${octopole_build_info_dir}/octopole_build_info.hpp
  COMMAND ${CMAKE_COMMAND}
    "-DOUTPUT=${octopole_build_info_dir}/octopole_build_info.hpp"
    "-DVERSION=${PROJECT_VERSION}"
    "-DGIT=${GIT_EXECUTABLE}"
    "-DGIT_DESCRIBE=${OCTOPOLE_GIT_DESCRIBE}"
    "-DSOURCE_DIR=${PROJECT_SOURCE_DIR}"
    "-DCOMPILER=${CMAKE_CXX_COMPILER_ID} ${CMAKE_CXX_COMPILER_VERSION}"
    "-DFLAGS=${octopole_report_flags}"
    -P ${PROJECT_SOURCE_DIR}/cmake/write_build_info.cmake
  COMMENT "" VERBATIM)
