# `cmake --install`: libraries, headers, program, the package behind find_package(octopole), and pkg-config files.
if(NOT OCTOPOLE_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)

# What is installed finds octopole's libraries beside itself, wherever the prefix is moved to, and MPI, HDF5 and the
# others where the build found them.
set(octopole_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/octopole)
file(RELATIVE_PATH octopole_bin_to_lib /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
# octopole_install(<target> <directory from it to the libraries> <install arguments>...)
function(octopole_install target to_libraries)
  set(rpath "$ORIGIN/${to_libraries}")
  if(APPLE)
    set(rpath "@loader_path/${to_libraries}")
  endif()
  set_target_properties(${target} PROPERTIES INSTALL_RPATH ${rpath} INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS ${target} ${ARGN})
endfunction()

foreach(part octopole octopole_petsc)
  if(TARGET ${part})
    octopole_install(${part} "" EXPORT ${part}Targets
      LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT development
      ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
    install(EXPORT ${part}Targets NAMESPACE octopole:: DESTINATION ${octopole_package_dir} COMPONENT development)
  endif()
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/octopole DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.hpp")
if(TARGET octopole_program)
  octopole_install(octopole_program ${octopole_bin_to_lib} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()

# The package. A static library's users look for the same BLAS as its build did.
set(octopole_is_static ON)
if(BUILD_SHARED_LIBS)
  set(octopole_is_static OFF)
endif()
# Both may have been given as names to look for in PATH.
get_filename_component(octopole_mpi_compiler "${MPI_CXX_COMPILER}" PROGRAM)
get_filename_component(octopole_hdf5_compiler "${HDF5_C_COMPILER_EXECUTABLE}" PROGRAM)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/octopoleConfig.cmake.in
  ${PROJECT_BINARY_DIR}/octopoleConfig.cmake INSTALL_DESTINATION ${octopole_package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/octopoleConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/octopoleConfig.cmake ${PROJECT_BINARY_DIR}/octopoleConfigVersion.cmake
  ${PROJECT_SOURCE_DIR}/cmake/FindFFTW.cmake DESTINATION ${octopole_package_dir} COMPONENT development)

# pkg-config. MPI's flags are in the files, so that a plain compiler will do; with mpicxx they are there twice, which
# does no harm. A shared library has brought its dependencies; a static one leaves them to its users, who need them
# with and without pkg-config --static, for there is no other library.
file(RELATIVE_PATH octopole_pc_to_prefix /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
# octopole_join_flags(<variable> <prefix of bare names> <item>...): a list of CMake's as one line for the compiler.
function(octopole_join_flags variable prefix)
  set(line "")
  foreach(item IN LISTS ARGN)
    if(NOT item MATCHES "^-" AND (prefix STREQUAL "-I" OR NOT IS_ABSOLUTE "${item}"))
      set(item "${prefix}${item}")
    endif()
    string(APPEND line " ${item}")
  endforeach()
  set(${variable} "${line}" PARENT_SCOPE)
endfunction()
octopole_join_flags(octopole_pc_mpi_cflags "-I" ${MPI_CXX_INCLUDE_DIRS})
octopole_join_flags(octopole_pc_petsc_cflags "-I" ${PETSC_INCLUDE_DIRS})
octopole_join_flags(octopole_pc_petsc_libs "-l" ${PETSC_LINK_LIBRARIES})
set(octopole_pc_libs ${OpenMP_CXX_FLAGS} ${MPI_CXX_LIBRARIES})
if(octopole_is_static)
  list(PREPEND octopole_pc_libs ${HDF5_C_LIBRARIES} ${FFTW_LIBRARY} ${LAPACK_LIBRARIES} $<TARGET_LINKER_FILE:fmt::fmt>)
endif()
string(REPLACE "$<TARGET_LINKER_FILE:fmt::fmt>" "/@fmt@" octopole_pc_libs "${octopole_pc_libs}")
octopole_join_flags(octopole_pc_libs "-l" ${octopole_pc_libs})
string(REPLACE "/@fmt@" "$<TARGET_LINKER_FILE:fmt::fmt>" octopole_pc_libs "${octopole_pc_libs}")
foreach(part octopole octopole_petsc)
  if(NOT TARGET ${part})
    continue()
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/${part}.pc.in ${PROJECT_BINARY_DIR}/${part}.pc.out @ONLY)
  file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/${part}.pc INPUT ${PROJECT_BINARY_DIR}/${part}.pc.out)
  install(FILES ${PROJECT_BINARY_DIR}/${part}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endforeach()
