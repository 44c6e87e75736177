// Interaction lists of the adaptive tree (Ying, Biros and Zorin 2004).
#pragma once

#include <vector>

#include "base/release.hpp"
#include "tree/essential.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// Compressed rows: the partners of node i are items[offsets[i] .. offsets[i + 1]), ascending (those of V by
/// direction, then octant).
struct NodeLists {
  std::vector<Index> offsets;  // (nodes + 1)
  std::vector<NodeIndex> items;
  std::span<const NodeIndex> of(NodeIndex node) const {
    return {items.data() + offsets[static_cast<std::size_t>(node)],
            items.data() + offsets[static_cast<std::size_t>(node) + 1]};
  }
  /// Number of partners, also after release_items().
  Index length(NodeIndex node) const {
    return offsets[static_cast<std::size_t>(node) + 1] - offsets[static_cast<std::size_t>(node)];
  }
  /// Frees the memory of the items; the lengths remain.
  void release_items() { release(items); }
};

/// Lists of a node t with targets of this rank; all partners have sources:
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

}  // namespace octopole::tree
#pragma GCC visibility pop
