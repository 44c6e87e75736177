// MPI for the life of the program, and the machine that it runs on.
#pragma once

#include <string>
#include <vector>

#include "mpi/comm.hpp"

namespace octopole::app {

/// Initialises MPI (MPI_THREAD_FUNNELED) and finalises it.
class MpiSession {
 public:
  MpiSession(int* argc, char*** argv);
  ~MpiSession();
  MpiSession(const MpiSession&) = delete;
  MpiSession& operator=(const MpiSession&) = delete;
};

/// A node with shared memory, and the ranks on it.
struct HostRanks {
  std::string name;  // as it calls itself; several may have the same
  std::vector<int> ranks;
  std::string simd;  // instruction sets in use there, more than one joined by +
};

/// Where the ranks run.
struct Machine {
  std::string host;                  // of rank 0
  int hosts = 1;                     // nodes with shared memory
  int ranks_on_host = 1;             // largest number of ranks on one of them
  int cores_per_rank = 1;            // that the system lets the least favoured rank use
  std::vector<HostRanks> all_hosts;  // by their first ranks
};
/// Collective; the same on all ranks.
Machine describe_machine(const mpi::Comm& comm);

/// OpenMP threads a rank gets when nobody says otherwise: its share of the cores it may use. Collective.
int default_threads(const Machine& machine);

}  // namespace octopole::app
