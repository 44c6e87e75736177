// Which operator serves which pair.
#include "octopole/tree/partners.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

// Every P2P partner once: mutual pairs within their range, the rest one-sided.
TEST(NearPairs, AreThePartners) {
  for (const char* shape : {"cube", "sphere", "plummer", "line"})
    for (const Index ranges : {1, 3, 16, 5000}) {
      const auto s = test::make_serial_tree(test::make_points(shape, 2000), 10);
      const Partners partners = choose_partners(s.tree, s.lists, 8, 8);
      const Index own = 1400;  // sources behind that are others', who care for their leaves
      NodeLists p2p;
      p2p.offsets.push_back(0);
      for (NodeIndex node = 0; node < s.tree.size(); ++node) {
        const auto row = partners.p2p.of(node);
        if (s.tree.source_end[at(node)] <= own) p2p.items.insert(p2p.items.end(), row.begin(), row.end());
        p2p.offsets.push_back(static_cast<Index>(p2p.items.size()));
      }
      const NearPairs pairs = pair_up(s.tree, p2p, own, ranges);
      ASSERT_FALSE(pairs.ghosts.items.empty());
      std::vector<std::vector<NodeIndex>> found(s.tree.keys.size());
      ASSERT_EQ(pairs.ranges.size(), static_cast<std::size_t>(ranges) + 1);
      EXPECT_EQ(pairs.ranges.front(), 0);
      EXPECT_EQ(pairs.ranges.back(), static_cast<Index>(pairs.leaves.size()));
      for (std::size_t range = 0; range + 1 < pairs.ranges.size(); ++range) {
        const auto begin = pairs.leaves.begin() + pairs.ranges[range],
                   end = pairs.leaves.begin() + pairs.ranges[range + 1];
        for (auto leaf = begin; leaf < end; ++leaf) {
          for (NodeIndex other : pairs.mutual.of(*leaf)) {
            EXPECT_NE(std::find(leaf + 1, end, other), end) << "not in the range";
            found[at(*leaf)].push_back(other);
            found[at(other)].push_back(*leaf);
          }
          for (NodeIndex other : pairs.alone.of(*leaf)) found[at(*leaf)].push_back(other);
          for (NodeIndex other : pairs.ghosts.of(*leaf)) {
            EXPECT_GT(s.tree.source_end[at(other)], own);
            found[at(*leaf)].push_back(other);
          }
        }
      }
      for (NodeIndex node = 0; node < s.tree.size(); ++node) {
        auto& row = found[at(node)];
        std::sort(row.begin(), row.end());
        const auto expected = p2p.of(node);
        EXPECT_TRUE(std::equal(row.begin(), row.end(), expected.begin(), expected.end()))
            << shape << ' ' << node;
      }
      if (ranges == 1) {
        EXPECT_GT(pairs.mutual.items.size(), pairs.alone.items.size()) << shape;
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
