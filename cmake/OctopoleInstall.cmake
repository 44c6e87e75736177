# `cmake --install`: library, headers, program, and the package behind find_package(octopole).
if(NOT OCTOPOLE_INSTALL)
  return()
endif()
include(CMakePackageConfigHelpers)

set(octopole_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/octopole)
install(TARGETS octopole EXPORT octopoleTargets)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/octopole DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.hpp")
if(TARGET octopole_petsc)
  install(TARGETS octopole_petsc EXPORT octopoleTargets)
endif()
if(TARGET octopole_program)
  install(TARGETS octopole_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()

install(EXPORT octopoleTargets NAMESPACE octopole:: DESTINATION ${octopole_package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/octopoleConfig.cmake.in
  ${PROJECT_BINARY_DIR}/octopoleConfig.cmake INSTALL_DESTINATION ${octopole_package_dir}
  NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/octopoleConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/octopoleConfig.cmake ${PROJECT_BINARY_DIR}/octopoleConfigVersion.cmake
  DESTINATION ${octopole_package_dir})
