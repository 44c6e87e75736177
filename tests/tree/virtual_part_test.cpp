// Virtual ranks against the whole tree of one process.
#include <gtest/gtest.h>

#include <set>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"
#include "tree/essential_tree.hpp"
#include "tree/octree.hpp"

namespace octopole::tree {
namespace {

// Expects the part by its definition: every child of a split whose neighbourhood overlaps the range.
void expect_part(NodeCounts& counts, const std::vector<NodeKey>& splits, const Partition& partition, int rank,
                 bool two_to_one) {
  const VirtualPart part = find_part(counts, partition, rank, two_to_one);
  const CodeRange range = partition.range(rank);
  std::vector<NodeKey> own;
  std::set<std::pair<std::uint64_t, bool>> ghosts;
  const auto is_split = [&](NodeKey key) { return std::binary_search(splits.begin(), splits.end(), key); };
  const auto add_ghost = [&](NodeKey key) {
    if (partition.owner(key) != rank && counts.count(key).sources > 0)
      ghosts.emplace(key.bits, !is_split(key));
  };
  if (range.first < range.end) add_ghost(NodeKey::root());
  for (const NodeKey split : splits) {
    if (range.overlaps(split)) own.push_back(split);
    bool near = false;
    for (int direction = 0; direction < 27; ++direction) {
      const auto other = split.neighbour(direction);
      near |= other && range.overlaps(*other);
    }
    for (int octant = 0; near && octant < 8; ++octant) add_ghost(split.child(octant));
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
  for (const bool two_to_one : {true, false})
    for (const int max_level : {20, 4}) {
      constexpr Index ncrit = 12;
      const test::SerialTree whole =
          test::make_serial_tree(test::make_points(GetParam(), 3000), ncrit, two_to_one, max_level);
      const SortedPoints points(whole.codes);
      for (const int ranks : {1, 3, 40}) {
        const CountTree coarse =
            grow_count_tree(points, std::max<Index>(ncrit, 3000 / (32 * ranks)), max_level);
        const Partition partition = divide(coarse, point_weights(coarse), ranks);
        Index total = 0;
        for (int rank = 0; rank < ranks; ++rank) {
          NodeCounts counts(points, ncrit, max_level);
          expect_part(counts, whole.splits, partition, rank, two_to_one);
          total += find_part(counts, partition, rank, two_to_one).points.sources;
        }
        EXPECT_EQ(total, 3000);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, VirtualParts,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line", "plane", "faces"));

}  // namespace
}  // namespace octopole::tree
