// P2P in single precision between points much closer than the size of their leaf.
#include "operators/near_field.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>
#include <cmath>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

/// All points in one leaf, each of them target and source.
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
  /// Checks the relative errors of the potential, with and without the gradient, and of the gradient.
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
  // The digits left in the coordinates limit accuracy: 2^-48 half sides, and their own last place.
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
  // the centre the low parts hold all digits of the doubles.
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
  // In a leaf's frame, its neighbours' points lie outside the leaf.
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
