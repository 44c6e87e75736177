// Construction of lists row by row.
#pragma once

#include "tree/lists.hpp"

namespace octopole::tree {

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
