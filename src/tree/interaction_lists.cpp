#include "tree/interaction_lists.hpp"

#include <algorithm>

#include "base/threads.hpp"

namespace octopole::tree {
namespace {

using morton::adjacent;

// Neighbours of every node with targets, from those of its parent: level by level, without search.
std::vector<NodeIndex> find_neighbours(const EssentialTree& tree) {
  std::vector<NodeIndex> near(27 * tree.keys.size(), kNoNode);
  if (tree.size() > 0) near[13] = 0;
  for (int level = 1; level < tree.levels(); ++level) {
#pragma omp parallel for schedule(static)
    for (NodeIndex node = tree.level_begin[static_cast<std::size_t>(level)];
         node < tree.level_begin[static_cast<std::size_t>(level) + 1]; ++node) {
      if (!tree.has_target[at(node)]) continue;
      const NodeIndex* above = &near[27 * at(tree.parent[at(node)])];
      const auto& steps = morton::kNeighbourSteps[static_cast<std::size_t>(tree.keys[at(node)].octant())];
      for (std::size_t direction = 0; direction < 27; ++direction) {
        const NodeIndex cover = above[steps[direction].parent_direction];
        if (cover == kNoNode) continue;
        near[27 * at(node) + direction] =
            tree.leaf[at(cover)] ? cover : tree.children[8 * at(cover) + steps[direction].octant];
      }
    }
  }
  return near;
}

struct Finder {
  const EssentialTree& tree;
  const std::vector<NodeIndex>& near;

  bool same_level(NodeIndex a, NodeIndex b) const {
    return tree.anchors[at(a)].level == tree.anchors[at(b)].level;
  }
  bool touch(NodeIndex a, NodeIndex b) const { return adjacent(tree.anchors[at(a)], tree.anchors[at(b)]); }
  std::span<const NodeIndex> around(NodeIndex node) const { return {&near[27 * at(node)], 27}; }

  // Descends from an adjacent split node: adjacent leaves are in U, the first non-adjacent nodes in W.
  void descend(NodeIndex leaf, NodeIndex split, std::vector<NodeIndex>* u, std::vector<NodeIndex>* w) const {
    for (int octant = 0; octant < 8; ++octant) {
      const NodeIndex child = tree.children[8 * at(split) + static_cast<std::size_t>(octant)];
      if (child == kNoNode || !tree.has_source[at(child)]) continue;
      if (!touch(leaf, child)) {
        if (w) w->push_back(child);
      } else if (!tree.leaf[at(child)]) {
        descend(leaf, child, u, w);
      } else if (u) {
        u->push_back(child);
      }
    }
  }

  void near_leaf(NodeIndex leaf, std::vector<NodeIndex>* u, std::vector<NodeIndex>* w) const {
    for (NodeIndex other : around(leaf)) {
      if (other == kNoNode || !tree.has_source[at(other)]) continue;
      if (!tree.leaf[at(other)])
        descend(leaf, other, u, w);
      else if (u)
        u->push_back(other);  // a coarser leaf may occur in several directions
    }
  }

