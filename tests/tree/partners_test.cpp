// Which operator serves which pair.
#include "octopole/tree/partners.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

/// What tasks and rows make of the partners of each leaf.
std::vector<std::vector<NodeIndex>> served(const NearPairs& pairs, NodeIndex nodes) {
  std::vector<std::vector<NodeIndex>> found(at(nodes));
  for (const NodeIndex leaf : pairs.leaves)
    for (const auto* list : {&pairs.alone, &pairs.ghosts_before, &pairs.ghosts_behind, &pairs.ghosts_alone})
      for (const NodeIndex other : list->of(leaf)) found[at(leaf)].push_back(other);
  for (std::size_t row = 0; row < pairs.row_leaves.size(); ++row)
    for (Index i = pairs.row_begins[row]; i < pairs.row_ends[row]; ++i) {
      const NodeIndex leaf = pairs.row_leaves[row], other = pairs.mutual.items[static_cast<std::size_t>(i)];
      found[at(leaf)].push_back(other);
      found[at(other)].push_back(leaf);
    }
  for (auto& row : found) std::sort(row.begin(), row.end());
  return found;
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

TEST(NearPairs, AreThePartners) {
  for (const char* shape : {"cube", "sphere", "plummer", "line"})
    for (const bool symmetric : {true, false})
      for (const Index ranges : {1, 3, 16, 5000}) {
        const auto s = test::make_serial_tree(test::make_points(shape, 2000), 10);
        const Partners partners = choose_partners(s.tree, s.lists, 8, symmetric ? 8 : 3);
        const Index own = 1400;  // sources behind that are others', who care for their leaves
        NodeLists p2p;
        p2p.offsets.push_back(0);
        for (NodeIndex node = 0; node < s.tree.size(); ++node) {
          const auto row = partners.p2p.of(node);
          if (s.tree.source_end[at(node)] <= own) p2p.items.insert(p2p.items.end(), row.begin(), row.end());
          p2p.offsets.push_back(static_cast<Index>(p2p.items.size()));
        }
        const NearPairs pairs = pair_up(s.tree, p2p, own, ranges, symmetric);
        EXPECT_FALSE(pairs.ghosts_behind.items.empty());
        EXPECT_TRUE(pairs.ghosts_before.items.empty());
        ASSERT_EQ(pairs.ranges.size(), static_cast<std::size_t>(ranges) + 1);
        EXPECT_EQ(pairs.ranges.front(), 0);
        EXPECT_EQ(pairs.ranges.back(), static_cast<Index>(pairs.leaves.size()));
        if (symmetric) {
          EXPECT_EQ(pairs.alone.items.size(), pairs.leaves.size()) << shape;
        }
        expect_rows_in_ranges(pairs);
        const auto found = served(pairs, s.tree.size());
        for (NodeIndex node = 0; node < s.tree.size(); ++node) {
          const auto expected = p2p.of(node);
          EXPECT_TRUE(
              std::equal(found[at(node)].begin(), found[at(node)].end(), expected.begin(), expected.end()))
              << shape << ' ' << node;
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
