// The clock of the profiles in a simulated run: the simulated seconds of the calling rank.
#include "octopole/base/profile.hpp"
#include "octopole/mpi/comm.hpp"

namespace octopole {

double seconds_now() {
  return MPI_Wtime();
}

}  // namespace octopole
