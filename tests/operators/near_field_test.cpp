// P2P in single precision between points that are much closer than their leaf is wide.
#include "octopole/operators/near_field.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <cmath>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

/// All points in one leaf, each target and source.
struct OneLeaf {
  std::vector<Box> boxes{{0.5, 0.5, 0.5, 0.5}};
  PointSet points{1};
  std::vector<float> charges;

  void push(double x, double y, double z, float charge) {
    points.x.push_back(x);
    points.y.push_back(y);
    points.z.push_back(z);
    points.end[0] = points.size();
    charges.push_back(charge);
  }
  Sums evaluate(bool gradient) const {
    List list;
    list.push(0);
    list.close_row();
    const std::vector<NodeIndex> leaves{0};
    Sums sums(points.size(), gradient);
    p2p<float>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(), charges.data(),
               sums.view());
    return sums;
  }
  /// Relative errors of the potential, with and without the gradient, and of the gradient.
  void check(double tolerance, double gradient_tolerance) const {
    const auto places = points.interleaved();
    const std::vector<double> exact(charges.begin(), charges.end());
    std::vector<double> potential(exact.size()), gradient(3 * exact.size());
    direct_sum(Laplace{}, places, places, exact, potential, gradient);
    const Sums only = evaluate(false), both = evaluate(true);
    EXPECT_LT(relative_error(only.potential, potential), tolerance);
    EXPECT_LT(relative_error(both.potential, potential), tolerance);
    EXPECT_LT(relative_error(both.gradient(), gradient), gradient_tolerance);
  }
};

TEST(NearField, TwoCloseInSinglePrecision) {
  for (const double distance : {1e-3, 1e-5, 1e-7, 1e-8, 1e-9}) {
    SCOPED_TRACE(distance);
    OneLeaf leaf;
    leaf.push(0.8, 0.3, 0.9, 1.0F);
    leaf.push(0.8 + 0.6 * distance, 0.3 - 0.48 * distance, 0.9 + 0.64 * distance, -0.75F);
    leaf.check(1e-6, 3e-6);
  }
}

TEST(NearField, CloserThanTheLowPartsHoldDigits) {
  // What is left of the coordinates decides: 2^-48 half sides, and their own last place.
  for (const double distance : {1e-10, 1e-11, 1e-12}) {
    SCOPED_TRACE(distance);
    OneLeaf leaf;
    leaf.push(0.8, 0.3, 0.9, 1.0F);
    leaf.push(0.8 + 0.6 * distance, 0.3 - 0.48 * distance, 0.9 + 0.64 * distance, -0.75F);
    leaf.check(1e-6 + 4e-15 / distance, 3e-6 + 12e-15 / distance);
  }
}

TEST(NearField, GradientsAreFiniteDownToTheLastBit) {
  // The kernel's gradient factor, distance^-3, would not fit in single precision if a half side were 1. Near
  // the centre the low parts hold all that doubles do.
  OneLeaf leaf;
  const double x = 0.501, next = std::nextafter(x, 1.0), distance = next - x;
  leaf.push(x, 0.501, 0.499, 1.0F);
  leaf.push(next, 0.501, 0.499, 1.0F);
  const Sums sums = leaf.evaluate(true);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(sums.potential[i] * distance / Laplace::constant, 1, 0.05);
    EXPECT_NEAR(sums.gx[i] * distance * distance / Laplace::constant, i == 0 ? 1 : -1, 0.1);
    EXPECT_EQ(sums.gy[i], 0);
    EXPECT_EQ(sums.gz[i], 0);
  }
}

TEST(NearField, LineInSinglePrecision) {
  OneLeaf leaf;
  const auto place = random_values(2000, 0, 1, 1), charge = random_values(2000, -1, 1, 2);
  for (std::size_t i = 0; i < place.size(); ++i)
    leaf.push(place[i], 0.25 + 0.5 * place[i], 0.9 - 0.7 * place[i], static_cast<float>(charge[i]));
  leaf.check(1e-6, 3e-6);
}

