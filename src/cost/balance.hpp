// The partition by work: leaves weighed by what their part of an evaluation costs, counted and never timed.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cost/work.hpp"
#include "mpi/comm.hpp"
#include "tree/splitters.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// How the points were divided among the ranks.
struct Balance {
  bool moved = false;    // a second partition replaced the one by points
  WorkCounts by_points;  // of this rank's part under the partition by points; where one was weighed
  WorkCounts
      predicted;  // of this rank's part under the partition in use: see owned_work; where one was weighed
  Index count_tree_bytes = 0;  // replicated while the set-up lasted
};

/// The work that is one rank's alone: everything but the downward work of nodes that several ranks share,
/// which each of them does, and families_in.
WorkCounts owned_work(std::span<const WorkCounts> by_node, const tree::EssentialTree& tree,
                      const tree::Partition& partition);

/// P2M and M2M of a node, which its owner does alone, and all the rest.
WorkCounts upward_part(const WorkCounts& counts);
WorkCounts downward_part(const WorkCounts& counts);

/// Seconds of one thread that each leaf stands for: `leaves` tile the range of lists.rank along the curve.
/// Nodes count at their first leaf in the range, and transforms of families are spread evenly over the
/// families that need them.
std::vector<double> leaf_seconds(const RankLists& lists, tree::CodeRange range,
                                 std::span<const tree::NodeKey> leaves, std::span<const WorkCounts> by_node,
                                 double families_in, const Parameters& parameters, bool same);

/// Whole numbers in the ratio of the seconds, such that `ranks` times the sum of `largest` fits in 62 bits:
/// sums of them are exact in any order.
std::vector<Index> whole_weights(std::span<const double> seconds, double largest, int ranks);

/// Looks for a better partition than `partition`, of whose parts `lists` and `leaves` are this rank's.
/// Returns it where the heaviest part becomes lighter by at least kWorthMoving. Collective.
inline constexpr double kWorthMoving = 0.02;
std::optional<tree::Partition> divide_by_work(const mpi::Comm& comm, const RankLists& lists,
                                              const WorkLists& work, const tree::Partition& partition,
                                              std::span<const tree::NodeKey> leaves,
                                              const Parameters& parameters, bool same, Balance& balance);

}  // namespace octopole
#pragma GCC visibility pop
