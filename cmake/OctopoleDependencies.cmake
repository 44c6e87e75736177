# What octopole stands on; jobs/install_dependencies.sh installs it on Debian and Ubuntu.
find_package(MPI 3.1 REQUIRED COMPONENTS CXX)
find_package(OpenMP 4.5 REQUIRED COMPONENTS CXX)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FFTW3 REQUIRED IMPORTED_TARGET fftw3 fftw3f)
find_package(LAPACK REQUIRED)  # brings BLAS
set(HDF5_PREFER_PARALLEL ON)
find_package(HDF5 REQUIRED COMPONENTS C)
if(NOT HDF5_IS_PARALLEL)
  message(FATAL_ERROR "octopole needs a parallel HDF5 (Debian: libhdf5-openmpi-dev); found ${HDF5_C_LIBRARIES}")
endif()
find_package(CLI11 REQUIRED)
find_package(nlohmann_json 3.9 REQUIRED)
find_package(fmt REQUIRED)
