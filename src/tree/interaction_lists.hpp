// Interaction lists of the adaptive tree (Ying, Biros and Zorin 2004), and the operator for each of their
// pairs.
#pragma once

#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "tree/essential_tree.hpp"

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

}  // namespace octopole::tree
#pragma GCC visibility pop
