#include "tree/morton.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <random>

namespace octopole::morton {
namespace {

TEST(Key, InterleavingIsInverted) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 1000; ++i) {
    const auto x = static_cast<std::uint32_t>(random() & 0x1fffff),
               y = static_cast<std::uint32_t>(random() & 0x1fffff),
               z = static_cast<std::uint32_t>(random() & 0x1fffff);
    const std::uint64_t code = interleave(x, y, z);
    EXPECT_EQ(gather_bits(code), x);
    EXPECT_EQ(gather_bits(code >> 1), y);
    EXPECT_EQ(gather_bits(code >> 2), z);
    EXPECT_LT(code, kCodeEnd);
  }
  EXPECT_EQ(interleave(1, 0, 0), 1u);
  EXPECT_EQ(interleave(0, 1, 0), 2u);
  EXPECT_EQ(interleave(0, 0, 1), 4u);
  EXPECT_EQ(interleave(0x1fffff, 0x1fffff, 0x1fffff), kCodeEnd - 1);
}

TEST(Key, RootHoldsEverything) {
  EXPECT_EQ(NodeKey::root().level(), 0);
  EXPECT_EQ(NodeKey::root().first_code(), 0u);
  EXPECT_EQ(NodeKey::root().end_code(), kCodeEnd);
}

TEST(Key, ParentsAndChildrenAtEveryLevel) {
  NodeKey key = NodeKey::root();
  std::mt19937 random(2);
  for (int level = 1; level <= kDepth; ++level) {
    const int octant = static_cast<int>(random() % 8);
    const NodeKey child = key.child(octant);
    EXPECT_EQ(child.level(), level);
    EXPECT_EQ(child.octant(), octant);
    EXPECT_EQ(child.parent(), key);
    EXPECT_EQ(child.ancestor(level / 2).level(), level / 2);
    EXPECT_GE(child.first_code(), key.first_code());
    EXPECT_LE(child.end_code(), key.end_code());
    EXPECT_EQ(NodeKey::containing(child.first_code(), level), child);
    EXPECT_EQ(NodeKey::containing(child.end_code() - 1, level), child);
    EXPECT_EQ(NodeKey::from_anchor(child.anchor()), child);
    key = child;
  }
}

TEST(Key, ChildrenDivideTheParentsRange) {
  const NodeKey key = NodeKey::root().child(3).child(6);
  Code next = key.first_code();
  for (int octant = 0; octant < 8; ++octant) {
    EXPECT_EQ(key.child(octant).first_code(), next);
    next = key.child(octant).end_code();
  }
  EXPECT_EQ(next, key.end_code());
}

TEST(Key, CoarseLevelsComeFirstThenMortonOrder) {
  const NodeKey a = NodeKey::root().child(7), b = NodeKey::root().child(0).child(0);
  EXPECT_LT(NodeKey::root(), a);
  EXPECT_LT(a, b);
  EXPECT_LT(b, NodeKey::root().child(0).child(1));
  EXPECT_LT(NodeKey::root().child(0).child(7), NodeKey::root().child(1).child(0));
}

TEST(Key, NeighboursEndAtTheCubesFaces) {
  for (int level = 0; level <= kDepth; ++level) {
    const std::int32_t last = (std::int32_t{1} << level) - 1;
    const NodeKey low = NodeKey::from_anchor({0, 0, 0, level}),
                  high = NodeKey::from_anchor({last, last, last, level});
    int low_neighbours = 0, high_neighbours = 0;
    for (int d = 0; d < 27; ++d) {
      low_neighbours += low.neighbour(d).has_value();
      high_neighbours += high.neighbour(d).has_value();
    }
    EXPECT_EQ(low_neighbours, level == 0 ? 1 : 8);
    EXPECT_EQ(high_neighbours, level == 0 ? 1 : 8);
  }
  const NodeKey inner = NodeKey::from_anchor({1, 2, 1, 2});
  EXPECT_EQ(inner.neighbour(1, -1, 0)->anchor(), (Anchor{2, 1, 1, 2}));
}

TEST(Key, NeighbourStepsLeadToTheNeighbour) {
  const NodeKey parent = NodeKey::from_anchor({3, 4, 5, 3});
  for (int octant = 0; octant < 8; ++octant)
    for (int direction = 0; direction < 27; ++direction) {
      const NeighbourStep step =
          kNeighbourSteps[static_cast<std::size_t>(octant)][static_cast<std::size_t>(direction)];
      EXPECT_EQ(parent.neighbour(step.parent_direction)->child(step.octant),
                *parent.child(octant).neighbour(direction));
    }
}

TEST(Key, AdjacencyAcrossLevels) {
  const auto anchor = [](int x, int y, int z, int level) { return Anchor{x, y, z, level}; };
  EXPECT_TRUE(adjacent(anchor(0, 0, 0, 1), anchor(1, 1, 1, 1)));  // a corner
  EXPECT_FALSE(adjacent(anchor(0, 0, 0, 2), anchor(2, 0, 0, 2)));
  EXPECT_TRUE(adjacent(anchor(0, 0, 0, 1), anchor(2, 0, 0, 2)));  // touches the coarse node's face
  EXPECT_FALSE(adjacent(anchor(0, 0, 0, 1), anchor(3, 0, 0, 2)));
  EXPECT_TRUE(adjacent(anchor(5, 5, 5, 3), anchor(1, 1, 1, 1)));  // a descendant
  EXPECT_TRUE(adjacent(anchor(1, 1, 1, 1), anchor(5, 5, 5, 3)));
  EXPECT_TRUE(adjacent(anchor(0, 0, 0, 0), anchor((1 << 20) - 1, 0, 0, 20)));
}

TEST(SortCodes, SortsStablyForAnyNumberOfThreads) {
  std::mt19937_64 random(3);
  for (std::size_t n : {0u, 1u, 2u, 1000u, 20000u}) {
    AlignedVector<Code> codes(n);
    for (auto& code : codes) code = (random() & (kCodeEnd - 1)) >> (random() % 50);  // with many repetitions
    const int before = omp_get_max_threads();
    for (int threads : {1, 2, 4}) {
      omp_set_num_threads(threads);
      AlignedVector<Code> sorted = codes;
      const auto order = sort_codes(sorted);
      AlignedVector<Code> codes_alone = codes;
      sort(codes_alone);
      EXPECT_EQ(codes_alone, sorted);
      ASSERT_EQ(order.size(), n);
      EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(codes[static_cast<std::size_t>(order[i])], sorted[i]);
        if (i > 0 && sorted[i] == sorted[i - 1]) {
          EXPECT_LT(order[i - 1], order[i]);
        }
      }
    }
    omp_set_num_threads(before);
  }
}

}  // namespace
}  // namespace octopole::morton
