# FFTW 3 in double precision: target FFTW::fftw3, variables FFTW_FOUND, FFTW_LIBRARY, FFTW_INCLUDE_DIR, FFTW_VERSION.
# pkg-config is asked where it is, and not needed. Installed with the package: consumers of a static octopole also use it.
find_package(PkgConfig QUIET)
if(PKG_CONFIG_FOUND)
  pkg_check_modules(FFTW_PC QUIET fftw3)
endif()
find_path(FFTW_INCLUDE_DIR NAMES fftw3.h HINTS ${FFTW_PC_INCLUDE_DIRS})
find_library(FFTW_LIBRARY NAMES fftw3 HINTS ${FFTW_PC_LIBRARY_DIRS})
mark_as_advanced(FFTW_INCLUDE_DIR FFTW_LIBRARY)
set(FFTW_VERSION ${FFTW_PC_VERSION})

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(FFTW REQUIRED_VARS FFTW_LIBRARY FFTW_INCLUDE_DIR VERSION_VAR FFTW_VERSION)
if(FFTW_FOUND AND NOT TARGET FFTW::fftw3)
  add_library(FFTW::fftw3 UNKNOWN IMPORTED)
  set_target_properties(FFTW::fftw3 PROPERTIES IMPORTED_LOCATION "${FFTW_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${FFTW_INCLUDE_DIR}")
endif()
