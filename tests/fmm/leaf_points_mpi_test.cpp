#include "fmm/access.hpp"
#include "fmm/leaf_points.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace octopole::test;

// Checks numbers, positions and neighbours of leaf points; every rank knows the positions of all targets.
void check_leaves(const std::vector<double>& sources, const std::vector<double>& targets) {
  const Part part = world();
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(3, 30));
  const bool targets_are_sources = targets.empty();
  const auto& all = targets_are_sources ? sources : targets;
  const auto my_sources = part.of(sources, 3), my_targets = part.of(targets, 3);
  if (targets_are_sources)
    fmm.set_points(my_sources);
  else
    fmm.set_points(my_sources, my_targets);
  EXPECT_EQ(fmm.targets_are_sources(), targets_are_sources);
  EXPECT_EQ(fmm.sources(), my_sources);
  EXPECT_EQ(fmm.targets(), targets_are_sources ? my_sources : my_targets);

  const LeafPoints leaves = FmmAccess::leaf_points(fmm);
  ASSERT_EQ(leaves.positions.size(), 3 * leaves.numbers.size());
  for (std::size_t i = 0; i < leaves.numbers.size(); ++i)
    for (std::size_t c = 0; c < 3; ++c)
      ASSERT_EQ(leaves.positions[3 * i + c], all[3 * static_cast<std::size_t>(leaves.numbers[i]) + c]);
  std::vector<double> owned;
  for (Index i = 0; i < leaves.owned_points(); ++i)
    owned.push_back(static_cast<double>(leaves.numbers[static_cast<std::size_t>(i)]));
  std::vector<double> everywhere = gather(owned, part);
  std::sort(everywhere.begin(), everywhere.end());
  ASSERT_EQ(everywhere.size(), all.size() / 3);
  for (std::size_t i = 0; i < everywhere.size(); ++i) ASSERT_EQ(everywhere[i], static_cast<double>(i));

  // Pairs of neighbouring leaves of all ranks, each named by its first point: the relation is symmetric.
  std::vector<double> mine;
  const auto first = [&](Index leaf) {
    return static_cast<double>(
        leaves.numbers[static_cast<std::size_t>(leaves.offsets[static_cast<std::size_t>(leaf)])]);
  };
  for (Index leaf = 0; leaf < leaves.owned; ++leaf)
    for (const std::int32_t other : leaves.neighbours_of(leaf)) {
      ASSERT_NE(leaf, other);
      mine.insert(mine.end(), {first(leaf), first(other)});
    }
  const std::vector<double> flat = gather(mine, part);
  std::map<std::pair<double, double>, int> pairs;
  for (std::size_t i = 0; i < flat.size(); i += 2) ++pairs[{flat[i], flat[i + 1]}];
  EXPECT_FALSE(pairs.empty());
  for (const auto& [pair, times] : pairs) {
    EXPECT_EQ(times, 1);
    if (targets_are_sources) {
      EXPECT_EQ(pairs.count({pair.second, pair.first}), 1u);
    }
  }
}

TEST(LeafPoints, HoldEveryTargetOnce) {
  check_leaves(make_points("plummer", 700), {});
  check_leaves(make_points("sphere", 700), make_points("cube", 400, 3));
}

TEST(LeafPoints, ShowPointsFarFromTheOriginAsTheyWere) {
  auto points = make_points("cube", 300);
  for (double& x : points) x += 1e6;
  check_leaves(points, {});
}

TEST(LeafPoints, AskForPoints) {
  const Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(3, 30));
  EXPECT_THROW(FmmAccess::leaf_points(fmm), Error);
  EXPECT_THROW(fmm.sources(), Error);
}

}  // namespace
}  // namespace octopole