  void u(NodeIndex node, std::vector<NodeIndex>& found) const {
    if (tree.leaf[at(node)]) near_leaf(node, &found, nullptr);
  }
  void w(NodeIndex node, std::vector<NodeIndex>& found) const {
    if (tree.leaf[at(node)]) near_leaf(node, nullptr, &found);
  }
  void v(NodeIndex node, std::vector<NodeIndex>& found) const {
    const NodeIndex parent = tree.parent[at(node)];
    if (parent == kNoNode) return;
    for (NodeIndex other : around(parent)) {
      if (other == kNoNode || tree.leaf[at(other)]) continue;
      for (int octant = 0; octant < 8; ++octant) {
        const NodeIndex child = tree.children[8 * at(other) + static_cast<std::size_t>(octant)];
        if (child != kNoNode && tree.has_source[at(child)] && !touch(node, child)) found.push_back(child);
      }
    }
  }
  void x(NodeIndex node, std::vector<NodeIndex>& found) const {
    const NodeIndex parent = tree.parent[at(node)];
    if (parent == kNoNode) return;
    for (NodeIndex other : around(parent))
      if (other != kNoNode && tree.leaf[at(other)] && tree.has_source[at(other)] && !touch(node, other))
        found.push_back(other);
  }
};

// Finds rows node by node (distinct, or to be sorted and freed of duplicates), in parallel: each thread
// stores the rows of its block of nodes, which are then concatenated.
template <bool Distinct, class Find>
NodeLists collect(const EssentialTree& tree, Find&& find) {
  NodeLists lists;
  lists.offsets.assign(tree.keys.size() + 1, 0);
  std::vector<std::vector<NodeIndex>> blocks(static_cast<std::size_t>(max_threads()));
  ThreadErrors errors;
#pragma omp parallel
  errors.keep([&] {
    const NodeIndex threads = team_size(), me = thread_number();
    std::vector<NodeIndex>& block = blocks[static_cast<std::size_t>(me)];
    const auto bound = [&](Index t) {
      return static_cast<NodeIndex>(static_cast<Index>(tree.size()) * t / threads);
    };
    std::vector<NodeIndex> row;
    for (NodeIndex node = bound(me); node < bound(me + 1); ++node) {
      if (!tree.has_target[at(node)]) continue;
      row.clear();
      find(node, row);
      if constexpr (!Distinct) {
        std::sort(row.begin(), row.end());
        row.erase(std::unique(row.begin(), row.end()), row.end());
      }
      block.insert(block.end(), row.begin(), row.end());
      lists.offsets[at(node) + 1] = static_cast<Index>(row.size());
    }
  });
  errors.rethrow();
  for (std::size_t i = 1; i < lists.offsets.size(); ++i) lists.offsets[i] += lists.offsets[i - 1];
  lists.items.reserve(static_cast<std::size_t>(lists.offsets.back()));
  for (const auto& block : blocks) lists.items.insert(lists.items.end(), block.begin(), block.end());
  return lists;
}

}  // namespace

InteractionLists build_lists(const EssentialTree& tree) {
  InteractionLists lists;
  lists.near = find_neighbours(tree);
  const Finder finder{tree, lists.near};
  lists.u = collect<false>(tree, [&](NodeIndex node, auto& row) { finder.u(node, row); });
  lists.v = collect<true>(tree, [&](NodeIndex node, auto& row) { finder.v(node, row); });
  lists.w = collect<false>(tree, [&](NodeIndex node, auto& row) { finder.w(node, row); });
  lists.x = collect<false>(tree, [&](NodeIndex node, auto& row) { finder.x(node, row); });
  return lists;
}

OperatorLists choose_operator_lists(const EssentialTree& tree, const InteractionLists& lists,
                                    Index few_sources, Index few_targets) {
  const auto direct_source = [&](NodeIndex source) {
    return tree.leaf[at(source)] && tree.source_count[at(source)] <= few_sources;
  };
  const auto direct_target = [&](NodeIndex node) {
    return tree.leaf[at(node)] && tree.target_end[at(node)] - tree.target_begin[at(node)] <= few_targets;
  };
  const auto length = [](const NodeLists& list, NodeIndex node) {
    return static_cast<Index>(list.of(node).size());
  };
  OperatorLists chosen;
  chosen.m2p = make_rows(
      tree.size(), [&](NodeIndex node) { return length(lists.w, node); },
      [&](NodeIndex node, NodeIndex* out) {
        const auto w = lists.w.of(node);
        return std::copy_if(w.begin(), w.end(), out, [&](NodeIndex other) { return !direct_source(other); });
      });
  chosen.p2l = make_rows(
      tree.size(), [&](NodeIndex node) { return direct_target(node) ? 0 : length(lists.x, node); },
      [&](NodeIndex node, NodeIndex* out) {
        if (direct_target(node)) return out;
        const auto x = lists.x.of(node);
        return std::copy(x.begin(), x.end(), out);
      });
  chosen.p2p = make_rows(
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
  return chosen;
}

}  // namespace octopole::tree
