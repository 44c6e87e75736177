// Which multipoles and sources of other ranks a rank needs, and by which of the exchanges they come.
#pragma once

#include <vector>

#include "tree/partners.hpp"
#include "tree/splitters.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The coarsest level whose nodes have multipoles and locals: nodes above have no V, W or X partners.
inline constexpr int kFirstLevel = 2;

/// How multipoles travel between ranks.
struct MultipoleRule {
  /// A node is coarse where more than so many ranks lie within the 3 x 3 x 3 nodes around its parent, which
  /// is where its users are (V lists). Coarse nodes' multipoles go to all ranks at once, others to their
  /// users.
  Index coarse_users = 0;
  /// Whether M2L works in single precision and everything else in double: multipoles that M2L alone needs
  /// travel as floats then, which is what it would round them to.
  bool narrow = false;
};

/// The default of coarse_users for multipoles of `row_bytes` bytes: max(24, P sqrt(x / (1 + x)) / 6) with x =
/// row_bytes / kMessageBytes. From one level to the next nodes have 8 times fewer users, and there are 8
/// times more of them: an owner sends at most so many messages, and the records that all ranks receive are in
/// proportion to P divided by this number. They reach every rank of a node through one network interface and
/// are copied on every rank, so that they, not the messages, must not grow with P.
Index default_coarse_users(int ranks, Index row_bytes);

/// What a message costs a rank beyond its bytes, in bytes: 1 us at 10 GB/s.
inline constexpr Index kMessageBytes = 10000;

/// An upper bound of the number of ranks that overlap the 3 x 3 x 3 nodes around `node`: from the first to
/// the last holder of each of these, ranks without a part of the curve between them included.
Index count_ranks_around(const Partition& partition, NodeKey node);

/// Whether each node of the tree is coarse: a function of its key and the partition, so that all ranks agree.
/// Where a node is not coarse, nothing below it is. All false where coarse_users >= ranks.
std::vector<std::uint8_t> find_coarse(const EssentialTree& tree, const Partition& partition,
                                      Index coarse_users);

/// Nodes that this rank's lists name and other ranks own, ascending by owner, then key.
struct GhostNeeds {
  std::vector<NodeIndex> multipoles;  // V lists and M2P partners; with MultipoleRule::narrow V lists alone
  std::vector<NodeIndex> wide;        // with MultipoleRule::narrow M2P partners, which travel in double
  std::vector<NodeIndex> coarse;      // as `multipoles`, of coarse nodes: they come by the collective
  std::vector<NodeIndex> sources;     // leaves: P2P and P2L partners
};

/// What rank `rank` needs of others, each node in one of multipoles, wide and coarse at most. `coarse` is
/// find_coarse's.
GhostNeeds find_ghost_needs(const EssentialTree& tree, int rank, const NodeLists& v, const Partners& partners,
                            const std::vector<std::uint8_t>& coarse, bool narrow);

/// The coarse nodes with sources that `rank` owns, ascending: what it puts into the collective.
std::vector<NodeIndex> own_coarse_nodes(const EssentialTree& tree, int rank,
                                        const std::vector<std::uint8_t>& coarse);

}  // namespace octopole::tree
#pragma GCC visibility pop
