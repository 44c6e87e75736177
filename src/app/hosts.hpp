// The hosts that the ranks run on.
#pragma once

#include <string>
#include <vector>

#include "mpi/comm.hpp"

namespace octopole::app {

/// A shared-memory node and its ranks.
struct HostRanks {
  std::string name;  // host name; several nodes may have the same
  std::vector<int> ranks;
  std::string simd;  // instruction sets in use, several joined by +
};

/// Where the ranks run.
struct Machine {
  std::string host;                  // of rank 0
  int hosts = 1;                     // nodes with shared memory
  int ranks_on_host = 1;             // largest number of ranks on one of them
  int cores_per_rank = 1;            // available to the rank with the fewest
  std::vector<HostRanks> all_hosts;  // ordered by their first ranks
};
/// Describes the machine. Collective; the same result on all ranks.
Machine describe_machine(const mpi::Comm& comm);

/// Default number of OpenMP threads per rank: OMP_NUM_THREADS, else its share of the cores it may use.
int default_threads(const Machine& machine);

}  // namespace octopole::app
