#include "tree/octree.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

TEST(CountTree, CountsAddUpAndOnlyFullNodesSplit) {
  const auto codes = test::sorted_codes(test::make_points("plummer", 5000));
  const CountTree coarse = test::serial_count_tree(codes, 200, 20);
  EXPECT_TRUE(std::is_sorted(coarse.nodes().begin(), coarse.nodes().end()));
  for (std::size_t i = 0; i < coarse.nodes().size(); ++i) {
    const NodeKey node = coarse.nodes()[i];
    EXPECT_EQ(coarse.is_split(node), coarse.counts()[i].largest() > 200);
    if (!coarse.is_split(node)) continue;
    Index sum = 0;
    for (int octant = 0; octant < 8; ++octant) sum += coarse.count(node.child(octant)).sources;
    EXPECT_EQ(sum, coarse.counts()[i].sources);
  }
}

TEST(CountTree, ACoarseTreeIsPartOfAFinerOne) {
  const auto codes = test::sorted_codes(test::make_points("ellipsoid", 4000));
  const auto coarse = test::serial_count_tree(codes, 500, 20).splits(),
             fine = test::serial_count_tree(codes, 60, 20).splits();
  EXPECT_TRUE(std::includes(fine.begin(), fine.end(), coarse.begin(), coarse.end()));
  EXPECT_LT(coarse.size(), fine.size());
}

TEST(CountTree, StopsAtTheMaximumLevel) {
  const auto codes = test::sorted_codes(test::make_points("same", 100));
  const CountTree coarse = test::serial_count_tree(codes, 10, 6);
  int deepest = 0;
  for (NodeKey node : coarse.nodes()) deepest = std::max(deepest, node.level());
  EXPECT_EQ(deepest, 6);
}

TEST(Partition, DividesAtLeafBoundariesNearEqualShares) {
  const auto codes = test::sorted_codes(test::make_points("sphere", 20000));
  for (int ranks : {1, 2, 3, 5, 7, 8, 13, 64}) {
    const CountTree coarse = test::serial_count_tree(codes, std::max<Index>(50, 20000 / (32 * ranks)), 20);
    const Partition partition = divide(coarse, point_weights(coarse), ranks);
    ASSERT_EQ(partition.ranks(), ranks);
    EXPECT_EQ(partition.bounds.front(), 0u);
    EXPECT_EQ(partition.bounds.back(), morton::kCodeEnd);
    EXPECT_TRUE(std::is_sorted(partition.bounds.begin(), partition.bounds.end()));
    std::vector<Code> boundaries{morton::kCodeEnd};
    for (std::size_t leaf : coarse.leaves()) boundaries.push_back(coarse.nodes()[leaf].first_code());
    Index largest = 0;
    for (int r = 0; r < ranks; ++r) {
      EXPECT_NE(std::find(boundaries.begin(), boundaries.end(), partition.range(r).first), boundaries.end());
      largest = std::max(largest, count_codes(codes, partition.range(r).first, partition.range(r).end));
    }
    Index heaviest = 0;  // a rank's count deviates from its share by at most the leaves at its ends
    for (std::size_t leaf : coarse.leaves()) heaviest = std::max(heaviest, coarse.counts()[leaf].sources);
    EXPECT_LE(largest, 20000 / ranks + 1 + heaviest);
  }
}

TEST(Partition, OwnersSkipEmptyRanks) {
  const Partition partition{{0, 100, 100, 200, morton::kCodeEnd}};
  EXPECT_EQ(partition.owner(Code{0}), 0);
  EXPECT_EQ(partition.owner(Code{99}), 0);
  EXPECT_EQ(partition.owner(Code{100}), 2);
  EXPECT_EQ(partition.owner(Code{200}), 3);
  EXPECT_EQ(partition.owner(morton::kCodeEnd - 1), 3);
}

TEST(Octree, LeavesTileTheCubeAndHoldAtMostNcrit) {
  for (const auto& shape : test::kClouds)
    for (bool balance : {false, true}) {
      const auto s = test::make_serial_tree(test::make_points(shape, 3000), 40, balance);
      EXPECT_TRUE(tiles(s.leaves, s.partition.range(0))) << shape;
      for (NodeKey leaf : s.leaves) EXPECT_LE(count_codes(s.codes, leaf.first_code(), leaf.end_code()), 40);
    }
}

