// The record of a run, one line of JSON for studies (docs/cluster.md), and the affinity of ranks and threads.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/report.hpp"
#include "mpi/comm.hpp"

namespace octopole::app {

/// Ranks with the same affinity (each on its own host), also of their threads.
struct BoundRanks {
  int first_rank = 0, ranks = 0;
  std::string cpus;                  // the system's numbers of hardware threads, such as 0-3,8
  std::vector<std::string> threads;  // the same for each OpenMP thread
};

/// Affinity of ranks and threads, as set by the launcher and OpenMP.
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

/// --record, and options for what only the user knows.
class RecordOptions {
 public:
  void add_to(CLI::App& parser);
  const std::string& file() const { return file_; }
  bool wanted() const { return !file_.empty(); }

  /// The line, without its newline.
  std::string line(const RunReport& report, const std::optional<Binding>& binding) const;

 private:
  std::string file_, study_, launcher_, kind_ = "measured";
};

}  // namespace octopole::app
