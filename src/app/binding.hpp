// Where ranks and their threads may run: what the launcher and OpenMP made of all their options.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mpi/comm.hpp"

namespace octopole::app {

/// Ranks that may use the same processors (each on its own host), and whose threads may, too.
struct BoundRanks {
  int first_rank = 0, ranks = 0;
  std::string cpus;                  // as in 0-3,8: the system's numbers of hardware threads
  std::vector<std::string> threads;  // the same for each OpenMP thread
};

struct Binding {
  std::vector<std::string> hosts;  // each once, in the order of their first ranks
  std::vector<BoundRanks> groups;  // in the order of their first ranks
  int cpus = 0;                    // that the ranks may use, over all hosts, each counted once
  bool oversubscribed = false;     // on some host there are more threads than processors for them
  std::string omp_proc_bind;       // false, true, master, close or spread
  std::string omp_places;          // empty where not set
};

/// Asks the system for the affinity of every thread; nothing where it has no such notion (other than Linux).
/// Collective; the answer is on rank 0.
std::optional<Binding> read_binding(const mpi::Comm& comm);

}  // namespace octopole::app
