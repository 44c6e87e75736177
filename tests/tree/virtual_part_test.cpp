// Virtual ranks against the whole tree of one process.
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"
#include "tree/octree.hpp"
#include "tree/virtual_part.hpp"

namespace octopole::tree {
namespace {

// Expects the part by its definition: every child of a split whose neighbourhood overlaps the range.
void expect_part(NodeCounts& counts, const std::vector<NodeKey>& splits, const Partition& partition, int rank,
                 bool balance) {
  const VirtualPart part = find_part(counts, partition, rank, balance);
  const CodeRange range = partition.range(rank);
  std::vector<NodeKey> own;
  std::set<std::pair<std::uint64_t, bool>> ghosts;
  const auto is_split = [&](NodeKey key) { return std::binary_search(splits.begin(), splits.end(), key); };
  const auto tell = [&](NodeKey key) {
    if (partition.owner(key) != rank && counts.count(key).sources > 0)
      ghosts.emplace(key.bits, !is_split(key));
  };
  if (range.first < range.end) tell(NodeKey::root());
  for (const NodeKey split : splits) {
    if (range.overlaps(split)) own.push_back(split);
    bool near = false;
    for (int direction = 0; direction < 27; ++direction) {
      const auto other = split.neighbour(direction);
      near |= other && range.overlaps(*other);
    }
    for (int octant = 0; near && octant < 8; ++octant) tell(split.child(octant));
  }
  EXPECT_EQ(part.splits, own) << "rank " << rank;
  EXPECT_EQ(part.leaves, leaves_of(own, range));
  std::set<std::pair<std::uint64_t, bool>> found;
  for (const NodeRecord& record : part.ghosts) {
    found.emplace(record.key.bits, record.leaf != 0);
    EXPECT_EQ(record.sources, counts.count(record.key).sources);
  }
  EXPECT_EQ(found, ghosts) << "rank " << rank;
  EXPECT_EQ(found.size(), part.ghosts.size());
  EXPECT_EQ(static_cast<Index>(part.sources.size()), part.points.sources);
}

class VirtualParts : public testing::TestWithParam<std::string> {};

TEST_P(VirtualParts, AreThoseOfTheWholeTree) {
  for (const bool balance : {true, false})
    for (const int max_level : {20, 4}) {
      constexpr Index ncrit = 12;
      const test::SerialTree whole =
          test::make_serial_tree(test::make_points(GetParam(), 3000), ncrit, balance, max_level);
      const SortedPoints points(whole.codes);
      for (const int ranks : {1, 3, 40}) {
        const CountTree coarse =
            grow_count_tree(points, std::max<Index>(ncrit, 3000 / (32 * ranks)), max_level);
        const Partition partition = divide(coarse, point_weights(coarse), ranks);
        Index total = 0;
        for (int rank = 0; rank < ranks; ++rank) {
          NodeCounts counts(points, ncrit, max_level);
          expect_part(counts, whole.splits, partition, rank, balance);
          total += find_part(counts, partition, rank, balance).points.sources;
        }
        EXPECT_EQ(total, 3000);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, VirtualParts,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line", "plane", "faces"));

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
  EXPECT_FALSE(points.same());
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