TEST(Octree, TilingIsReallyChecked) {
  auto s = test::make_serial_tree(test::make_points("cube", 1000), 40);
  auto gap = s.leaves;
  gap.erase(gap.begin() + 3);
  EXPECT_FALSE(tiles(gap, s.partition.range(0)));
  auto overlap = s.leaves;
  overlap.insert(overlap.begin() + 3, overlap[3]);
  EXPECT_FALSE(tiles(overlap, s.partition.range(0)));
}

TEST(Balance, HoldsIsMinimalAndIdempotent) {
  for (const auto& shape : test::kClouds) {
    const auto rough = test::make_serial_tree(test::make_points(shape, 2000), 20, false);
    const auto balanced = balance_closure(rough.splits);
    const auto leaves = leaves_of(balanced, rough.partition.range(0));
    EXPECT_TRUE(is_balanced(leaves)) << shape;
    EXPECT_EQ(balance_closure(balanced), balanced);
    EXPECT_TRUE(std::includes(balanced.begin(), balanced.end(), rough.splits.begin(), rough.splits.end()));
    // Minimal: without any one of the added splits whose children are leaves, balance does not hold.
    int tried = 0;
    for (NodeKey added : balanced) {
      if (std::binary_search(rough.splits.begin(), rough.splits.end(), added)) continue;
      bool has_split_child = false;
      for (int o = 0; o < 8; ++o)
        has_split_child |= std::binary_search(balanced.begin(), balanced.end(), added.child(o));
      if (has_split_child || ++tried > 20) continue;
      std::vector<NodeKey> fewer;
      for (NodeKey key : balanced)
        if (key != added) fewer.push_back(key);
      EXPECT_FALSE(is_balanced(leaves_of(fewer, rough.partition.range(0)))) << shape;
    }
  }
  const auto plummer = test::make_serial_tree(test::make_points("plummer", 2000), 20, false);
  EXPECT_FALSE(is_balanced(plummer.leaves));  // the predicate can fail
}

TEST(Balance, ClosureOfAUnionIsTheUnionOfClosures) {
  const auto s = test::make_serial_tree(test::make_points("plummer", 2000), 20, false);
  std::vector<NodeKey> even, odd;
  for (std::size_t i = 0; i < s.splits.size(); ++i) (i % 2 ? odd : even).push_back(s.splits[i]);
  EXPECT_EQ(merge_keys(balance_closure(even), balance_closure(odd)), balance_closure(s.splits));
}

TEST(LeafHash, DependsOnTheSetAloneAndAdds) {
  const auto s = test::make_serial_tree(test::make_points("cube", 2000), 40);
  const std::span<const NodeKey> leaves(s.leaves);
  EXPECT_EQ(leaf_hash(leaves.first(10)) + leaf_hash(leaves.subspan(10)), leaf_hash(leaves));
  auto other = s.leaves;
  other[5] = other[5].child(0);
  EXPECT_NE(leaf_hash(other), leaf_hash(leaves));
}

TEST(EssentialTree, LinksAreConsistent) {
  for (const auto& shape : test::kClouds) {
    const auto s = test::make_serial_tree(test::make_points(shape, 3000), 40);
    const EssentialTree& t = s.tree;
    EXPECT_TRUE(std::is_sorted(t.keys.begin(), t.keys.end()));
    Index in_leaves = 0;
    for (NodeIndex node = 0; node < t.size(); ++node) {
      const auto i = static_cast<std::size_t>(node);
      EXPECT_EQ(t.find(t.keys[i]), node);
      EXPECT_GE(node, t.level_begin[static_cast<std::size_t>(t.keys[i].level())]);
      EXPECT_LT(node, t.level_begin[static_cast<std::size_t>(t.keys[i].level()) + 1]);
      if (t.leaf[i]) in_leaves += t.source_end[i] - t.source_begin[i];
      for (std::size_t octant = 0; octant < 8; ++octant) {
        const NodeIndex child = t.children[8 * i + octant];
        if (child == kNoNode) continue;
        EXPECT_EQ(t.parent[static_cast<std::size_t>(child)], node);
        EXPECT_EQ(t.keys[static_cast<std::size_t>(child)], t.keys[i].child(static_cast<int>(octant)));
      }
    }
    EXPECT_EQ(in_leaves, 3000);
  }
}

}  // namespace
}  // namespace octopole::tree