TEST(NearField, LineThroughManyLeavesInSinglePrecision) {
  // Each leaf's frame sees its neighbours' points outside of itself.
  const UniformTree tree(2);
  PointSet points(tree.boxes.size());
  for (const NodeIndex leaf : tree.nodes_of(2)) {
    const Box& box = tree.boxes[static_cast<std::size_t>(leaf)];
    points.begin[static_cast<std::size_t>(leaf)] = points.size();
    if (box.x == box.y && box.y == box.z)
      for (const double t : random_values(500, -1, 1, static_cast<unsigned>(leaf))) {
        for (auto* v : {&points.x, &points.y, &points.z}) v->push_back(box.x + box.half * t);
      }
    points.end[static_cast<std::size_t>(leaf)] = points.size();
  }
  const auto drawn = random_values(static_cast<std::size_t>(points.size()), -1, 1, 3);
  const std::vector<float> charges(drawn.begin(), drawn.end());
  Sums sums(points.size(), true), expected(points.size(), true);
  p2p<float>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
             charges.data(), sums.view());
  const std::vector<double> exact(charges.begin(), charges.end());
  p2p<double>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
              exact.data(), expected.view());
  EXPECT_LT(relative_error(sums.potential, expected.potential), 1e-6);
  EXPECT_LT(relative_error(sums.gradient(), expected.gradient()), 3e-6);
}

/// Pairs of leaves as p2p_mutual takes them: the leaves of a uniform tree in two ranges, all pairs of
/// neighbours mutual.
struct Pairs {
  std::vector<NodeIndex> leaves, mutual_items, alone_items, row_leaves;
  std::vector<Index> mutual_offsets, alone_offsets, ranges, task_rows{0}, row_begins, row_ends;
  std::vector<std::array<std::int32_t, 2>> tasks{{0, 0}, {1, 1}, {0, 1}};

  explicit Pairs(const UniformTree& tree) : leaves(tree.nodes_of(2)) {
    const NodeIndex half = leaves[leaves.size() / 2];
    ranges = {0, static_cast<Index>(leaves.size() / 2), static_cast<Index>(leaves.size())};
    mutual_offsets.assign(tree.boxes.size() + 1, 0);
    alone_offsets.assign(tree.boxes.size() + 1, 0);
    std::vector<std::array<Index, 3>> split(tree.boxes.size());  // begin, first of the second range, end
    for (NodeIndex node = 0; node < static_cast<NodeIndex>(tree.boxes.size()); ++node) {
      split[at(node)][0] = static_cast<Index>(mutual_items.size());
      if (node >= leaves.front()) {
        alone_items.push_back(node);
        for (const NodeIndex other : tree.u.view().of(node))
          if (other > node && other < half) mutual_items.push_back(other);
        split[at(node)][1] = static_cast<Index>(mutual_items.size());
        for (const NodeIndex other : tree.u.view().of(node))
          if (other > node && other >= half) mutual_items.push_back(other);
      }
      split[at(node)][2] = static_cast<Index>(mutual_items.size());
      mutual_offsets[at(node) + 1] = static_cast<Index>(mutual_items.size());
      alone_offsets[at(node) + 1] = static_cast<Index>(alone_items.size());
    }
    for (const auto& [first, second] : tasks) {
      for (const NodeIndex leaf : leaves) {
        if ((leaf >= half) != (first == 1)) continue;
        const auto& s = split[at(leaf)];
        row_leaves.push_back(leaf);
        row_begins.push_back(second == 1 ? s[1] : s[0]);
        row_ends.push_back(second == 1 ? s[2] : s[1]);
      }
      task_rows.push_back(static_cast<Index>(row_leaves.size()));
    }
  }
  NearPairsView view() const {
    return {leaves,
            ranges,
            {mutual_offsets.data(), mutual_items.data()},
            {alone_offsets.data(), alone_items.data()},
            tasks,
            task_rows,
            row_leaves,
            row_begins,
            row_ends};
  }
};

