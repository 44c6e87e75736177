#include "tree/near_pairs.hpp"

#include <algorithm>

namespace octopole::tree {
namespace {

bool is_before(const EssentialTree& tree, NodeIndex a, NodeIndex b) {
  return tree.keys[at(a)].first_code() < tree.keys[at(b)].first_code();
}

void sort_along_curve(const EssentialTree& tree, std::vector<NodeIndex>& leaves) {
  std::sort(leaves.begin(), leaves.end(), [&](NodeIndex a, NodeIndex b) { return is_before(tree, a, b); });
}

/// Bounds of ranges of about equal work; `work` is per leaf.
std::vector<Index> divide_leaves(std::span<const Index> work, Index ranges) {
  std::vector<Index> before(1, 0);
  for (const Index w : work) before.push_back(before.back() + w);
  std::vector<Index> bounds(1, 0);
  for (Index range = 0; range < ranges; ++range) {
    const double share = static_cast<double>(range + 1) / static_cast<double>(ranges);
    const auto bound = static_cast<Index>(share * static_cast<double>(before.back()));
    const Index end = range + 1 == ranges
                          ? static_cast<Index>(work.size())
                          : std::lower_bound(before.begin(), before.end(), bound) - before.begin();
    bounds.push_back(std::max(end, bounds.back()));
  }
  return bounds;
}

/// Classifies the leaves in the lists of leaves of this rank.
struct Kinds : NearLists {
  explicit Kinds(const NearLists& lists) : NearLists(lists) {}

  bool is_ghost(NodeIndex node) const { return tree.source_end[at(node)] > own_sources; }
  bool is_symmetric(NodeIndex leaf, NodeIndex other) const {
    return leaf != other && (symmetric || morton::adjacent(tree.anchors[at(leaf)], tree.anchors[at(other)]));
  }
  /// Whether a symmetric pair is in the leaf's row, otherwise in the other one's. The first leaf along the
  /// curve decides.
  bool in_row(NodeIndex leaf, NodeIndex other) const {
    return is_before(tree, leaf, other) ? keeps_pairs(leaf) : !keeps_pairs(other);
  }
  /// Whether pairs with leaves after it along the curve are in the leaf's own row.
  bool keeps_pairs(NodeIndex leaf) const {
    constexpr int kSquare = 2;  // levels up: blocks of 4 x 4 x 4 leaves
    const morton::Anchor& anchor = tree.anchors[at(leaf)];
    return (((anchor.x >> kSquare) + (anchor.y >> kSquare) + (anchor.z >> kSquare)) & 1) == 0;
  }
  /// Whether the whole row waits for ghosts.
  bool waits(NodeIndex leaf) const {
    const auto row = p2p.of(leaf);
    return whole_rows && std::any_of(row.begin(), row.end(), [&](NodeIndex other) {
             return is_ghost(other) && is_symmetric(leaf, other) && in_row(leaf, other);
           });
  }
  Index points(NodeIndex leaf) const { return tree.source_count[at(leaf)]; }

