#include "tree/interaction_lists.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

using morton::adjacent;
using Row = std::vector<NodeIndex>;

Row row(const NodeLists& lists, NodeIndex node) {
  const auto items = lists.of(node);
  return {items.begin(), items.end()};
}

// The definitions of the lists, applied to pairs of nodes.
struct Definition {
  const EssentialTree& t;
  const morton::Anchor& a(NodeIndex n) const { return t.anchors[static_cast<std::size_t>(n)]; }
  bool leaf(NodeIndex n) const { return t.leaf[static_cast<std::size_t>(n)]; }
  NodeIndex parent(NodeIndex n) const { return t.parent[static_cast<std::size_t>(n)]; }

  bool u(NodeIndex x, NodeIndex y) const { return leaf(x) && leaf(y) && adjacent(a(x), a(y)); }
  bool v(NodeIndex x, NodeIndex y) const {
    return a(x).level == a(y).level && a(x).level > 0 && adjacent(a(parent(x)), a(parent(y))) &&
           !adjacent(a(x), a(y));
  }
  bool w(NodeIndex x, NodeIndex y) const {
    return leaf(x) && a(y).level > a(x).level && adjacent(a(x), a(parent(y))) && !adjacent(a(x), a(y));
  }
};

void expect_lists_match(const test::SerialTree& s, const std::string& what) {
  const Definition is{s.tree};
  for (NodeIndex x = 0; x < s.tree.size(); ++x) {
    Row u, v, w, xs;
    for (NodeIndex y = 0; y < s.tree.size(); ++y) {
      if (is.u(x, y)) u.push_back(y);
      if (is.v(x, y)) v.push_back(y);
      if (is.w(x, y)) w.push_back(y);
      if (is.w(y, x)) xs.push_back(y);
    }
    ASSERT_EQ(row(s.lists.u, x), u) << what << " U of " << x;
    Row found_v = row(s.lists.v, x);  // not sorted
    std::sort(found_v.begin(), found_v.end());
    ASSERT_EQ(found_v, v) << what << " V of " << x;
    ASSERT_EQ(row(s.lists.w, x), w) << what << " W of " << x;
    ASSERT_EQ(row(s.lists.x, x), xs) << what << " X of " << x;
  }
}

TEST(Lists, EqualTheirDefinitionOnSmallTrees) {
  for (const auto& shape : test::kDistributions)
    for (bool two_to_one : {true, false})
      expect_lists_match(test::make_serial_tree(test::make_points(shape, 600), 8, two_to_one), shape);
}

TEST(Lists, EqualTheirDefinitionOnUglyPoints) {
  for (const std::string shape : {"plane", "faces"})
    expect_lists_match(test::make_serial_tree(test::make_points(shape, 400), 6), shape);
  expect_lists_match(test::make_serial_tree(test::make_points("same", 40), 6, true, 5), "same");
  expect_lists_match(test::make_serial_tree(test::make_points("cube", 1), 6), "one point");
}

TEST(Lists, StayWithinTheBoundsOfBalancedTrees) {
  for (const auto& shape : test::kDistributions) {
    const auto s = test::make_serial_tree(test::make_points(shape, 20000), 10);
    for (NodeIndex node = 0; node < s.tree.size(); ++node) {
      EXPECT_LE(s.lists.u.of(node).size(), 60u);
      EXPECT_LE(s.lists.v.of(node).size(), 189u);
      EXPECT_LE(s.lists.w.of(node).size(), 148u);
      EXPECT_LE(s.lists.x.of(node).size(), 19u);
    }
    if (shape != "cube") {  // adaptive trees need all four lists
      EXPECT_FALSE(s.lists.w.items.empty()) << shape;
      EXPECT_FALSE(s.lists.x.items.empty()) << shape;
    }
  }
}

TEST(Lists, FullVListOfAnInnerNode) {
  // 16^3 points at cell centres, one per leaf (level 4): inner nodes have V lists of all 189, 27 neighbours.
  std::vector<double> points;
  for (int i = 0; i < 4096; ++i)
    for (int c : {i % 16, i / 16 % 16, i / 256}) points.push_back(c);
  const auto s = test::make_serial_tree(points, 1);
  std::size_t longest = 0;
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    longest = std::max(longest, s.lists.v.of(node).size());
  EXPECT_EQ(longest, 189u);
  EXPECT_TRUE(s.lists.w.items.empty());
  EXPECT_TRUE(s.lists.x.items.empty());
}

TEST(OperatorLists, AreWAndXByOperator) {
  const auto s = test::make_serial_tree(test::make_points("plummer", 3000), 12);
  ASSERT_FALSE(s.lists.w.items.empty());
  const OperatorLists all_kept = choose_operator_lists(s.tree, s.lists, 0, 0);
  EXPECT_EQ(all_kept.m2p.items, s.lists.w.items);
  EXPECT_EQ(all_kept.p2l.items, s.lists.x.items);
  EXPECT_EQ(all_kept.p2p.items, s.lists.u.items);
  const OperatorLists some = choose_operator_lists(s.tree, s.lists, 6, 6);
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
