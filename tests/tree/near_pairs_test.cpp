#include "tree/near_pairs.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

/// Adds the leaves of each P2P list, from its one-sided list and from rows of symmetric pairs.
void serve(const NearPairs& pairs, std::vector<std::vector<NodeIndex>>& found) {
  for (const NodeIndex leaf : pairs.leaves)
    for (const NodeIndex other : pairs.one_sided.of(leaf)) found[at(leaf)].push_back(other);
  for (const NodeIndex leaf : pairs.row_leaves)
    for (const NodeIndex other : pairs.symmetric.of(leaf)) {
      found[at(leaf)].push_back(other);
      found[at(other)].push_back(leaf);
    }
}

/// Expects that rows of a task meet exactly its ranges, and that tasks of a single range come first.
void expect_rows_in_ranges(const NearPairs& pairs) {
  const auto range_of = [&](NodeIndex leaf) {
    const auto place = std::find(pairs.leaves.begin(), pairs.leaves.end(), leaf) - pairs.leaves.begin();
    return static_cast<std::int32_t>(std::upper_bound(pairs.ranges.begin(), pairs.ranges.end() - 1, place) -
                                     pairs.ranges.begin() - 1);
  };
  ASSERT_EQ(pairs.task_rows.size(), pairs.task_range_begins.size());
  std::set<std::vector<std::int32_t>> tasks;
  std::size_t of_one = 0;
  for (std::size_t task = 0; task + 1 < pairs.task_rows.size(); ++task) {
    const std::vector<std::int32_t> ranges(pairs.task_ranges.begin() + pairs.task_range_begins[task],
                                           pairs.task_ranges.begin() + pairs.task_range_begins[task + 1]);
    EXPECT_TRUE(tasks.insert(ranges).second) << "two tasks of the same ranges";
    if (ranges.size() == 1) {
      EXPECT_EQ(of_one++, task) << "after a task of several ranges";
    }
    for (Index row = pairs.task_rows[task]; row < pairs.task_rows[task + 1]; ++row) {
      const NodeIndex leaf = pairs.row_leaves[static_cast<std::size_t>(row)];
      std::set<std::int32_t> met{range_of(leaf)};
      EXPECT_EQ(ranges.front(), range_of(leaf));
      for (const NodeIndex other : pairs.symmetric.of(leaf)) met.insert(range_of(other));
      EXPECT_EQ(met, std::set<std::int32_t>(ranges.begin(), ranges.end()));
    }
  }
  std::set<std::int32_t> with_leaves;
  for (const NodeIndex leaf : pairs.leaves) with_leaves.insert(range_of(leaf));
  EXPECT_EQ(of_one, with_leaves.size());
}

/// Leaves in the rows of leaves, by their first codes, which are the same on every rank.
using Rows = std::map<std::uint64_t, std::vector<std::uint64_t>>;
void add_rows(const EssentialTree& tree, const NearPairs& pairs, Rows& rows) {
  for (const NodeIndex leaf : pairs.row_leaves) {
    auto& row = rows[tree.keys[at(leaf)].first_code()];
    EXPECT_TRUE(row.empty()) << "a row in two pieces";
    for (const NodeIndex other : pairs.symmetric.of(leaf)) row.push_back(tree.keys[at(other)].first_code());
    EXPECT_TRUE(std::is_sorted(row.begin(), row.end()));
  }
}

/// The tree and the P2P lists of its own leaves on one of two ranks: own sources come first.
struct RankView {
  EssentialTree tree;
  NodeLists p2p;
  Index own_sources;
  NearLists lists(bool symmetric, bool whole_rows) const {
    return {tree, p2p, own_sources, symmetric, whole_rows};
  }
};

/// The view of `rank`: rank 0 has the leaves of the first `split` sources, rank 1 the others.
RankView view_of(const test::SerialTree& s, const NodeLists& p2p, Index split, int rank) {
  const Index all = static_cast<Index>(s.codes.size());
  RankView view{s.tree, {{0}, {}}, rank == 0 ? split : all - split};
  for (NodeIndex node = 0; node < s.tree.size(); ++node) {
    const bool first = s.tree.source_end[at(node)] <= split;
    view.tree.owner[at(node)] = first ? 0 : 1;
    if (s.tree.leaf[at(node)] && first == (rank == 0)) {
      const auto row = p2p.of(node);
      view.p2p.items.insert(view.p2p.items.end(), row.begin(), row.end());
    }
    view.p2p.offsets.push_back(static_cast<Index>(view.p2p.items.size()));
    const Index shift = rank == 0 ? 0 : first ? all - split : -split;
    view.tree.source_begin[at(node)] += shift;
    view.tree.source_end[at(node)] += shift;
  }
  return view;
}

