// The collective steps of building the tree: balance across ranks and ghost nodes.
#pragma once

#include <vector>

#include "octopole/base/traffic.hpp"
#include "octopole/mpi/comm.hpp"
#include "octopole/tree/essential.hpp"

namespace octopole::parallel {

/// Balances the tree over all ranks: closes this rank's splits, sends what falls into other ranks' parts to
/// them, and returns all splits that overlap this rank's range, ascending. One exchange, counted in
/// `traffic`. Collective.
std::vector<tree::NodeKey> balance_globally(const mpi::Comm& comm, const tree::CountTree& coarse,
                                            const tree::Partition& partition,
                                            std::vector<tree::NodeKey> splits, Traffic& traffic);

/// Exchanges node records (counted in `traffic`) and builds this rank's locally essential tree. Collective.
tree::EssentialTree build_essential_tree(const mpi::Comm& comm, const tree::LocalPart& part,
                                         Traffic& traffic);

}  // namespace octopole::parallel
