// The cost of a leaf: its seconds, where direct sums are cheaper, and leaves that hold too many points.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cost/operation_counts.hpp"
#include "mpi/comm.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The code at which a node's operations are counted: the first of its codes in the range.
morton::Code place_of(tree::NodeKey node, tree::CodeRange range);

/// Predicted seconds of one thread per leaf; `leaves` tile the range of lists.rank along the curve. The work
/// of a node is counted at its first leaf in the range; forward transforms of families are divided evenly
/// among the families that need them.
std::vector<double> leaf_seconds(const RankLists& lists, tree::CodeRange range,
                                 std::span<const tree::NodeKey> leaves,
                                 std::span<const OperationCounts> by_node, double families_in,
                                 const Parameters& parameters, bool targets_are_sources);

/// Maximum number of points of a leaf for which its W and X pairs are summed directly: the number that P2P
/// sums, by the throughput, in the time of M2P with `surface` points.
Index direct_points(const Parameters& parameters, Index surface, bool targets_are_sources);

// Overfull leaves: those at the deepest level with more than n_crit points. Their number of pairs grows with
// the square of their number of points.

/// An evaluation is refused if overfull leaves take longer than kOverfullSeconds and more than kOverfullShare
/// times as long as everything else.
inline constexpr double kOverfullSeconds = 60, kOverfullShare = 100;
bool is_absurd(const OverfullLeaves& overfull);

/// "3 leaves at the maximum level 20 hold more than ncrit = 280 points, ...", with their cost.
std::string describe(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit);

/// Finds the overfull leaves and estimates their cost. `ends`: see make_operator_nodes; `own_sources`: the
/// ascending codes of this rank's sources. Collective.
OverfullLeaves find_overfull(const mpi::Comm& comm, const RankLists& lists,
                             std::span<const std::uint8_t> ends, const tree::Partition& partition,
                             std::span<const morton::Code> own_sources, Index ncrit,
                             const Parameters& parameters, bool targets_are_sources, int threads);

/// Throws AgreedError on all ranks if is_absurd, unless the parameters allow overfull leaves.
void refuse_absurd(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit);

}  // namespace octopole
#pragma GCC visibility pop
