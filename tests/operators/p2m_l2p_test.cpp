// P2M and L2P, each alone, against direct sums.
#include "operators/p2m_l2p.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

template <class Real>
double p2m_error(const OperatorKey& key, Index points, const AnyKernel& kernel = Laplace{}) {
  const auto t = translations_of<Real>(kernel, key, 0.25);
  const auto n = static_cast<std::size_t>(t.equivalent_size());
  const std::vector<Box> boxes{{9, 9, 9, 1}, {0.3, -0.2, 1.1, 0.25}};
  PointSet sources(2);
  sources.fill(1, boxes[1], points, 1);
  const auto charges = random_values(static_cast<std::size_t>(points), 0, 1, 2);
  const std::vector<Real> rounded(charges.begin(), charges.end());
  std::vector<Real> multipoles(2 * n, Real(5));
  const std::vector<NodeIndex> leaves{1};
  p2m(kernel, t, leaves, boxes.data(), sources.view(), rounded.data(), multipoles.data());
  EXPECT_EQ(multipoles[0], Real(5)) << "row of a node that was not asked for";
  std::vector<double> far;
  for (unsigned i = 0; i < 60; ++i) {
    auto direction = random_values(3, -1, 1, 10 + i);
    const double length = std::max({std::abs(direction[0]), std::abs(direction[1]), std::abs(direction[2])});
    for (std::size_t a = 0; a < 3; ++a)
      far.push_back((a == 0 ? 0.3 : a == 1 ? -0.2 : 1.1) + 0.25 * (3.0 + 0.05 * i) * direction[a] / length);
  }
  std::vector<double> expected(60), computed(60);
  direct_sum(kernel, far, sources.interleaved(), charges, expected);
  const std::vector<double> density(multipoles.begin() + std::ptrdiff_t(n), multipoles.end());
  direct_sum(kernel, far, placed(t.upward_equivalent, boxes[1]), density, computed);
  return relative_error(computed, expected);
}

TEST(P2M, FarFieldOfALeaf) {
  for (const AnyKernel& kernel : tested_kernels()) {
    SCOPED_TRACE(kernel.name());
    EXPECT_LT(p2m_error<double>(laplace_key(4), 50, kernel), 2e-4);
    EXPECT_LT(p2m_error<double>(laplace_key(6), 50, kernel), 2e-6);
    EXPECT_LT(p2m_error<double>(laplace_key(10), 50, kernel), 1e-9);
    EXPECT_LT(p2m_error<double>(laplace_key(14), 50, kernel), 1e-12);
  }
}

TEST(P2M, MoreSourcesThanOneChunk) {
  EXPECT_LT(p2m_error<double>(laplace_key(6), 2500), 2e-6);
}

TEST(P2M, WiderCheckSurfaceIsNoWorse) {
  auto key = laplace_key(6);
  key.check_order = 8;
  EXPECT_LT(p2m_error<double>(key, 50), 1.2 * p2m_error<double>(laplace_key(6), 50));
}

TEST(P2M, SinglePrecision) {
  const OperatorKey key = laplace_key(6, M2lMethod::fft, Precision::single_precision);
  for (const AnyKernel& kernel : tested_kernels()) EXPECT_LT(p2m_error<float>(key, 50, kernel), 3e-6);
}

TEST(P2M, ManyLeavesAreTheSameAsOneByOne) {
  const auto t = make_translations<double>(Laplace{}, laplace_key(4));
  const UniformTree tree(2);
  const PointSet sources = tree.random_points(5, 1);
  const auto charges = random_values(static_cast<std::size_t>(sources.size()), -1, 1, 3);
  const auto leaves = tree.nodes_of(2);
  const auto size = static_cast<std::size_t>(t.equivalent_size()) * tree.boxes.size();
  std::vector<double> together(size), alone(size);
  p2m(Laplace{}, t, leaves, tree.boxes.data(), sources.view(), charges.data(), together.data());
  for (const NodeIndex leaf : leaves)
    p2m(Laplace{}, t, std::span(&leaf, 1), tree.boxes.data(), sources.view(), charges.data(), alone.data());
  for (std::size_t i = 0; i < size; ++i) ASSERT_NEAR(together[i], alone[i], 1e-9 * (1 + std::abs(alone[i])));
}

