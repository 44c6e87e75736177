// The collective steps of building the tree: balance across ranks and ghost nodes.
#pragma once

#include <vector>

#include "base/traffic.hpp"
#include "mpi/comm.hpp"
#include "tree/essential_tree.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Balances the tree over all ranks: applies balance_closure to this rank's splits, sends splits in other
/// ranks' parts to these ranks, and returns all splits that overlap this rank's range, ascending. One
/// exchange, counted in `traffic`. Collective.
std::vector<tree::NodeKey> balance_globally(const mpi::Comm& comm, const tree::Partition& partition,
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
