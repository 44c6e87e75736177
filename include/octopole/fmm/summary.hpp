// What a run was and did, over all ranks: the content of the program's table and report.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "octopole/base/profile.hpp"
#include "octopole/fmm/communication.hpp"
#include "octopole/fmm/memory.hpp"
#include "octopole/fmm/memory_estimate.hpp"
#include "octopole/fmm/options.hpp"
#include "octopole/fmm/overfull.hpp"
#include "octopole/fmm/tuning.hpp"
#include "octopole/fmm/work.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Mean over the leaves (U, W) or nodes (V, X) that have targets, and the largest; only partners that have
/// sources count.
struct ListSize {
  double mean = 0;
  Index max = 0;
};

struct TreeSummary {
  Index leaves = 0;  // of the complete tree, empty ones included
  Index nodes = 0;
  Index occupied_leaves = 0;  // with a source or a target
  int levels = 0;             // 1 where the root is the only node
  Index largest_leaf = 0;     // most sources or targets in a leaf
  Index overfull_leaves = 0;  // more than n_crit points at the maximum level
  ListSize u, v, w, x;
  std::uint64_t hash = 0;  // of all leaves, equal whatever the number of ranks
};

/// Largest over mean of the ranks: 1 where all are equal, and where there is nothing.
struct Imbalance {
  std::array<double, kPhases> phases;
  double total = 1;  // of the eight operators together
  Imbalance() { phases.fill(1); }
};

/// How evenly the ranks share the evaluation of the potential. Work is counted, and weighed with the rates.
struct BalanceSummary {
  bool moved = false;   // a partition by work took the place of the one by points
  Imbalance by_points;  // work, under the partition by points
  Imbalance work;       // work, under the partition in use
  Imbalance seconds;    // of the last evaluation; waiting is in none but the exchange
  double repeated = 0;  // share of the work that others do, too, because they hold parts of the same nodes
};

struct Summary {
  Parameters parameters;  // n_crit and padding as they were chosen
  Index sources = 0, targets = 0;
  bool targets_are_sources = false;
  int ranks = 1, threads = 1;
  Tuning tuning;
  TreeSummary tree;
  MinMeanMax setup_seconds;                            // set_points: tree, lists, ghosts
  std::array<MinMeanMax, kSetupStages> stage_seconds;  // of it
  MinMeanMax operators_seconds;                        // reading or computing the operators
  MinMeanMax evaluate_seconds;                         // the last evaluate
  std::array<MinMeanMax, kPhases> phase_seconds;
  Work work{};                         // of one evaluation, all ranks together
  CommunicationSummary communication;  // of the set-up and the last evaluate
  BalanceSummary balance;
  ReplicatedBytes replicated;
  OverfullLeaves overfull;
  MemoryEstimate memory_estimate;   // of the rank with the largest peak(); where set_points checked it
  Index memory_estimate_total = 0;  // peak() of all ranks
  Index peak_rss_bytes_max = 0, peak_rss_bytes_total = 0;
  std::string operators_note;  // where the operators came from
};

}  // namespace octopole
#pragma GCC visibility pop
