#include "octopole/tree/partners.hpp"

#include <algorithm>

namespace octopole::tree {
namespace {

// Rows of at most the lengths that `bound(node)` tells, filled by fill(node, begin) -> end and then closed
// up.
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

}  // namespace

Partners choose_partners(const EssentialTree& tree, const InteractionLists& lists, Index equivalent_points,
                         Index check_points) {
  const auto direct_source = [&](NodeIndex partner) {
    return tree.leaf[at(partner)] && tree.source_count[at(partner)] <= equivalent_points;
  };
  const auto direct_target = [&](NodeIndex node) {
    return tree.leaf[at(node)] && tree.target_end[at(node)] - tree.target_begin[at(node)] <= check_points;
  };
  const auto length = [](const NodeLists& list, NodeIndex node) {
    return static_cast<Index>(list.of(node).size());
  };
  Partners partners;
  partners.m2p = make_rows(
      tree.size(), [&](NodeIndex node) { return length(lists.w, node); },
      [&](NodeIndex node, NodeIndex* out) {
        const auto w = lists.w.of(node);
        return std::copy_if(w.begin(), w.end(), out, [&](NodeIndex other) { return !direct_source(other); });
      });
  partners.p2l = make_rows(
      tree.size(), [&](NodeIndex node) { return direct_target(node) ? 0 : length(lists.x, node); },
      [&](NodeIndex node, NodeIndex* out) {
        if (direct_target(node)) return out;
        const auto x = lists.x.of(node);
        return std::copy(x.begin(), x.end(), out);
      });
  partners.p2p = make_rows(
      tree.size(),
      [&](NodeIndex node) {
        return length(lists.u, node) + length(lists.w, node) +
               (direct_target(node) ? length(lists.x, node) : 0);
      },
      [&](NodeIndex node, NodeIndex* out) {
        NodeIndex* const begin = out;
        const auto u = lists.u.of(node), w = lists.w.of(node), x = lists.x.of(node);
        out = std::copy(u.begin(), u.end(), out);
        out = std::copy_if(w.begin(), w.end(), out, direct_source);
        if (direct_target(node)) out = std::copy(x.begin(), x.end(), out);
        std::sort(begin, out);
        return out;
      });
  return partners;
}

NearPairs pair_up(const EssentialTree& tree, const NodeLists& p2p, Index own_sources, Index ranges) {
  NearPairs pairs;
  std::vector<Index> work{0};  // pairs of points before each leaf
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (!p2p.of(node).empty()) pairs.leaves.push_back(node);
  std::sort(pairs.leaves.begin(), pairs.leaves.end(),
            [&](NodeIndex a, NodeIndex b) { return tree.target_begin[at(a)] < tree.target_begin[at(b)]; });
  for (const NodeIndex leaf : pairs.leaves) {
    Index around = 0;
    for (const NodeIndex other : p2p.of(leaf)) around += tree.source_count[at(other)];
    work.push_back(work.back() + around * (tree.target_end[at(leaf)] - tree.target_begin[at(leaf)]));
  }
  std::vector<std::int32_t> range_of(tree.keys.size(), -1), place(tree.keys.size(), -1);
  pairs.ranges.push_back(0);
  for (Index range = 0; range < ranges; ++range) {
    const double share = static_cast<double>(range + 1) / static_cast<double>(ranges);
    const auto bound = static_cast<Index>(share * static_cast<double>(work.back()));
    const Index end = range + 1 == ranges ? static_cast<Index>(pairs.leaves.size())
                                          : std::lower_bound(work.begin(), work.end(), bound) - work.begin();
    for (Index i = pairs.ranges.back(); i < end; ++i) {
      const NodeIndex leaf = pairs.leaves[static_cast<std::size_t>(i)];
      range_of[at(leaf)] = static_cast<std::int32_t>(range);
      place[at(leaf)] = static_cast<std::int32_t>(i);
    }
    pairs.ranges.push_back(std::max(end, pairs.ranges.back()));
  }
  const auto is_ghost = [&](NodeIndex other) { return tree.source_end[at(other)] > own_sources; };
  const auto both_ways = [&](NodeIndex leaf, NodeIndex other) {
    if (leaf == other || range_of[at(other)] != range_of[at(leaf)]) return false;
    const auto back = p2p.of(other);
    return std::binary_search(back.begin(), back.end(), leaf);
  };
  const auto select = [&](const auto& wanted) {
    return make_rows(
        tree.size(), [&](NodeIndex leaf) { return static_cast<Index>(p2p.of(leaf).size()); },
        [&](NodeIndex leaf, NodeIndex* out) {
          const auto row = p2p.of(leaf);
          return std::copy_if(row.begin(), row.end(), out,
                              [&](NodeIndex other) { return wanted(leaf, other); });
        });
  };
  pairs.ghosts = select([&](NodeIndex, NodeIndex other) { return is_ghost(other); });
  pairs.mutual = select([&](NodeIndex leaf, NodeIndex other) {
    return !is_ghost(other) && both_ways(leaf, other) && place[at(other)] > place[at(leaf)];
  });
  pairs.alone =
      select([&](NodeIndex leaf, NodeIndex other) { return !is_ghost(other) && !both_ways(leaf, other); });
  return pairs;
}

}  // namespace octopole::tree
