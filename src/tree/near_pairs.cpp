// Pairs of leaves that act on each other, and the tasks they are worked off in.
#include <algorithm>
#include <map>

#include "node_rows.hpp"
#include "octopole/tree/partners.hpp"

namespace octopole::tree {
namespace {

std::vector<NodeIndex> leaves_along_curve(const EssentialTree& tree, const NodeLists& p2p) {
  std::vector<NodeIndex> leaves;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (!p2p.of(node).empty()) leaves.push_back(node);
  std::sort(leaves.begin(), leaves.end(),
            [&](NodeIndex a, NodeIndex b) { return tree.target_begin[at(a)] < tree.target_begin[at(b)]; });
  return leaves;
}

/// Bounds of ranges of about equal numbers of pairs of points.
std::vector<Index> divide_leaves(const EssentialTree& tree, const NodeLists& p2p,
                                 std::span<const NodeIndex> leaves, Index ranges) {
  std::vector<Index> work{0};  // pairs before each leaf
  for (const NodeIndex leaf : leaves) {
    Index around = 0;
    for (const NodeIndex other : p2p.of(leaf)) around += tree.source_count[at(other)];
    work.push_back(work.back() + around * (tree.target_end[at(leaf)] - tree.target_begin[at(leaf)]));
  }
  std::vector<Index> bounds{0};
  for (Index range = 0; range < ranges; ++range) {
    const double share = static_cast<double>(range + 1) / static_cast<double>(ranges);
    const auto bound = static_cast<Index>(share * static_cast<double>(work.back()));
    const Index end = range + 1 == ranges ? static_cast<Index>(leaves.size())
                                          : std::lower_bound(work.begin(), work.end(), bound) - work.begin();
    bounds.push_back(std::max(end, bounds.back()));
  }
  return bounds;
}

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

void make_tasks(const EssentialTree& tree, std::span<const std::int32_t> range_of, NearPairs& pairs) {
  const std::size_t ranges = pairs.ranges.size() - 1;
  std::map<std::array<std::int32_t, 2>, Task> all;
  const auto points = [&](NodeIndex leaf) { return tree.target_end[at(leaf)] - tree.target_begin[at(leaf)]; };
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

NearPairs pair_up(const EssentialTree& tree, const NodeLists& p2p, Index own_sources, Index ranges,
                  bool symmetric) {
  NearPairs pairs;
  pairs.leaves = leaves_along_curve(tree, p2p);
  pairs.ranges = divide_leaves(tree, p2p, pairs.leaves, ranges);
  std::vector<std::int32_t> range_of(tree.keys.size(), -1);
  for (std::size_t range = 0; range + 1 < pairs.ranges.size(); ++range)
    for (Index i = pairs.ranges[range]; i < pairs.ranges[range + 1]; ++i)
      range_of[at(pairs.leaves[static_cast<std::size_t>(i)])] = static_cast<std::int32_t>(range);

  const auto is_ghost = [&](NodeIndex other) { return tree.source_end[at(other)] > own_sources; };
  const auto both_ways = [&](NodeIndex leaf, NodeIndex other) {
    return leaf != other && (symmetric || morton::adjacent(tree.anchors[at(leaf)], tree.anchors[at(other)]));
  };
  const auto is_before = [&](NodeIndex a, NodeIndex b) {
    return tree.keys[at(a)].first_code() < tree.keys[at(b)].first_code();
  };
  const auto select = [&](const auto& wanted) {
    return make_rows(
        tree.size(), [&](NodeIndex leaf) { return static_cast<Index>(p2p.of(leaf).size()); },
        [&](NodeIndex leaf, NodeIndex* out) {
          const auto row = p2p.of(leaf);
          NodeIndex* const end =
              std::copy_if(row.begin(), row.end(), out, [&](NodeIndex other) { return wanted(leaf, other); });
          std::sort(out, end, is_before);
          return end;
        });
  };
  pairs.mutual = select([&](NodeIndex leaf, NodeIndex other) {
    return !is_ghost(other) && both_ways(leaf, other) && is_before(leaf, other);
  });
  pairs.alone =
      select([&](NodeIndex leaf, NodeIndex other) { return !is_ghost(other) && !both_ways(leaf, other); });
  if (std::none_of(tree.source_end.begin(), tree.source_end.end(),
                   [own_sources](Index end) { return end > own_sources; })) {
    pairs.ghosts_before.offsets.assign(at(tree.size()) + 1, 0);  // one rank's: nothing to look for
    pairs.ghosts_behind = pairs.ghosts_alone = pairs.ghosts_before;
    make_tasks(tree, range_of, pairs);
    return pairs;
  }
  pairs.ghosts_before = select([&](NodeIndex leaf, NodeIndex other) {
    return is_ghost(other) && both_ways(leaf, other) && is_before(other, leaf);
  });
  pairs.ghosts_behind = select([&](NodeIndex leaf, NodeIndex other) {
    return is_ghost(other) && both_ways(leaf, other) && is_before(leaf, other);
  });
  pairs.ghosts_alone =
      select([&](NodeIndex leaf, NodeIndex other) { return is_ghost(other) && !both_ways(leaf, other); });
  make_tasks(tree, range_of, pairs);
  return pairs;
}

}  // namespace octopole::tree
