// What a run on many ranks would hold, compute and send, counted by one process from the set-up's own
// functions: the trees of virtual ranks, one after the other.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cost/memory.hpp"
#include "cost/memory_estimate.hpp"
#include "cost/work.hpp"
#include "fmm/communication.hpp"
#include "octopole/options.hpp"
#include "tree/point_counts.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Where the callers hold their points: where they are owned, so that charges and results stay; or anywhere,
/// so that every rank's block of N / P points is a random part of the cloud.
enum class Callers { owners, scattered };
std::string_view callers_name(Callers callers);  // "owners", "scattered"

/// The codes of all points in the callers' order, rank after rank, and the first of each rank's (ranks + 1).
struct ListedPoints {
  std::span<const morton::Code> codes;
  std::vector<Index> bounds;
};

struct PlanRequest {
  const tree::PointCounts& points;
  Parameters parameters;  // with the n_crit that the tree is made with
  int ranks = 1;
  int threads = 1;
  Callers callers = Callers::owners;
  std::optional<ListedPoints> sources =
      std::nullopt;  // instead of `callers`, of both where targets are distinct
  std::optional<ListedPoints> targets = std::nullopt;
  int sample = 0;  // look at so many ranks at most; 0: at all
};

/// One rank of the plan.
struct RankPlan {
  int rank = 0;
  Index sources = 0, targets = 0;  // owned
  Index leaves = 0;                // of its part, complete
  Index nodes = 0;                 // of its locally essential tree
  Index ghost_nodes = 0;           // of these, nodes that are outside its part
  Index ghost_sources = 0;
  WorkCounts work;
  double near_inside = 0;  // pairs of P2P that do not wait for ghosts
  RankTraffic traffic;     // of the evaluation; of the set-up, requests and ghost coordinates alone
  /// Shared ancestors' children by level, each a step that waits for the one before.
  std::vector<std::pair<int, TrafficCounts>> ancestor_steps;
  RankMemory memory;
  /// What the rank is expected to hold at most at a time, as set_points estimates it before it asks for
  /// ghosts; callers that are not the owners have equal shares of the points.
  MemoryEstimate estimate;
};

struct Plan {
  Parameters parameters;
  tree::Count points;
  bool same = true;  // the targets are the sources
  int ranks = 1, threads = 1;
  bool moved = false;               // the partition is by work
  ReplicatedBytes replicated;       // on every rank
  std::vector<RankPlan> looked_at;  // ascending ranks; all, unless a sample was asked for
  bool complete() const { return static_cast<int>(looked_at.size()) == ranks; }
};

/// Plans the run. With all ranks looked at, every number equals that of a real run with the same points,
/// parameters (rates included, which balance by work depends on) and threads. A sample has the ranks that own
/// nodes of the coarsest level, half of it at most, and others at even distances; by work its partition is
/// that of groups of four consecutive ranks that have equal numbers of points; what a rank sends follows from
/// its own lists, because U and V are symmetric and X is W seen from the other side, which needs targets that
/// are the sources; where L2L ends in shared nodes is what the sample shows. Threaded over ranks. Throws
/// Error for a sample with distinct targets.
Plan make_plan(const PlanRequest& request);

/// The ranks that a sample of `size` looks at, ascending.
std::vector<int> sample_ranks(const tree::Partition& partition, int size);

}  // namespace octopole
#pragma GCC visibility pop
