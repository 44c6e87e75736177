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
  /// Known also after the items were released.
  Index length(NodeIndex node) const {
    return offsets[static_cast<std::size_t>(node) + 1] - offsets[static_cast<std::size_t>(node)];
  }
  /// Gives back the items' memory; the lengths stay.
  void release_items() { release(items); }
};

/// For a node t with targets of this rank; partners always have sources:
///   U (leaves): adjacent leaves of any level, t included.
///   V (nodes): children of the parent's neighbours that are not adjacent to t.
///   W (leaves): nodes below t's same-level neighbours that are not adjacent to t, while their parent is.
///   X (nodes): leaves whose W list would hold t.
/// Other nodes have empty lists. near: same-level neighbour by direction ((dx + 1) + 3 (dy + 1) + 9 (dz +
/// 1)), or the leaf that covers its place, or kNoNode where there are no sources or the domain ends.
struct InteractionLists {
  std::vector<NodeIndex> near;  // (nodes, 27)
  NodeLists u, v, w, x;
};

InteractionLists build_lists(const EssentialTree& tree);

}  // namespace octopole::tree
#pragma GCC visibility pop
