# Dependencies of octopole; jobs/install_dependencies.sh installs them on Debian and Ubuntu.
#
# Everything is looked for before anything is reported, so that one message names all that is missing. The project
# in cmake/probe includes this file too, and only lists what is missing: the script installs what this file misses.
set(octopole_missing "")
macro(octopole_need name found)
  if(NOT (${found}))
    list(APPEND octopole_missing ${name})
  endif()
endmacro()

if(OCTOPOLE_SMPI)
  include(${CMAKE_CURRENT_LIST_DIR}/OctopoleSmpi.cmake)
else()
  set(MPI_CXX_SKIP_MPICXX ON)  # MPI's C interface only: the C++ bindings left the standard in 2012
  find_package(MPI 3.1 QUIET COMPONENTS CXX)
  octopole_need(mpi "MPI_CXX_FOUND")

  find_package(OpenMP 4.5 QUIET COMPONENTS CXX)
  octopole_need(openmp "OpenMP_CXX_FOUND")
endif()

list(APPEND CMAKE_MODULE_PATH ${CMAKE_CURRENT_LIST_DIR})
find_package(FFTW QUIET)
octopole_need(fftw "TARGET;FFTW::fftw3")

find_package(Eigen3 QUIET NO_MODULE)
octopole_need(eigen "TARGET;Eigen3::Eigen;AND;Eigen3_VERSION;VERSION_GREATER_EQUAL;3.4")

# BLAS decides the speed of preconditioners' factors: the reference BLAS, which a distribution may have installed beside
# or instead, takes five times as long. BLA_VENDOR (see FindBLAS) chooses another library.
set(octopole_blas_vendor "${BLA_VENDOR}")
if(BLA_VENDOR)
  find_package(LAPACK QUIET)
else()
  foreach(vendor OpenBLAS FlexiBLAS Intel10_64lp Arm)
    set(BLA_VENDOR ${vendor})
    find_package(LAPACK QUIET)  # brings BLAS
    if(LAPACK_FOUND)
      set(octopole_blas_vendor ${vendor})
      break()
    endif()
  endforeach()
  unset(BLA_VENDOR)
  if(NOT LAPACK_FOUND)
    find_package(LAPACK QUIET)
    if(LAPACK_FOUND AND BLAS_LIBRARIES MATCHES "/libblas\\.")
      set(octopole_reference_blas ON)
    endif()
  endif()
endif()
octopole_need(lapack "LAPACK_FOUND")
if(octopole_reference_blas)
  if(OCTOPOLE_PROBE)
    octopole_need(lapack OFF)
  else()
    message(WARNING "No optimised BLAS was found: ${BLAS_LIBRARIES} may be the reference implementation, with which "
      "preconditioners take several times as long to make. Install OpenBLAS, or name a library with "
      "-DBLA_VENDOR=...")
  endif()
endif()

if(NOT OCTOPOLE_SMPI)
  set(HDF5_PREFER_PARALLEL ON)
  find_package(HDF5 QUIET COMPONENTS C)
  octopole_need(hdf5 "HDF5_FOUND;AND;HDF5_IS_PARALLEL")
endif()

# The program's alone (SimGrid's build makes a program of its own).
if(OCTOPOLE_PROGRAM OR OCTOPOLE_SMPI)
  find_package(CLI11 QUIET)
  octopole_need(cli11 "CLI11_FOUND")
  find_package(nlohmann_json 3.9 QUIET)
  octopole_need(nlohmann-json "nlohmann_json_FOUND")
endif()
find_package(fmt QUIET)
octopole_need(fmt "fmt_FOUND")

include(${CMAKE_CURRENT_LIST_DIR}/OctopolePetsc.cmake)
if("${OCTOPOLE_PETSC}" STREQUAL "ON" AND NOT OCTOPOLE_SMPI)
  octopole_need(petsc "octopole_petsc_found")
endif()

if(OCTOPOLE_TESTS)
  find_package(GTest QUIET)
  octopole_need(googletest "TARGET;GTest::gtest_main")
endif()

if(octopole_missing AND NOT OCTOPOLE_PROBE)
  list(JOIN octopole_missing ", " octopole_missing_text)
  message(FATAL_ERROR "octopole needs what was not found here: ${octopole_missing_text}.\n"
    "Run jobs/install_dependencies.sh, which installs it (Debian, Ubuntu) or says what to install. "
    "HDF5 must be a parallel one, built with the same MPI.")
endif()
if(NOT OCTOPOLE_PROBE AND NOT OCTOPOLE_SMPI)
  message(STATUS "MPI ${MPI_CXX_VERSION} (${MPIEXEC_EXECUTABLE}), parallel HDF5 ${HDF5_VERSION}, "
    "FFTW ${FFTW_VERSION}, Eigen ${Eigen3_VERSION}, LAPACK ${LAPACK_LIBRARIES}")
  if(octopole_petsc_found)
    message(STATUS "PETSc ${PETSC_VERSION}")
  elseif(NOT OCTOPOLE_PETSC STREQUAL "OFF")
    message(STATUS "Without octopole::petsc and octopole capacitance: ${octopole_petsc_why}")
  endif()
endif()
