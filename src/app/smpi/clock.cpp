// The clock of the profiles in a simulated run: the simulated seconds of the calling rank.
#include "base/profile.hpp"
#include "mpi/comm.hpp"

namespace octopole {

double seconds_now() {
  return MPI_Wtime();
}

}  // namespace octopole