  /// The leaves in lists for which wanted(leaf, other), along the curve.
  template <class Wanted>
  NodeLists select(const Wanted& wanted) const {
    return make_rows(
        tree.size(), [&](NodeIndex leaf) { return static_cast<Index>(p2p.of(leaf).size()); },
        [&](NodeIndex leaf, NodeIndex* out) {
          const auto row = p2p.of(leaf);
          NodeIndex* const end =
              std::copy_if(row.begin(), row.end(), out, [&](NodeIndex other) { return wanted(leaf, other); });
          std::sort(out, end, [&](NodeIndex a, NodeIndex b) { return is_before(tree, a, b); });
          return end;
        });
  }
  /// Calls f(leaf, ghost) for every symmetric pair across the border, in the order of leaf indices.
  template <class F>
  void for_each_border_pair(const F& f) const {
    for (NodeIndex leaf = 0; leaf < tree.size(); ++leaf)
      for (const NodeIndex other : p2p.of(leaf))
        if (is_ghost(other) && is_symmetric(leaf, other)) f(leaf, other);
  }
};

struct Task {
  std::vector<NodeIndex> rows;
  Index work = 0;  // pairs of points
  int round = 0;
};

/// Tasks by their ranges: that of the rows' leaves, then the others ascending.
using Tasks = std::map<std::vector<std::int32_t>, Task>;

/// Assigns tasks to rounds in which no range occurs twice, largest tasks first.
void find_rounds(std::vector<Tasks::value_type*>& tasks, std::size_t ranges) {
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto* a, const auto* b) { return a->second.work > b->second.work; });
  std::vector<std::vector<std::uint8_t>> busy;  // (rounds, ranges)
  for (auto* task : tasks) {
    const auto is_free = [&](const std::vector<std::uint8_t>& round) {
      return std::none_of(task->first.begin(), task->first.end(),
                          [&](std::int32_t range) { return round[static_cast<std::size_t>(range)] != 0; });
    };
    const auto round = std::find_if(busy.begin(), busy.end(), is_free) - busy.begin();
    if (round == std::ssize(busy)) busy.emplace_back(ranges, 0);
    for (const std::int32_t range : task->first)
      busy[static_cast<std::size_t>(round)][static_cast<std::size_t>(range)] = 1;
    task->second.round = static_cast<int>(round);
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto* a, const auto* b) { return a->second.round < b->second.round; });
}

/// Groups the rows by the ranges that contain their leaves.
Tasks divide_rows(const EssentialTree& tree, const NearPairs& pairs) {
  std::vector<std::int32_t> range_of(tree.keys.size(), -1);
  Tasks tasks;
  for (std::int32_t range = 0; range + 1 < std::ssize(pairs.ranges); ++range) {
    const auto r = static_cast<std::size_t>(range);
    if (pairs.ranges[r] < pairs.ranges[r + 1]) tasks[{range}];
    for (Index i = pairs.ranges[r]; i < pairs.ranges[r + 1]; ++i)
      range_of[at(pairs.leaves[static_cast<std::size_t>(i)])] = range;
  }
  std::vector<std::int32_t> met;
  Tasks::iterator task = tasks.end();
  for (const NodeIndex leaf : pairs.leaves) {
    Index work = 0;
    met.assign(1, range_of[at(leaf)]);
    for (const NodeIndex other : pairs.symmetric.of(leaf)) {
      work += tree.source_count[at(leaf)] * tree.source_count[at(other)];
      const std::int32_t range = range_of[at(other)];
      if (std::find(met.begin(), met.end(), range) == met.end()) met.push_back(range);
    }
    if (work == 0) continue;
    std::sort(met.begin() + 1, met.end());
    if (task == tasks.end() || task->first != met) task = tasks.try_emplace(met).first;
    task->second.rows.push_back(leaf);
    task->second.work += work;
  }
  return tasks;
}

/// Divides the leaves into ranges of about equal `work`, and the rows among tasks.
void make_tasks(const EssentialTree& tree, std::span<const Index> work, Index range_count, NearPairs& pairs) {
  pairs.ranges = divide_leaves(work, range_count);
  Tasks all = divide_rows(tree, pairs);
  std::vector<Tasks::value_type*> of_one, of_several;
  for (auto& task : all) (task.first.size() == 1 ? of_one : of_several).push_back(&task);
  find_rounds(of_several, pairs.ranges.size() - 1);
  pairs.task_range_begins.push_back(0);
  pairs.task_rows.push_back(0);
  for (const auto* tasks : {&of_one, &of_several})
    for (const auto* task : *tasks) {
      pairs.task_ranges.insert(pairs.task_ranges.end(), task->first.begin(), task->first.end());
      pairs.task_range_begins.push_back(std::ssize(pairs.task_ranges));
      pairs.row_leaves.insert(pairs.row_leaves.end(), task->second.rows.begin(), task->second.rows.end());
      pairs.task_rows.push_back(std::ssize(pairs.row_leaves));
    }
}

}  // namespace