/// The end of the leaf that contains source i.
Index end_of_leaf_with(const EssentialTree& tree, Index i) {
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (tree.leaf[at(node)] && tree.source_begin[at(node)] <= i && i < tree.source_end[at(node)])
      return tree.source_end[at(node)];
  return 0;
}

TEST(NearPairs, AreTheP2pListsOnTwoRanks) {
  for (const char* shape : {"cube", "sphere", "plummer", "line"})
    for (const auto& [symmetric, whole_rows] : {std::pair{true, true}, {true, false}, {false, true}})
      for (const Index ranges : {1, 3, 16, 5000}) {
        SCOPED_TRACE(::testing::Message() << shape << ' ' << symmetric << whole_rows << ' ' << ranges);
        const auto s = test::make_serial_tree(test::make_points(shape, 2000), 10);
        const OperatorLists operator_lists = choose_operator_lists(s.tree, s.lists, 8, symmetric ? 8 : 3);
        const Index split = end_of_leaf_with(s.tree, 1400);
        std::vector<std::vector<NodeIndex>> found(at(s.tree.size()));
        BorderLeaves leaves[2];
        Index border_points[2] = {0, 0};
        for (const int rank : {0, 1}) {
          const RankView view = view_of(s, operator_lists.p2p, split, rank);
          const NearLists own = view.lists(symmetric, whole_rows);
          const NearPairs pairs = pair_up(own, ranges);
          BorderPairs border = pair_up_border(own, ranges);
          ASSERT_EQ(pairs.ranges.size(), static_cast<std::size_t>(ranges) + 1);
          EXPECT_EQ(pairs.ranges.front(), 0);
          EXPECT_EQ(pairs.ranges.back(), static_cast<Index>(pairs.leaves.size()));
          if (symmetric) {
            EXPECT_EQ(pairs.one_sided.items.size(), pairs.leaves.size());
            EXPECT_TRUE(border.one_sided.items.empty());
          }
          for (const NearPairs* part : {&pairs, static_cast<const NearPairs*>(&border.here)}) {
            expect_rows_in_ranges(*part);
            serve(*part, found);
          }
          for (NodeIndex leaf = 0; leaf < s.tree.size(); ++leaf)
            for (const NodeIndex other : border.one_sided.of(leaf)) found[at(leaf)].push_back(other);
          leaves[rank] = border.leaves;
          for (const NodeIndex leaf : border.leaves.sent[1 - rank])
            border_points[rank] += s.tree.source_count[at(leaf)];
        }
        for (const int rank : {0, 1}) {
          EXPECT_EQ(leaves[rank].sent[1 - rank], leaves[1 - rank].received[rank]);
          if (std::string(shape) == "cube") {
            EXPECT_GT(border_points[rank], 0) << "the border is one rank's";
          }
        }
        for (NodeIndex node = 0; node < s.tree.size(); ++node) {
          const auto expected = operator_lists.p2p.of(node);
          std::sort(found[at(node)].begin(), found[at(node)].end());
          EXPECT_TRUE(
              std::equal(found[at(node)].begin(), found[at(node)].end(), expected.begin(), expected.end()))
              << node;
        }
      }
}

TEST(NearPairs, WholeRowsDoNotDependOnTheRanks) {
  for (const char* shape : {"cube", "sphere", "plummer"}) {
    SCOPED_TRACE(shape);
    const auto s = test::make_serial_tree(test::make_points(shape, 2000), 10);
    const OperatorLists operator_lists = choose_operator_lists(s.tree, s.lists, 8, 8);
    const Index all = static_cast<Index>(s.codes.size());
    Rows alone;
    add_rows(s.tree, pair_up({s.tree, operator_lists.p2p, all, true, true}, 5), alone);
    for (const Index cut : {200, 1000, 1700}) {
      Rows divided;
      std::size_t waiting = 0;
      for (const int rank : {0, 1}) {
        const RankView view = view_of(s, operator_lists.p2p, end_of_leaf_with(s.tree, cut), rank);
        add_rows(view.tree, pair_up(view.lists(true, true), 3), divided);
        const BorderPairs border = pair_up_border(view.lists(true, true), 3);
        add_rows(view.tree, border.here, divided);
        waiting += border.here.row_leaves.size();
      }
      EXPECT_EQ(divided, alone);
      EXPECT_GT(waiting, 0U);
    }
  }
}

}  // namespace
}  // namespace octopole::tree
