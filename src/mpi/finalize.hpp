#pragma once

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// MPI_Finalize, with the components of Open MPI kept in memory until the process ends: in Open MPI 4.1 a
/// thread of PMIx can call a component that MPI_Finalize has just unloaded (open-mpi/ompi issue 10117).
void finalize();

}  // namespace octopole::mpi
#pragma GCC visibility pop