NearPairs pair_up(const NearLists& lists, Index ranges) {
  const Kinds kinds(lists);
  const EssentialTree& tree = lists.tree;
  NearPairs pairs;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (!lists.p2p.of(node).empty()) pairs.leaves.push_back(node);
  sort_along_curve(tree, pairs.leaves);
  std::vector<char> waiting(tree.keys.size());
  for (const NodeIndex leaf : pairs.leaves) waiting[at(leaf)] = kinds.waits(leaf);
  pairs.symmetric = kinds.select([&](NodeIndex leaf, NodeIndex other) {
    return !waiting[at(leaf)] && !kinds.is_ghost(other) && kinds.is_symmetric(leaf, other) &&
           kinds.in_row(leaf, other);
  });
  pairs.one_sided = kinds.select([&](NodeIndex leaf, NodeIndex other) {
    return !kinds.is_ghost(other) && !kinds.is_symmetric(leaf, other);
  });
  std::vector<Index> work;
  for (const NodeIndex leaf : pairs.leaves) {
    Index around = 0;
    for (const NodeIndex other : lists.p2p.of(leaf)) around += kinds.points(other);
    work.push_back(around * kinds.points(leaf));
  }
  make_tasks(tree, work, ranges, pairs);
  return pairs;
}

BorderLeaves find_border_leaves(const NearLists& lists) {
  const Kinds kinds(lists);
  BorderLeaves border;
  kinds.for_each_border_pair([&](NodeIndex leaf, NodeIndex ghost) {
    const int rank = lists.tree.owner[at(ghost)];
    if (kinds.in_row(leaf, ghost))
      border.sent[rank].push_back(ghost);
    else
      border.received[rank].push_back(leaf);
  });
  for (auto* by_rank : {&border.sent, &border.received})
    for (auto& [rank, leaves] : *by_rank) {
      sort_along_curve(lists.tree, leaves);
      leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    }
  return border;
}

BorderPairs pair_up_border(const NearLists& lists, Index ranges) {
  const Kinds kinds(lists);
  const EssentialTree& tree = lists.tree;
  BorderPairs border;
  border.leaves = find_border_leaves(lists);
  border.one_sided = kinds.select([&](NodeIndex leaf, NodeIndex other) {
    return kinds.is_ghost(other) && !kinds.is_symmetric(leaf, other);
  });
  NearPairs& here = border.here;
  here.one_sided.offsets.assign(at(tree.size()) + 1, 0);
  std::vector<char> waiting(tree.keys.size());
  for (NodeIndex leaf = 0; leaf < tree.size(); ++leaf) waiting[at(leaf)] = kinds.waits(leaf);
  here.symmetric = kinds.select([&](NodeIndex leaf, NodeIndex other) {
    return (waiting[at(leaf)] || kinds.is_ghost(other)) && kinds.is_symmetric(leaf, other) &&
           kinds.in_row(leaf, other);
  });
  std::vector<Index> work(tree.keys.size(), 0);
  for (NodeIndex leaf = 0; leaf < tree.size(); ++leaf)
    for (const NodeIndex other : here.symmetric.of(leaf))
      for (const NodeIndex node : {leaf, other}) work[at(node)] += kinds.points(leaf) * kinds.points(other);
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (work[at(node)] > 0) here.leaves.push_back(node);
  sort_along_curve(tree, here.leaves);
  std::vector<Index> leaf_work;
  for (const NodeIndex leaf : here.leaves) leaf_work.push_back(work[at(leaf)]);
  make_tasks(tree, leaf_work, ranges, here);
  return border;
}

double waiting_pairs(const NearLists& lists) {
  const Kinds kinds(lists);
  double pairs = 0;
  for (NodeIndex leaf = 0; leaf < lists.tree.size(); ++leaf) {
    if (!kinds.waits(leaf)) continue;
    for (const NodeIndex other : lists.p2p.of(leaf))
      if (!kinds.is_ghost(other) && kinds.is_symmetric(leaf, other) && kinds.in_row(leaf, other))
        pairs += 2 * static_cast<double>(kinds.points(leaf)) * static_cast<double>(kinds.points(other));
  }
  return pairs;
}

}  // namespace octopole::tree
