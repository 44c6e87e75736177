// Which operator serves which pair.
#include "octopole/tree/partners.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

/// Adds what tasks and rows make of the partners of each leaf.
void serve(const NearPairs& pairs, std::vector<std::vector<NodeIndex>>& found) {
  for (const NodeIndex leaf : pairs.leaves)
    for (const NodeIndex other : pairs.alone.of(leaf)) found[at(leaf)].push_back(other);
  for (std::size_t row = 0; row < pairs.row_leaves.size(); ++row)
    for (Index i = pairs.row_begins[row]; i < pairs.row_ends[row]; ++i) {
      const NodeIndex leaf = pairs.row_leaves[row], other = pairs.mutual.items[static_cast<std::size_t>(i)];
      found[at(leaf)].push_back(other);
      found[at(other)].push_back(leaf);
    }
}

/// Rows of a task lie in its two ranges.
void expect_rows_in_ranges(const NearPairs& pairs) {
  const auto range_of = [&](NodeIndex leaf) {
    const auto place = std::find(pairs.leaves.begin(), pairs.leaves.end(), leaf) - pairs.leaves.begin();
    return std::upper_bound(pairs.ranges.begin(), pairs.ranges.end() - 1, place) - pairs.ranges.begin() - 1;
  };
  ASSERT_EQ(pairs.task_rows.size(), pairs.tasks.size() + 1);
  for (std::size_t task = 0; task < pairs.tasks.size(); ++task) {
    const auto [first, second] = pairs.tasks[task];
    EXPECT_LE(first, second);
    for (Index row = pairs.task_rows[task]; row < pairs.task_rows[task + 1]; ++row) {
      const auto r = static_cast<std::size_t>(row);
      EXPECT_EQ(range_of(pairs.row_leaves[r]), first);
      for (Index i = pairs.row_begins[r]; i < pairs.row_ends[r]; ++i)
        EXPECT_EQ(range_of(pairs.mutual.items[static_cast<std::size_t>(i)]), second);
    }
  }
}

/// The tree and the partners of its own leaves as one of two ranks sees them: own sources come first.
struct RankView {
  EssentialTree tree;
  NodeLists p2p;
  Index own_sources;
  NearPartners partners(bool symmetric) const { return {tree, p2p, own_sources, symmetric}; }
};

/// Rank 0 has the leaves of the first `split` sources, rank 1 the others.
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

/// The end of the leaf that has source i.
Index end_of_leaf_with(const EssentialTree& tree, Index i) {
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (tree.leaf[at(node)] && tree.source_begin[at(node)] <= i && i < tree.source_end[at(node)])
      return tree.source_end[at(node)];
  return 0;
}

TEST(NearPairs, AreThePartnersOnTwoRanks) {
  for (const char* shape : {"cube", "sphere", "plummer", "line"})
    for (const bool symmetric : {true, false})
      for (const Index ranges : {1, 3, 16, 5000}) {
        SCOPED_TRACE(::testing::Message() << shape << ' ' << symmetric << ' ' << ranges);
        const auto s = test::make_serial_tree(test::make_points(shape, 2000), 10);
        const Partners partners = choose_partners(s.tree, s.lists, 8, symmetric ? 8 : 3);
        const Index split = end_of_leaf_with(s.tree, 1400);
        std::vector<std::vector<NodeIndex>> found(at(s.tree.size()));
        BorderLeaves leaves[2];
        Index border_points[2] = {0, 0};
        for (const int rank : {0, 1}) {
          const RankView view = view_of(s, partners.p2p, split, rank);
          const NearPartners own = view.partners(symmetric);
          const NearPairs pairs = pair_up(own, ranges);
          BorderPairs border = pair_up_border(own, ranges);
          ASSERT_EQ(pairs.ranges.size(), static_cast<std::size_t>(ranges) + 1);
          EXPECT_EQ(pairs.ranges.front(), 0);
          EXPECT_EQ(pairs.ranges.back(), static_cast<Index>(pairs.leaves.size()));
          if (symmetric) {
            EXPECT_EQ(pairs.alone.items.size(), pairs.leaves.size());
            EXPECT_TRUE(border.alone.items.empty());
          }
          for (const NearPairs* part : {&pairs, static_cast<const NearPairs*>(&border.here)}) {
            expect_rows_in_ranges(*part);
            serve(*part, found);
          }
          for (NodeIndex leaf = 0; leaf < s.tree.size(); ++leaf)
            for (const NodeIndex other : border.alone.of(leaf)) found[at(leaf)].push_back(other);
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
          const auto expected = partners.p2p.of(node);
          std::sort(found[at(node)].begin(), found[at(node)].end());
          EXPECT_TRUE(
              std::equal(found[at(node)].begin(), found[at(node)].end(), expected.begin(), expected.end()))
              << node;
        }
      }
}

TEST(Partners, AreWAndXByOperator) {
  const auto s = test::make_serial_tree(test::make_points("plummer", 3000), 12);
  ASSERT_FALSE(s.lists.w.items.empty());
  const Partners same = choose_partners(s.tree, s.lists, 0, 0);
  EXPECT_EQ(same.m2p.items, s.lists.w.items);
  EXPECT_EQ(same.p2l.items, s.lists.x.items);
  EXPECT_EQ(same.p2p.items, s.lists.u.items);
  const Partners some = choose_partners(s.tree, s.lists, 6, 6);
  EXPECT_EQ(some.p2p.items.size() + some.m2p.items.size() + some.p2l.items.size(),
            s.lists.u.items.size() + s.lists.w.items.size() + s.lists.x.items.size());
  EXPECT_GT(some.p2p.items.size(), s.lists.u.items.size());
  EXPECT_FALSE(some.m2p.items.empty());
  for (NodeIndex leaf = 0; leaf < s.tree.size(); ++leaf)
    for (NodeIndex other : some.m2p.of(leaf))
      EXPECT_TRUE(!s.tree.leaf[at(other)] || s.tree.source_count[at(other)] > 6);
}

}  // namespace
}  // namespace octopole::tree
