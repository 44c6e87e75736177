// Interaction lists of the adaptive tree (Ying, Biros and Zorin 2004), the operator for each of their pairs,
// and the ghosts that they name.
#pragma once

#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "tree/essential_tree.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// Compressed rows: the list of node i is items[offsets[i] .. offsets[i + 1]), ascending (those of V by
/// direction, then octant).
struct NodeLists {
  std::vector<Index> offsets;  // (nodes + 1)
  std::vector<NodeIndex> items;
  std::span<const NodeIndex> of(NodeIndex node) const {
    return {items.data() + offsets[static_cast<std::size_t>(node)],
            items.data() + offsets[static_cast<std::size_t>(node) + 1]};
  }
  /// Length of a node's list, also after release_items().
  Index length(NodeIndex node) const {
    return offsets[static_cast<std::size_t>(node) + 1] - offsets[static_cast<std::size_t>(node)];
  }
  /// Frees the memory of the items; the lengths remain.
  void release_items() { release(items); }
};

/// Lists of a node t with targets of this rank; all nodes in them have sources:
///   U (t a leaf): adjacent leaves of any level, t included.
///   V: children of neighbours of the parent of t that are not adjacent to t.
///   W (t a leaf): descendants of t's same-level neighbours that are not adjacent to t, but whose parent is.
///   X: leaves whose W list would contain t.
/// Other nodes have empty lists. near: same-level neighbour by direction ((dx + 1) + 3 (dy + 1) + 9 (dz +
/// 1)), or the leaf that covers it, or kNoNode if the tree has neither (no sources, or outside the domain).
struct InteractionLists {
  std::vector<NodeIndex> near;  // (nodes, 27)
  NodeLists u, v, w, x;
};

InteractionLists build_lists(const EssentialTree& tree);

/// The pairs of the U, W and X lists by operator. If both nodes of a W or X pair are leaves and the one that
/// would be represented by a surface has few points, the pair is summed directly: P2P costs sources x
/// targets, M2P surface points x targets, P2L sources x check points. Every pair is in exactly one list,
/// which depends only on the numbers of points.
struct OperatorLists {
  NodeLists p2p;  // leaves: U, and leaves of W and X that are summed directly
  NodeLists m2p;  // leaves: the rest of W
  NodeLists p2l;  // nodes: the rest of X
};

/// Source leaves with at most `few_sources` points use P2P instead of M2P, target leaves with at most
/// `few_targets` instead of P2L; 0 and 0 keep M2P for all of W and P2L for all of X.
OperatorLists choose_operator_lists(const EssentialTree& tree, const InteractionLists& lists,
                                    Index few_sources, Index few_targets);

/// Makes rows of at most bound(node) entries, written by fill(node, begin) -> end; gaps between rows are
/// removed.
template <class Bound, class Fill>
NodeLists make_rows(NodeIndex nodes, const Bound& bound, const Fill& fill) {
  NodeLists lists;
  lists.offsets.assign(at(nodes) + 1, 0);
  for (NodeIndex node = 0; node < nodes; ++node)
    lists.offsets[at(node) + 1] = lists.offsets[at(node)] + bound(node);
  lists.items.resize(static_cast<std::size_t>(lists.offsets.back()));
  NodeIndex* out = lists.items.data();
  for (NodeIndex node = 0; node < nodes; ++node) {
    lists.offsets[at(node)] = out - lists.items.data();
    out = fill(node, out);
  }
  lists.offsets[at(nodes)] = out - lists.items.data();
  lists.items.resize(static_cast<std::size_t>(lists.offsets.back()));
  lists.items.shrink_to_fit();
  return lists;
}

// ---- ghosts: which multipoles and sources of other ranks the lists name, and by which exchange a rank
// receives them.

/// The coarsest level whose nodes have multipoles and locals: coarser nodes have empty V, W and X lists.
inline constexpr int kFirstLevel = 2;

/// How multipoles are sent between ranks.
struct MultipoleRule {
  /// A node is coarse if more than this number of ranks overlap the 3 x 3 x 3 nodes around its parent, which
  /// contain its users (V lists). Multipoles of coarse nodes are sent to all ranks by one collective, others
  /// to their users only.
  Index allgather_threshold = 0;
  /// Whether M2L works in single precision and everything else in double: multipoles that only M2L needs are
  /// then sent as floats, to which M2L would round them anyway.
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
