// Load balance, the partition by work: leaves are weighted by the cost of their part of an evaluation,
// counted, not timed.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "cost/operation_counts.hpp"
#include "mpi/comm.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// How the points were divided among the ranks.
struct LoadBalanceResult {
  bool moved = false;  // a second partition replaced the one by points
  /// Of this rank, set by divide_by_work: all under the partition by points, and owned_operations under the
  /// partition in use.
  OperationCounts by_points, predicted;
  Index count_tree_bytes = 0;  // replicated on every rank during the set-up
};

/// The work that only one rank does: everything but families_in and the downward work of shared nodes, which
/// is repeated by each rank that shares them.
OperationCounts owned_operations(std::span<const OperationCounts> by_node, const tree::EssentialTree& tree,
                                 const tree::Partition& partition);

/// The parts of a node's counts: P2M and M2M, done only by its owner; and everything else.
OperationCounts upward_part(const OperationCounts& counts);
OperationCounts downward_part(const OperationCounts& counts);

/// Integer weights proportional to the seconds, scaled so that `ranks` times `largest`, the largest sum of
/// any rank, fits in 62 bits: their sums are exact in any order.
std::vector<Index> whole_weights(std::span<const double> seconds, double largest, int ranks);

/// Looks for a better partition than `partition`, under which `lists` and `leaves` are this rank's. Returns
/// it if it reduces the largest weight of any rank by more than the fraction kWorthMoving. Collective.
inline constexpr double kWorthMoving = 0.02;
std::optional<tree::Partition> divide_by_work(const mpi::Comm& comm, const RankLists& lists,
                                              const OperatorNodes& operator_nodes,
                                              const tree::Partition& partition,
                                              std::span<const tree::NodeKey> leaves,
                                              const Parameters& parameters, bool targets_are_sources,
                                              LoadBalanceResult& balance);

}  // namespace octopole
#pragma GCC visibility pop
