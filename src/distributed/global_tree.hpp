// The collective steps of building the tree: count tree, partition, balance, ghost nodes, shared nodes.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "mpi/comm.hpp"
#include "tree/essential_tree.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Parts of the count tree per rank's share of the points: 32, or fewer (at least 1) so that the replicated
/// tree stays below about 2^20 leaves.
constexpr Index parts_per_rank(Index ranks) {
  constexpr Index most = 32, least = 1, in_all = Index{1} << 17;  // a part becomes up to 8 leaves
  return std::clamp(in_all / ranks, least, most);
}

/// Refines the count tree down to parts of about 1/parts_per_rank of a rank's share, but never below ncrit,
/// with one Allreduce of counts per round. `sources` and `targets` are this rank's codes, ascending.
/// Collective; the result is the same on every rank.
tree::CountTree count_globally(const mpi::Comm& comm, std::span<const morton::Code> sources,
                               std::span<const morton::Code> targets, Index ncrit, int max_level);

/// Divides the curve at leaf boundaries into one part per rank, of about equal weight. `leaves` tile this
/// rank's part of the curve. Only the splitters are replicated. Collective; the result is the same on every
/// rank and does not depend on how the leaves are distributed.
tree::Partition divide_by_weight(const mpi::Comm& comm, std::span<const tree::NodeKey> leaves,
                                 std::span<const Index> weights);

/// Returns the shared nodes that overlap this rank's part, with their points on all ranks counted by one
/// Allreduce. `sources` and `targets` are this rank's codes, ascending, from any part of the curve; together
/// the ranks have all points. Collective.
tree::SharedNodes count_shared(const mpi::Comm& comm, const tree::Partition& partition,
                               std::span<const morton::Code> sources, std::span<const morton::Code> targets);

/// Balances the tree over all ranks: applies two_to_one_closure to this rank's splits, sends splits in other
/// ranks' parts to these ranks, and returns all splits that overlap this rank's range, ascending. One
/// exchange, counted in `traffic`. Collective.
std::vector<tree::NodeKey> two_to_one_globally(const mpi::Comm& comm, const tree::Partition& partition,
                                               std::vector<tree::NodeKey> splits, Traffic& traffic);

/// Exchanges node records (counted in `traffic`) and builds this rank's locally essential tree. Collective.
tree::EssentialTree build_essential_tree(const mpi::Comm& comm, const tree::LocalPart& part,
                                         Traffic& traffic);

/// Makes every node that several ranks share count once: on the lowest rank that has targets in it.
class SharedOnce {
 public:
  /// Collective.
  SharedOnce(const mpi::Comm& comm, const tree::Partition& partition, const tree::EssentialTree& tree);
  /// Whether this rank counts the node, which must be in its tree and contain targets of this rank.
  bool counts_here(tree::NodeKey key) const;

 private:
  int rank_;
  std::vector<tree::NodeKey> keys_;
  std::vector<int> counting_;
};

/// Sets flags[node] of nodes that several ranks share to 1 if it is 1 on all ranks that have targets in the
/// node, else to 0. Collective.
void agree_on_shared(const mpi::Comm& comm, const tree::Partition& partition, const tree::EssentialTree& tree,
                     std::vector<std::uint8_t>& flags);

}  // namespace octopole::distributed
#pragma GCC visibility pop