TEST(NearField, MutualEqualsOneSided) {
  const UniformTree tree(2);
  PointSet points(tree.boxes.size());
  for (const NodeIndex leaf : tree.nodes_of(2)) {
    const Box& box = tree.boxes[at(leaf)];
    points.begin[at(leaf)] = points.size();
    const auto offsets = random_values(static_cast<std::size_t>(3 * (1 + leaf % 37)), -1, 1, unsigned(leaf));
    for (std::size_t i = 0; i < offsets.size(); i += 3) {
      points.x.push_back(box.x + box.half * offsets[i]);
      points.y.push_back(box.y + box.half * offsets[i + 1]);
      points.z.push_back(box.z + box.half * offsets[i + 2]);
    }
    points.end[at(leaf)] = points.size();
  }
  const auto charges = random_values(static_cast<std::size_t>(points.size()), -1, 1, 3);
  const Pairs pairs(tree);
  for (const bool gradient : {false, true}) {
    Sums expected(points.size(), gradient), in_double(points.size(), gradient),
        single(points.size(), gradient);
    p2p<double>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
                charges.data(), expected.view());
    p2p_mutual<double>(Laplace{}, pairs.view(), tree.boxes.data(), points.view(), charges.data(),
                       in_double.view());
    p2p_mutual<float>(Laplace{}, pairs.view(), tree.boxes.data(), points.view(), charges.data(),
                      single.view());
    EXPECT_LT(relative_error(in_double.potential, expected.potential), 1e-13);
    EXPECT_LT(relative_error(single.potential, expected.potential), 1e-6);
    if (!gradient) continue;
    EXPECT_LT(relative_error(in_double.gradient(), expected.gradient()), 1e-13);
    EXPECT_LT(relative_error(single.gradient(), expected.gradient()), 3e-6);
  }

  // One side of the pairs between the ranges, as a rank with the other range's leaves as ghosts does it: the
  // same to rounding in double.
  Sums both(points.size(), false), sides(points.size(), false);
  NearPairsView between = pairs.view();
  between.tasks = between.tasks.subspan(2);
  between.task_rows = between.task_rows.subspan(2);
  p2p_mutual<float>(Laplace{}, between, tree.boxes.data(), points.view(), charges.data(), both.view());
  List before, behind;
  std::vector<std::vector<NodeIndex>> from_before(tree.boxes.size()), from_behind(tree.boxes.size());
  for (Index row = pairs.task_rows[2]; row < pairs.task_rows[3]; ++row)
    for (Index i = pairs.row_begins[std::size_t(row)]; i < pairs.row_ends[std::size_t(row)]; ++i) {
      const NodeIndex leaf = pairs.row_leaves[std::size_t(row)], other = pairs.mutual_items[std::size_t(i)];
      from_behind[at(leaf)].push_back(other);
      from_before[at(other)].push_back(leaf);
    }
  for (std::size_t node = 0; node < tree.boxes.size(); ++node) {
    for (const NodeIndex other : from_before[node]) before.push(other);
    for (const NodeIndex other : from_behind[node]) behind.push(other);
    before.close_row();
    behind.close_row();
  }
  p2p_one_side(Laplace{}, tree.nodes_of(2), before.view(), false, tree.boxes.data(), points.view(),
               charges.data(), sides.view());
  p2p_one_side(Laplace{}, tree.nodes_of(2), behind.view(), true, tree.boxes.data(), points.view(),
               charges.data(), sides.view());
  EXPECT_LT(relative_error(sides.potential, both.potential), 1e-14);
}

TEST(NearField, TheCallingThreadLooksAfterOtherThings) {
  const UniformTree tree(2);
  PointSet points(tree.boxes.size());
  for (const NodeIndex leaf : tree.nodes_of(2)) {
    const Box& box = tree.boxes[static_cast<std::size_t>(leaf)];
    points.begin[static_cast<std::size_t>(leaf)] = points.size();
    points.x.push_back(box.x);
    points.y.push_back(box.y);
    points.z.push_back(box.z);
    points.end[static_cast<std::size_t>(leaf)] = points.size();
  }
  const std::vector<double> charges(static_cast<std::size_t>(points.size()), 1.0);
  const auto near = [&](const std::function<void()>& meanwhile) {
    Sums sums(points.size(), false);
    p2p<double>(Laplace{}, tree.nodes_of(2), tree.u.view(), tree.boxes.data(), points.view(), points.view(),
                charges.data(), sums.view(), meanwhile);
    return sums.potential;
  };
  const int threads = omp_get_max_threads();
  omp_set_num_threads(1);
  int calls = 0;
  const auto alone = near({}), interrupted = near([&] { ++calls; });
  EXPECT_EQ(calls, 64 / kMeanwhileLeaves);
  EXPECT_EQ(alone, interrupted);
  omp_set_num_threads(3);
  std::atomic<int> elsewhere = 0;
  near([&] { elsewhere += omp_get_thread_num() != 0; });
  EXPECT_EQ(elsewhere, 0);
  omp_set_num_threads(threads);
}

}  // namespace
}  // namespace octopole::testing
