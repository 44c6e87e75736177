// Pairs of leaves that act on each other, and the tasks they are worked off in.
#include <algorithm>
#include <map>

#include "node_rows.hpp"
#include "octopole/tree/partners.hpp"

namespace octopole::tree {
namespace {

bool is_before(const EssentialTree& tree, NodeIndex a, NodeIndex b) {
  return tree.keys[at(a)].first_code() < tree.keys[at(b)].first_code();
}

void sort_along_curve(const EssentialTree& tree, std::vector<NodeIndex>& leaves) {
  std::sort(leaves.begin(), leaves.end(), [&](NodeIndex a, NodeIndex b) { return is_before(tree, a, b); });
}

/// Bounds of ranges of about equal work; `work` is that of each leaf.
std::vector<Index> divide_leaves(std::span<const Index> work, Index ranges) {
  std::vector<Index> before{0};
  for (const Index w : work) before.push_back(before.back() + w);
  std::vector<Index> bounds{0};
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

/// Kinds of partners of a leaf of this rank.
struct Kinds : NearPartners {
  explicit Kinds(const NearPartners& partners) : NearPartners(partners) {}

  bool is_ghost(NodeIndex node) const { return tree.source_end[at(node)] > own_sources; }
  bool mutual(NodeIndex leaf, NodeIndex other) const {
    return leaf != other && (symmetric || morton::adjacent(tree.anchors[at(leaf)], tree.anchors[at(other)]));
  }
  /// Whether the rank of the first leaf of a border pair sums it, or that of the second one.
  bool first_sums(NodeIndex first) const {
    constexpr int kSquare = 2;  // levels up: squares of 4 x 4 leaves
    const morton::Anchor& anchor = tree.anchors[at(first)];
    return (((anchor.x >> kSquare) + (anchor.y >> kSquare) + (anchor.z >> kSquare)) & 1) == 0;
  }
  /// Of a leaf of this rank and a ghost: whether this rank sums the pair.
  bool summed_here(NodeIndex leaf, NodeIndex ghost) const {
    return is_before(tree, leaf, ghost) ? first_sums(leaf) : !first_sums(ghost);
  }
  Index points(NodeIndex leaf) const { return tree.source_count[at(leaf)]; }

  /// The partners that are wanted, along the curve.
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
  /// Calls f(leaf, ghost) for every mutual pair across the border, leaves by number.
  template <class F>
  void for_each_border_pair(const F& f) const {
    for (NodeIndex leaf = 0; leaf < tree.size(); ++leaf)
      for (const NodeIndex other : p2p.of(leaf))
        if (is_ghost(other) && mutual(leaf, other)) f(leaf, other);
  }
};

/// A leaf's partners in one other range.
struct Row {
  NodeIndex leaf;
  Index begin, end;
};

struct Task {
  std::vector<Row> rows;
  Index work = 0;  // pairs of points
  int round = 0;
};

/// Gives tasks of two ranges rounds in which no range occurs twice, the largest first.
void find_rounds(std::vector<std::pair<std::array<std::int32_t, 2>, Task*>>& tasks, std::size_t ranges) {
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto& a, const auto& b) { return a.second->work > b.second->work; });
  std::vector<std::vector<std::uint8_t>> busy;  // (rounds, ranges)
  for (auto& [pair, task] : tasks) {
    const auto a = static_cast<std::size_t>(pair[0]), b = static_cast<std::size_t>(pair[1]);
    std::size_t round = 0;
    while (round < busy.size() && (busy[round][a] || busy[round][b])) ++round;
    if (round == busy.size()) busy.emplace_back(ranges, 0);
    busy[round][a] = busy[round][b] = 1;
    task->round = static_cast<int>(round);
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto& a, const auto& b) { return a.second->round < b.second->round; });
}

