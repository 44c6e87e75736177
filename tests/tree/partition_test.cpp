#include "tree/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

std::vector<Index> random_weights(std::size_t n, Index largest, unsigned seed) {
  std::mt19937_64 random(seed);
  std::vector<Index> weights;
  for (std::size_t i = 0; i < n; ++i)  // about every fourth leaf has weight 0
    weights.push_back(random() % 4 == 0 ? 0
                                        : static_cast<Index>(random() % static_cast<std::uint64_t>(largest)));
  return weights;
}

Index sum(const std::vector<Index>& values) {
  Index total = 0;
  for (const Index value : values) total += value;
  return total;
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

TEST(Splitters, MissEqualSharesByHalfALeafAtMost) {
  const auto leaves = test::make_serial_tree(test::make_points("ellipsoid", 4000), 20).leaves;
  // The largest weights add up to about 2^61: products with the number of ranks would overflow.
  for (const Index largest : {Index{3}, Index{1000}, (Index{1} << 62) / static_cast<Index>(leaves.size())})
    for (const int ranks : {1, 2, 3, 8, 13, 64, 5000}) {
      const auto weights = random_weights(leaves.size(), largest, 7);
      const Index total = sum(weights), heaviest = *std::max_element(weights.begin(), weights.end());
      const auto splitters = splitters_among(leaves, weights, 0, total, ranks);
      ASSERT_EQ(splitters.size(), static_cast<std::size_t>(ranks - 1));
      EXPECT_TRUE(std::is_sorted(splitters.begin(), splitters.end()));
      std::size_t leaf = 0;
      Index before = 0;
      for (int rank = 1; rank < ranks; ++rank) {
        const Code splitter = splitters[static_cast<std::size_t>(rank - 1)];
        for (; leaf < leaves.size() && leaves[leaf].first_code() < splitter; ++leaf) before += weights[leaf];
        ASSERT_TRUE(splitter == morton::kCodeEnd || leaves[leaf].first_code() == splitter) << "inside a leaf";
        const double share = static_cast<double>(total) * rank / ranks;
        EXPECT_LE(std::abs(static_cast<double>(before) - share),
                  0.5000001 * static_cast<double>(heaviest) + 1);
      }
    }
}

TEST(Splitters, DoNotDependOnWhoHoldsTheLeaves) {
  const auto leaves = test::make_serial_tree(test::make_points("plummer", 3000), 20).leaves;
  const auto weights = random_weights(leaves.size(), 50, 3);
  const Index total = sum(weights);
  for (const int ranks : {2, 7, 40, 2000}) {
    const auto whole = splitters_among(leaves, weights, 0, total, ranks);
    for (const std::size_t holders : {2u, 5u, 97u}) {
      std::vector<Code> pieced;
      Index before = 0;
      for (std::size_t h = 0; h < holders; ++h) {
        const std::size_t first = leaves.size() * h / holders, end = leaves.size() * (h + 1) / holders;
        const std::span<const Index> mine(weights.data() + first, end - first);
        const auto found = splitters_among({leaves.data() + first, end - first}, mine, before, total, ranks);
        pieced.insert(pieced.end(), found.begin(), found.end());
        for (const Index weight : mine) before += weight;
      }
      EXPECT_EQ(pieced, whole) << ranks << " ranks, " << holders << " holders";
    }
  }
}

TEST(Splitters, WithoutWeightTheFirstRankHoldsEverything) {
  const std::vector<NodeKey> leaves{NodeKey::root()};
  const std::vector<Index> weights{0};
  const Partition partition = partition_at(splitters_among(leaves, weights, 0, 0, 3), 3);
  EXPECT_EQ(partition.bounds, (std::vector<Code>{0, morton::kCodeEnd, morton::kCodeEnd, morton::kCodeEnd}));
}

TEST(SharedNodes, AreThoseOfSeveralHolders) {
  const auto s = test::make_serial_tree(test::make_points("sphere", 3000), 15);
  for (const int ranks : {1, 2, 5, 13, 300, 4000}) {
    const auto weights = random_weights(s.leaves.size(), 100, static_cast<unsigned>(ranks));
    const Partition partition =
        partition_at(splitters_among(s.leaves, weights, 0, sum(weights), ranks), ranks);
    std::set<NodeKey> expected;
    for (const NodeKey leaf : s.leaves)
      for (int level = 0; level <= leaf.level(); ++level)
        if (partition.is_shared(leaf.ancestor(level))) expected.insert(leaf.ancestor(level));
    EXPECT_EQ(shared_keys(partition), std::vector<NodeKey>(expected.begin(), expected.end())) << ranks;
    for (const NodeKey key : expected)
      EXPECT_TRUE(std::binary_search(s.splits.begin(), s.splits.end(), key)) << "a shared leaf";
  }
}

TEST(SharedNodes, HaveTheCountTreesCounts) {
  const auto codes = test::sorted_codes(test::make_points("plummer", 5000));
  const CountTree coarse = test::serial_count_tree(codes, 30, 20);
  const int ranks = 13;
  const Partition partition = divide(coarse, point_weights(coarse), ranks);
  for (int rank = 0; rank < ranks; ++rank) {
    const SharedNodes shared = shared_nodes(coarse, partition, rank);
    EXPECT_FALSE(shared.keys.empty());
    for (const NodeKey key : shared.keys) {
      EXPECT_TRUE(partition.range(rank).overlaps(key));
      EXPECT_TRUE(shared.contains(key));
      EXPECT_FALSE(shared.contains(key.child(0)) && !partition.is_shared(key.child(0)));
      EXPECT_EQ(shared.count(key).sources, count_codes(codes, key.first_code(), key.end_code()));
    }
  }
}

TEST(CountTree, IsSmallOnAHundredThousandRanks) {
  // At a threshold of N / P points, the tree's size depends mainly on P: few points per rank suffice.
  constexpr Index kRanks = 100'000, kPoints = 20 * kRanks;
  for (const std::string shape : {"cube", "sphere", "plummer", "line"}) {
    const auto codes = test::sorted_codes(test::make_points(shape, static_cast<std::size_t>(kPoints)));
    const CountTree coarse = test::serial_count_tree(codes, kPoints / kRanks, 20);
    const Partition partition = divide(coarse, point_weights(coarse), kRanks);
    const std::size_t shared = shared_keys(partition).size() * (sizeof(NodeKey) + sizeof(Count));
    RecordProperty("count_tree_bytes_" + shape, std::to_string(coarse.bytes()));
    RecordProperty("shared_bytes_" + shape, std::to_string(shared));
    EXPECT_GT(coarse.leaves().size(), static_cast<std::size_t>(kRanks)) << shape;
    EXPECT_LT(coarse.bytes(), 50'000'000u) << shape;
    EXPECT_LT(shared, 20'000'000u) << shape;
  }
}

}  // namespace
}  // namespace octopole::tree
