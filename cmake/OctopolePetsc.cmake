# PETSc, for the module petsc and what uses it. OCTOPOLE_PETSC: ON requires it, AUTO uses it if it is found, OFF does not.
# Sets octopole_petsc_found; the imported target is PkgConfig::PETSC.
#
# PETSc must have real scalars in double precision and the same MPI: its own headers refuse another one.
set(octopole_petsc_found OFF)
if(OCTOPOLE_PETSC STREQUAL "OFF" OR OCTOPOLE_SMPI OR NOT TARGET MPI::MPI_CXX)
  return()
endif()
find_package(PkgConfig QUIET)
if(NOT PKG_CONFIG_FOUND)
  set(octopole_petsc_why "there is no pkg-config, which finds PETSc")
  return()
endif()
pkg_search_module(PETSC QUIET IMPORTED_TARGET PETSc>=3.15 petsc>=3.15)
set(octopole_petsc_why "pkg-config knows no PETSc of version 3.15 or later")
if(PETSC_FOUND)
  # Its pkg-config file may carry the flags of a distribution's build (-D_FORTIFY_SOURCE), which are not ours.
  set_property(TARGET PkgConfig::PETSC PROPERTY INTERFACE_COMPILE_OPTIONS "")
  if(NOT "${octopole_petsc_tried}" STREQUAL "${PETSC_LINK_LIBRARIES} ${PETSC_VERSION} ${MPI_CXX_LIBRARIES}")
    unset(octopole_petsc_works CACHE)
    set(octopole_petsc_tried "${PETSC_LINK_LIBRARIES} ${PETSC_VERSION} ${MPI_CXX_LIBRARIES}" CACHE INTERNAL "")
  endif()
  include(CheckCXXSourceCompiles)
  set(CMAKE_REQUIRED_LIBRARIES PkgConfig::PETSC MPI::MPI_CXX)
  set(CMAKE_REQUIRED_QUIET ON)
  check_cxx_source_compiles([=[
    #include <petscksp.h>
    #if defined(PETSC_USE_COMPLEX) || !defined(PETSC_USE_REAL_DOUBLE)
    #error "real scalars in double precision are needed"
    #endif
    int main(int argc, char** argv) {
      PetscInitialize(&argc, &argv, nullptr, nullptr);
      PetscFinalize();
    }
  ]=] octopole_petsc_works)
  unset(CMAKE_REQUIRED_LIBRARIES)
  unset(CMAKE_REQUIRED_QUIET)
  set(octopole_petsc_why "PETSc ${PETSC_VERSION} has no real scalars in double precision, or another MPI")
  if(octopole_petsc_works)
    set(octopole_petsc_found ON)
  endif()
endif()
