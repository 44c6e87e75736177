#include "tree/interaction_lists.hpp"

#include <algorithm>
#include <cmath>

#include "base/pages.hpp"
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

// Rows of one thread, in pieces that are not copied as their number grows.
class RowPieces {
 public:
  void append(std::span<const NodeIndex> row) {
    while (!row.empty()) {
      if (room_ == 0) {
        pieces_.emplace_back(kPiece * sizeof(NodeIndex));
        room_ = kPiece;
      }
      const std::size_t count = std::min(room_, row.size());
      std::copy_n(row.data(), count, items(pieces_.back()) + (kPiece - room_));
      room_ -= count;
      row = row.subspan(count);
    }
  }
  // Appends all rows to `all`, and releases each piece as it is copied.
  void move_to(std::vector<NodeIndex>& all) {
    for (Pages& piece : pieces_) {
      const NodeIndex* const from = items(piece);
      all.insert(all.end(), from, from + (&piece == &pieces_.back() ? kPiece - room_ : kPiece));
      piece = Pages();
    }
    pieces_.clear();
    room_ = 0;
  }

 private:
  static constexpr std::size_t kPiece = std::size_t{1} << 18;  // 1 MiB
  static NodeIndex* items(const Pages& piece) { return static_cast<NodeIndex*>(piece.data()); }

  std::vector<Pages> pieces_;
  std::size_t room_ = 0;  // left in the last piece
};

// Finds rows node by node (distinct, or to be sorted and freed of duplicates), in parallel: each thread
// stores the rows of its block of nodes, which are then concatenated.
template <bool Distinct, class Find>
NodeLists collect(const EssentialTree& tree, Find&& find) {
  NodeLists lists;
  lists.offsets.assign(tree.keys.size() + 1, 0);
  std::vector<RowPieces> blocks(static_cast<std::size_t>(max_threads()));
  ThreadErrors errors;
#pragma omp parallel
  errors.keep([&] {
    const NodeIndex threads = team_size(), me = thread_number();
    RowPieces& block = blocks[static_cast<std::size_t>(me)];
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
      block.append(row);
      lists.offsets[at(node) + 1] = static_cast<Index>(row.size());
    }
  });
  errors.rethrow();
  for (std::size_t i = 1; i < lists.offsets.size(); ++i) lists.offsets[i] += lists.offsets[i - 1];
  lists.items.reserve(static_cast<std::size_t>(lists.offsets.back()));
  for (RowPieces& block : blocks) block.move_to(lists.items);
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

// ---- ghosts.

namespace {

// Flags of the nodes of other ranks that occur in the lists.
std::vector<std::uint8_t> named_by(const EssentialTree& tree, int rank, const NodeLists& lists) {
  std::vector<std::uint8_t> named(tree.keys.size(), 0);
  for (const NodeIndex node : lists.items)
    if (tree.owner[at(node)] != rank) named[at(node)] = 1;
  return named;
}

template <class Wanted>
std::vector<NodeIndex> by_owner(const EssentialTree& tree, Wanted&& wanted) {
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (wanted(at(node))) nodes.push_back(node);
  std::stable_sort(nodes.begin(), nodes.end(),
                   [&](NodeIndex x, NodeIndex y) { return tree.owner[at(x)] < tree.owner[at(y)]; });
  return nodes;
}

}  // namespace

Index default_allgather_threshold(int ranks, Index row_bytes) {
  const double x = static_cast<double>(row_bytes) / static_cast<double>(kMessageBytes);
  return std::max<Index>(24, std::llround(ranks * std::sqrt(x / (1 + x)) / 6));
}

Index count_ranks_around(const Partition& partition, NodeKey node) {
  std::vector<std::pair<int, int>> holders;
  for (int direction = 0; direction < 27; ++direction)
    if (const auto near = node.neighbour(direction)) holders.push_back(partition.holders(*near));
  std::sort(holders.begin(), holders.end());
  Index count = 0;
  int next = 0;  // ranks below it are already counted, or not around the node
  for (const auto& [first, last] : holders) {
    count += std::max(0, last + 1 - std::max(first, next));
    next = std::max(next, last + 1);
  }
  return count;
}

std::vector<std::uint8_t> find_coarse(const EssentialTree& tree, const Partition& partition,
                                      Index allgather_threshold) {
  std::vector<std::uint8_t> coarse(tree.keys.size(), 0), crowded(tree.keys.size(), 0);
  if (allgather_threshold >= partition.ranks()) return coarse;
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const NodeIndex parent = tree.parent[at(node)];
    const bool below_crowded = parent == kNoNode || crowded[at(parent)];
    if (!below_crowded) continue;
    coarse[at(node)] = tree.anchors[at(node)].level >= kFirstLevel;
    crowded[at(node)] =
        !tree.leaf[at(node)] && count_ranks_around(partition, tree.keys[at(node)]) > allgather_threshold;
  }
  return coarse;
}

GhostNeeds find_ghost_needs(const EssentialTree& tree, int rank, const NodeLists& v,
                            const OperatorLists& operator_lists, const std::vector<std::uint8_t>& coarse,
                            bool float_wire) {
  const auto by_v = named_by(tree, rank, v), by_m2p = named_by(tree, rank, operator_lists.m2p);
  const auto ordinary = [&](std::size_t node) {
    return float_wire ? by_v[node] && !by_m2p[node] : by_v[node] || by_m2p[node];
  };
  GhostNeeds needs;
  needs.multipoles = by_owner(tree, [&](std::size_t node) { return ordinary(node) && !coarse[node]; });
  needs.coarse = by_owner(tree, [&](std::size_t node) { return ordinary(node) && coarse[node]; });
  if (float_wire) needs.double_wire = by_owner(tree, [&](std::size_t node) { return by_m2p[node]; });
  const auto by_p2p = named_by(tree, rank, operator_lists.p2p),
             by_p2l = named_by(tree, rank, operator_lists.p2l);
  needs.sources = by_owner(tree, [&](std::size_t node) { return by_p2p[node] || by_p2l[node]; });
  return needs;
}

std::vector<NodeIndex> own_coarse_nodes(const EssentialTree& tree, int rank,
                                        const std::vector<std::uint8_t>& coarse) {
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (coarse[at(node)] && tree.has_source[at(node)] && tree.owner[at(node)] == rank) nodes.push_back(node);
  return nodes;
}

}  // namespace octopole::tree
