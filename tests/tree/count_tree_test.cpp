#include "tree/count_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

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

TEST(GrownCountTree, IsTheOneOfTheCodes) {
  const auto codes = test::sorted_codes(test::make_points("plummer", 5000));
  const CountTree by_codes = test::serial_count_tree(codes, 40, 20);
  const CountTree grown = grow_count_tree(SortedPoints(codes), 40, 20);
  ASSERT_TRUE(std::equal(grown.nodes().begin(), grown.nodes().end(), by_codes.nodes().begin(),
                         by_codes.nodes().end()));
  EXPECT_TRUE(std::equal(grown.counts().begin(), grown.counts().end(), by_codes.counts().begin()));
}

TEST(DistinctTargets, HavePlacesOfTheirOwn) {
  const auto sources = test::sorted_codes(test::make_points("cube", 500)),
             targets = test::sorted_codes(test::make_points("sphere", 300));
  const SortedPoints points(sources, std::span<const Code>(targets));
  EXPECT_FALSE(points.targets_are_sources());
  NodeCounts counts(points, 10, 20);
  for (int octant = 0; octant < 8; ++octant) {
    const NodeKey node = NodeKey::root().child(octant).child(7 - octant);
    EXPECT_EQ(counts.count(node), (Count{count_codes(sources, node.first_code(), node.end_code()),
                                         count_codes(targets, node.first_code(), node.end_code())}));
    EXPECT_EQ(counts.before(node.first_code()), (Count{count_codes(sources, 0, node.first_code()),
                                                       count_codes(targets, 0, node.first_code())}));
  }
}

// 1e11 points: counts of children add up at every level, with the mean and the variance of a uniform cloud.
TEST(UniformCloud, AddsUpAndVariesAsOneOfPoints) {
  constexpr Index n = 100'000'000'000;
  const UniformPoints points(n, 0, 1, 7);
  constexpr int kLevel = 5;
  NodeCounts counts(points, 300, 20);
  const double cells = std::ldexp(1.0, 3 * kLevel), mean = static_cast<double>(n) / cells;
  Index sum = 0;
  double deviation = 0;
  for (Code cell = 0; cell < (Code{1} << (3 * kLevel)); ++cell) {
    const NodeKey node = NodeKey::containing(cell << (3 * (morton::kDepth - kLevel)), kLevel);
    const Index here = counts.count(node).sources;
    EXPECT_EQ(counts.before(node.first_code()).sources, sum);
    sum += here;
    deviation += (static_cast<double>(here) - mean) * (static_cast<double>(here) - mean);
  }
  EXPECT_EQ(sum, n);
  EXPECT_NEAR(deviation / cells / mean, 1, 0.05);  // Poisson; sqrt(2 / 32768) is 0.008
  // Also where few points are left.
  double few = 0, square = 0;
  constexpr int kNodes = 4096;
  for (std::uint64_t i = 0; i < kNodes; ++i) {
    const NodeKey node = NodeKey::containing(i << 24, 13);  // level 13: 0.18 points per node
    const double here = static_cast<double>(counts.count(node).sources);
    few += here;
    square += here * here;
  }
  const double expected = static_cast<double>(n) / std::ldexp(1.0, 39);
  EXPECT_NEAR(few / kNodes, expected, 0.05);
  EXPECT_NEAR(square / kNodes - few / kNodes * few / kNodes, expected, 0.05);
}

TEST(UniformCloud, LeavesPlacesOutsideItsBoxEmpty) {
  const UniformPoints points(1'000'000, 0, 0.7, 1);
  NodeCounts counts(points, 100, 20);
  EXPECT_EQ(counts.count(NodeKey::from_anchor({3, 0, 0, 2})).sources, 0);
  const double share = std::pow(0.5 / 0.7, 3);
  EXPECT_NEAR(static_cast<double>(counts.count(NodeKey::root().child(0)).sources), 1e6 * share, 3000);
}

TEST(ScaledSample, IsTheSampleItselfWhereItIsAllPoints) {
  const auto codes = test::sorted_codes(test::make_points("sphere", 2000));
  const SortedPoints all(codes);
  const ScaledPoints scaled(codes, 2000), thousandfold(codes, 2'000'001);
  NodeCounts a(all, 20, 20), b(scaled, 20, 20), c(thousandfold, 20, 20);
  for (Code cell = 0; cell < 4096; ++cell) {
    const NodeKey node = NodeKey::containing(cell << 51, 4);
    EXPECT_EQ(a.places(node).count(), b.places(node).count());
    EXPECT_NEAR(static_cast<double>(c.count(node).sources),
                1000.0005 * static_cast<double>(a.count(node).sources), 1);
  }
  EXPECT_EQ(c.before(morton::kCodeEnd).sources, 2'000'001);
}

}  // namespace
}  // namespace octopole::tree
