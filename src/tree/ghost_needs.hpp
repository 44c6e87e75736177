// Which multipoles and sources of other ranks a rank needs, and by which exchange it receives them.
#pragma once

#include <vector>

#include "tree/interaction_lists.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The coarsest level whose nodes have multipoles and locals: coarser nodes have empty V, W and X lists.
inline constexpr int kFirstLevel = 2;

/// How multipoles are sent between ranks.
struct MultipoleRule {
  /// A node is coarse if more than this number of ranks overlap the 3 x 3 x 3 nodes around its parent, which
  /// contain its users (V lists). Multipoles of coarse nodes are sent to all ranks by one collective, others
  /// to their users only.
  Index allgather_threshold = 0;
  /// Whether M2L works in single precision and all else in double: multipoles that only M2L needs are then
  /// sent as floats, to which M2L would round them anyway.
  bool float_wire = false;
};

/// The default of allgather_threshold for multipoles of `row_bytes` bytes: max(24, P sqrt(x / (1 + x)) / 6)
/// with x = row_bytes / kMessageBytes. From one level to the next, nodes are 8 times as many and have 8 times
/// fewer users: an owner sends at most this number of messages, and the number of records that all ranks
/// receive is proportional to P divided by it. All ranks of a compute node receive them through one network
/// interface, and every rank keeps a copy; so it is their number, not that of messages, that must not grow
/// with P.
Index default_allgather_threshold(int ranks, Index row_bytes);

/// Overhead of a message on a rank, in equivalent bytes: 1 us at 10 GB/s.
inline constexpr Index kMessageBytes = 10000;

/// An upper bound of the number of ranks that overlap the 3 x 3 x 3 nodes around `node`: all from the first
/// to the last holder of each of these, including ranks whose part of the curve is empty.
Index count_ranks_around(const Partition& partition, NodeKey node);

/// Flags of the coarse nodes of the tree: functions of key and partition, so that all ranks agree. From
/// kFirstLevel on, descendants of a node that is not coarse are not coarse. All 0 if allgather_threshold >=
/// ranks.
std::vector<std::uint8_t> find_coarse(const EssentialTree& tree, const Partition& partition,
                                      Index allgather_threshold);

/// Nodes of other ranks in this rank's lists, ascending by owner, then key.
struct GhostNeeds {
  std::vector<NodeIndex> multipoles;  // in V and M2P lists; with MultipoleRule::float_wire in V lists only
  std::vector<NodeIndex>
      double_wire;                 // with MultipoleRule::float_wire in M2P lists, which are sent in double
  std::vector<NodeIndex> coarse;   // as `multipoles`, of coarse nodes: received by the collective
  std::vector<NodeIndex> sources;  // leaves: in P2P and P2L lists
};

/// Nodes of other ranks that `rank` needs, each in at most one of multipoles, double_wire and coarse.
/// `coarse` is the result of find_coarse.
GhostNeeds find_ghost_needs(const EssentialTree& tree, int rank, const NodeLists& v,
                            const OperatorLists& operator_lists, const std::vector<std::uint8_t>& coarse,
                            bool float_wire);

/// The coarse nodes with sources that `rank` owns, ascending: its contribution to the collective.
std::vector<NodeIndex> own_coarse_nodes(const EssentialTree& tree, int rank,
                                        const std::vector<std::uint8_t>& coarse);

}  // namespace octopole::tree
#pragma GCC visibility pop