template <class Real>
void check_l2p(const AnyKernel& kernel, Precision precision, double tolerance) {
  const auto t = translations_of<Real>(kernel, laplace_key(5, M2lMethod::fft, precision), 0.125);
  const std::vector<Box> boxes{{0.3, -0.2, 1.1, 0.125}};
  PointSet targets(1);
  targets.fill(0, boxes[0], 33, 4);
  const auto density = random_values(static_cast<std::size_t>(t.equivalent_size()), 0, 1, 5);
  const std::vector<Real> locals(density.begin(), density.end());
  const std::vector<NodeIndex> leaves{0};
  std::vector<double> potential(33), gradient(99);
  direct_sum(kernel, targets.interleaved(), placed(t.downward_equivalent, boxes[0]), density, potential,
             gradient);
  Sums sums(33, true), only(33, false);
  l2p(kernel, t, leaves, boxes.data(), targets.view(), locals.data(), sums.view());
  l2p(kernel, t, leaves, boxes.data(), targets.view(), locals.data(), only.view());
  EXPECT_LT(relative_error(sums.potential, potential), tolerance);
  EXPECT_LT(relative_error(only.potential, potential), tolerance);
  EXPECT_LT(relative_error(sums.gradient(), gradient), 10 * tolerance);
  l2p(kernel, t, leaves, boxes.data(), targets.view(), locals.data(), only.view());
  for (double& u : potential) u *= 2;
  EXPECT_LT(relative_error(only.potential, potential), tolerance) << "results must be added";
}

TEST(L2P, IsTheFieldOfTheEquivalentSurface) {
  for (const AnyKernel& kernel : tested_kernels())
    check_l2p<double>(kernel, Precision::double_precision, 1e-13);
  for (const AnyKernel& kernel : tested_kernels())
    check_l2p<float>(kernel, Precision::single_precision, 1e-6);
}

// Coordinates from to_leaf_frames() equal those that P2M and L2P would compute, but serve only leaves.
TEST(LeafOperators, TakeLeafFramePointsOfLeavesOnly) {
  const auto t =
      make_translations<float>(Laplace{}, laplace_key(4, M2lMethod::fft, Precision::single_precision));
  const UniformTree tree(2);
  const PointSet points = tree.random_points(1500, 1);  // more points per leaf than are summed at once
  const PointsByNode view = points.view();
  const auto size = static_cast<std::size_t>(points.size());
  const std::vector<NodeIndex> nodes = tree.nodes_of(2);
  std::vector<float> x(size), y(size), z(size);
  to_leaf_frames(nodes, tree.boxes.data(), view, x.data(), y.data(), z.data());
  std::vector<std::uint8_t> leaf(tree.boxes.size(), 1);
  for (std::size_t k = 0; k < nodes.size(); k += 3) {  // as where L2L ends above leaves
    leaf[at(nodes[k])] = 0;
    for (Index i = view.begin[nodes[k]]; i < view.end[nodes[k]]; ++i)
      x[static_cast<std::size_t>(i)] = std::numeric_limits<float>::quiet_NaN();
  }
  const LeafFramePoints leaf_frame{NearForm::one_float, points.size(), x.data(), y.data(), z.data(),
                                   leaf.data()};

  const auto values = random_values(size + tree.boxes.size() * std::size_t(t.equivalent_size()), -1, 1, 3);
  const std::vector<float> charges(values.begin(), values.begin() + std::ptrdiff_t(size)),
      locals(values.begin() + std::ptrdiff_t(size), values.end());
  std::vector<float> multipoles(locals.size()), from_leaf_frame(locals.size());
  p2m(Laplace{}, t, nodes, tree.boxes.data(), view, charges.data(), multipoles.data());
  p2m(Laplace{}, t, nodes, tree.boxes.data(), view, charges.data(), from_leaf_frame.data(), leaf_frame);
  EXPECT_EQ(multipoles, from_leaf_frame);
  for (const bool gradient : {false, true}) {
    Sums sums(size, gradient), sums_from_leaf_frame(size, gradient);
    l2p(Laplace{}, t, nodes, tree.boxes.data(), view, locals.data(), sums.view());
    l2p(Laplace{}, t, nodes, tree.boxes.data(), view, locals.data(), sums_from_leaf_frame.view(), leaf_frame);
    EXPECT_EQ(sums.potential, sums_from_leaf_frame.potential);
    if (gradient) {
      EXPECT_EQ(sums.gradient(), sums_from_leaf_frame.gradient());
    }
  }
}

}  // namespace
}  // namespace octopole::testing
