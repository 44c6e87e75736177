// Affinity of ranks and threads, as set by the launcher and OpenMP.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mpi/comm.hpp"

namespace octopole::app {

/// Ranks with the same affinity (each on its own host), also of their threads.
struct BoundRanks {
  int first_rank = 0, ranks = 0;
  std::string cpus;                  // the system's numbers of hardware threads, such as 0-3,8
  std::vector<std::string> threads;  // the same for each OpenMP thread
};

struct Binding {
  std::vector<std::string> hosts;  // each once, in the order of their first ranks
  std::vector<BoundRanks> groups;  // in the order of their first ranks
  int cpus = 0;                    // available to the ranks, over all hosts, each counted once
  bool oversubscribed = false;     // some host has more threads than processors available to them
  std::string omp_proc_bind;       // false, true, master, close or spread
  std::string omp_places;          // empty where not set
};

/// Reads the affinity of every thread from the system; empty if it has none (other than Linux). Collective;
/// the result is on rank 0.
std::optional<Binding> read_binding(const mpi::Comm& comm);

}  // namespace octopole::app
