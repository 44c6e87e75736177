# SimGrid's SMPI in the place of MPI, for simulated runs (docs/developers/simulation.md). Found here are
#   MPI::MPI_CXX          SMPI's headers and library
#   OpenMP::OpenMP_CXX    nothing: ranks are contexts of one process; `omp simd` alone is obeyed
#   OCTOPOLE_SMPIRUN      the launcher, which loads the program as a shared library
find_path(OCTOPOLE_SMPI_INCLUDE NAMES smpi/mpi.h HINTS ENV SimGrid_PATH PATH_SUFFIXES include)
find_library(OCTOPOLE_SIMGRID NAMES simgrid HINTS ENV SimGrid_PATH PATH_SUFFIXES lib)
find_program(OCTOPOLE_SMPIRUN NAMES smpirun HINTS ENV SimGrid_PATH PATH_SUFFIXES bin)
mark_as_advanced(OCTOPOLE_SMPI_INCLUDE OCTOPOLE_SIMGRID OCTOPOLE_SMPIRUN)
octopole_need(simgrid "OCTOPOLE_SMPI_INCLUDE;AND;OCTOPOLE_SIMGRID;AND;OCTOPOLE_SMPIRUN")

if(OCTOPOLE_SMPI_INCLUDE AND OCTOPOLE_SIMGRID)
  add_library(MPI::MPI_CXX INTERFACE IMPORTED)
  target_include_directories(MPI::MPI_CXX INTERFACE ${OCTOPOLE_SMPI_INCLUDE}/smpi ${OCTOPOLE_SMPI_INCLUDE})
  target_link_libraries(MPI::MPI_CXX INTERFACE ${OCTOPOLE_SIMGRID})
  target_compile_definitions(MPI::MPI_CXX INTERFACE OCTOPOLE_SMPI)
  add_library(OpenMP::OpenMP_CXX INTERFACE IMPORTED)
  target_compile_options(OpenMP::OpenMP_CXX INTERFACE -fopenmp-simd -Wno-unknown-pragmas)
endif()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(OCTOPOLE_TESTS OFF)
set(OCTOPOLE_INSTALL OFF)