/// Gives the leaves ranges of about equal `work`, and divides the mutual rows among tasks.
void make_tasks(const EssentialTree& tree, std::span<const Index> work, Index range_count, NearPairs& pairs) {
  pairs.ranges = divide_leaves(work, range_count);
  const std::size_t ranges = pairs.ranges.size() - 1;
  std::vector<std::int32_t> range_of(tree.keys.size(), -1);
  for (std::size_t range = 0; range < ranges; ++range)
    for (Index i = pairs.ranges[range]; i < pairs.ranges[range + 1]; ++i)
      range_of[at(pairs.leaves[static_cast<std::size_t>(i)])] = static_cast<std::int32_t>(range);
  std::map<std::array<std::int32_t, 2>, Task> all;
  const auto points = [&](NodeIndex leaf) { return tree.source_count[at(leaf)]; };
  for (std::size_t range = 0; range < ranges; ++range)
    if (pairs.ranges[range] < pairs.ranges[range + 1])
      all[{static_cast<std::int32_t>(range), static_cast<std::int32_t>(range)}];
  for (const NodeIndex leaf : pairs.leaves)
    for (Index k = pairs.mutual.offsets[at(leaf)]; k < pairs.mutual.offsets[at(leaf) + 1];) {
      const auto range = [&](Index item) { return range_of[at(pairs.mutual.items[std::size_t(item)])]; };
      Task& task = all[{range_of[at(leaf)], range(k)}];
      Row row{leaf, k, k};
      for (; k < pairs.mutual.offsets[at(leaf) + 1] && range(k) == range(row.begin); ++k)
        task.work += points(leaf) * points(pairs.mutual.items[std::size_t(k)]);
      row.end = k;
      task.rows.push_back(row);
    }

  std::vector<std::pair<std::array<std::int32_t, 2>, Task*>> within, between;
  for (auto& [pair, task] : all) (pair[0] == pair[1] ? within : between).push_back({pair, &task});
  find_rounds(between, ranges);
  pairs.task_rows.push_back(0);
  for (const auto* tasks : {&within, &between})
    for (const auto& [pair, task] : *tasks) {
      pairs.tasks.push_back(pair);
      for (const Row& row : task->rows) {
        pairs.row_leaves.push_back(row.leaf);
        pairs.row_begins.push_back(row.begin);
        pairs.row_ends.push_back(row.end);
      }
      pairs.task_rows.push_back(static_cast<Index>(pairs.row_leaves.size()));
    }
}

}  // namespace

NearPairs pair_up(const NearPartners& partners, Index ranges) {
  const Kinds kinds(partners);
  const EssentialTree& tree = partners.tree;
  NearPairs pairs;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (!partners.p2p.of(node).empty()) pairs.leaves.push_back(node);
  sort_along_curve(tree, pairs.leaves);
  pairs.mutual = kinds.select([&](NodeIndex leaf, NodeIndex other) {
    return !kinds.is_ghost(other) && kinds.mutual(leaf, other) && is_before(tree, leaf, other);
  });
  pairs.alone = kinds.select(
      [&](NodeIndex leaf, NodeIndex other) { return !kinds.is_ghost(other) && !kinds.mutual(leaf, other); });
  std::vector<Index> work;
  for (const NodeIndex leaf : pairs.leaves) {
    Index around = 0;
    for (const NodeIndex other : partners.p2p.of(leaf)) around += kinds.points(other);
    work.push_back(around * kinds.points(leaf));
  }
  make_tasks(tree, work, ranges, pairs);
  return pairs;
}

BorderLeaves find_border_leaves(const NearPartners& partners) {
  const Kinds kinds(partners);
  BorderLeaves border;
  kinds.for_each_border_pair([&](NodeIndex leaf, NodeIndex ghost) {
    const int rank = partners.tree.owner[at(ghost)];
    if (kinds.summed_here(leaf, ghost))
      border.sent[rank].push_back(ghost);
    else
      border.received[rank].push_back(leaf);
  });
  for (auto* by_rank : {&border.sent, &border.received})
    for (auto& [rank, leaves] : *by_rank) {
      sort_along_curve(partners.tree, leaves);
      leaves.erase(std::unique(leaves.begin(), leaves.end()), leaves.end());
    }
  return border;
}

BorderPairs pair_up_border(const NearPartners& partners, Index ranges) {
  const Kinds kinds(partners);
  const EssentialTree& tree = partners.tree;
  BorderPairs border;
  border.leaves = find_border_leaves(partners);
  border.alone = kinds.select(
      [&](NodeIndex leaf, NodeIndex other) { return kinds.is_ghost(other) && !kinds.mutual(leaf, other); });
  std::map<NodeIndex, std::vector<NodeIndex>> rows;  // of the first leaf of each pair
  std::vector<Index> work(tree.keys.size(), 0);
  kinds.for_each_border_pair([&](NodeIndex leaf, NodeIndex ghost) {
    if (!kinds.summed_here(leaf, ghost)) return;
    const auto [first, second] =
        std::minmax(leaf, ghost, [&](NodeIndex a, NodeIndex b) { return is_before(tree, a, b); });
    rows[first].push_back(second);
    for (const NodeIndex node : {leaf, ghost}) work[at(node)] += kinds.points(leaf) * kinds.points(ghost);
  });
  NearPairs& here = border.here;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (work[at(node)] > 0) here.leaves.push_back(node);
  sort_along_curve(tree, here.leaves);
  here.alone.offsets.assign(at(tree.size()) + 1, 0);
  here.mutual = make_rows(
      tree.size(),
      [&](NodeIndex leaf) {
        const auto row = rows.find(leaf);
        return row == rows.end() ? Index{0} : static_cast<Index>(row->second.size());
      },
      [&](NodeIndex leaf, NodeIndex* out) {
        const auto row = rows.find(leaf);
        if (row == rows.end()) return out;
        sort_along_curve(tree, row->second);
        return std::copy(row->second.begin(), row->second.end(), out);
      });
  std::vector<Index> leaf_work;
  for (const NodeIndex leaf : here.leaves) leaf_work.push_back(work[at(leaf)]);
  make_tasks(tree, leaf_work, ranges, here);
  return border;
}

}  // namespace octopole::tree
