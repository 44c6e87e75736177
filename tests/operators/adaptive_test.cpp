// M2P, P2L and P2P, each alone, against direct sums.
#include "operators/adaptive.hpp"

#include <gtest/gtest.h>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

/// Node 0 has targets; 1 and 2 are smaller nodes beside it, 3 is empty.
struct Scene {
  std::vector<Box> boxes{
      {0.1, 0.2, 0.3, 0.5}, {1.0, 0.0, 0.3, 0.25}, {1.1, 0.9, -0.4, 0.125}, {-2, 0, 0, 0.5}};
  PointSet targets{4}, sources{4};
  List list;
  std::vector<NodeIndex> nodes{0};
  std::vector<double> charges;
  explicit Scene(Index sources_a_node = 40, double unit = 1) {
    for (Box& box : boxes) box = {unit * box.x, unit * box.y, unit * box.z, unit * box.half};
    targets.fill(0, boxes[0], 29, 1);
    sources.fill(1, boxes[1], sources_a_node, 2);
    sources.fill(2, boxes[2], sources_a_node, 3);
    for (const NodeIndex partner : {2, 3, 1}) list.push(partner);
    for (int row = 0; row < 4; ++row) list.close_row();
    charges = random_values(static_cast<std::size_t>(sources.size()), 0, 1, 4);
  }
};

template <class Real>
void check_m2p(Precision precision, double tolerance) {
  const Scene scene;
  const auto t = make_translations<Laplace, Real>(Laplace{}, laplace_key(4, M2lMethod::fft, precision));
  const auto n = static_cast<std::size_t>(t.equivalent_size());
  auto density = random_values(4 * n, 0, 1, 5);
  std::fill(density.begin() + std::ptrdiff_t(3 * n), density.end(), 0.0);
  const std::vector<Real> multipoles(density.begin(), density.end());
  std::vector<double> potential(29), gradient(3 * 29);
  for (const std::size_t node : {1u, 2u})
    direct_sum(Laplace{}, scene.targets.interleaved(), placed(t.upward_equivalent, scene.boxes[node]),
               std::span(density).subspan(node * n, n), potential, gradient);
  Sums sums(29, true);
  m2p(Laplace{}, t, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
      multipoles.data(), sums.view());
  EXPECT_LT(relative_error(sums.potential, potential), tolerance);
  EXPECT_LT(relative_error(sums.gradient(), gradient), 10 * tolerance);
}

TEST(M2P, IsTheFieldOfTheEquivalentSurfaces) {
  check_m2p<double>(Precision::double_precision, 1e-13);
  check_m2p<float>(Precision::single_precision, 1e-6);
}

template <class Real>
void check_p2l(Precision precision, Index sources, double tolerance) {
  const Scene scene(sources);
  const auto t = make_translations<Laplace, Real>(Laplace{}, laplace_key(4, M2lMethod::fft, precision));
  const auto n = static_cast<std::size_t>(t.downward_check_size());
  const std::vector<Real> charges(scene.charges.begin(), scene.charges.end());
  std::vector<Real> checks(4 * n, Real(1));  // results are added to these
  p2l(Laplace{}, t, scene.nodes, scene.list.view(), scene.boxes.data(), scene.sources.view(), charges.data(),
      checks.data());
  std::vector<double> expected(n), computed(n);
  direct_sum(Laplace{}, placed(t.downward_check, scene.boxes[0]), scene.sources.interleaved(), scene.charges,
             expected);
  for (std::size_t i = 0; i < n; ++i) {
    expected[i] *= scene.boxes[0].half / Laplace::constant;
    computed[i] = double(checks[i]) - 1;
  }
  EXPECT_LT(relative_error(computed, expected), tolerance);
  EXPECT_EQ(checks[n], Real(1));
}

TEST(P2L, IsThePotentialOnTheCheckSurface) {
  check_p2l<double>(Precision::double_precision, 40, 1e-13);
  check_p2l<double>(Precision::double_precision, 1500, 1e-13);
  check_p2l<float>(Precision::single_precision, 40, 1e-6);
}

template <class Real>
void check_p2p(Index sources, double unit, double tolerance) {
  const Scene scene(sources, unit);
  const std::vector<Real> charges(scene.charges.begin(), scene.charges.end());
  std::vector<double> potential(29), gradient(3 * 29);
  direct_sum(Laplace{}, scene.targets.interleaved(), scene.sources.interleaved(), scene.charges, potential,
             gradient);
  Sums sums(29, true), only(29, false);
  p2p<Real>(Laplace{}, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
            scene.sources.view(), charges.data(), sums.view());
  p2p<Real>(Laplace{}, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(),
            scene.sources.view(), charges.data(), only.view());
  EXPECT_LT(relative_error(sums.potential, potential), tolerance);
  EXPECT_LT(relative_error(only.potential, potential), tolerance);
  EXPECT_LT(relative_error(sums.gradient(), gradient), 10 * tolerance);
}

TEST(P2P, IsTheDirectSum) {
  for (const Index sources : {0, 1, 40, 1023, 1024, 1025, 3000})
    if (sources > 0) check_p2p<double>(sources, 1, 1e-13);
  check_p2p<float>(40, 1, 1e-6);
  check_p2p<float>(3000, 1, 1e-6);
}

TEST(P2P, SinglePrecisionDoesNotDependOnTheUnitOfLength) {
  check_p2p<float>(40, 1e-25, 1e-6);
  check_p2p<float>(40, 1e25, 1e-6);
}

TEST(P2P, SinglePrecisionDoesNotDependOnThePlace) {
  // Far from the origin, absolute coordinates in single precision would have no digits left.
  std::vector<Box> boxes{{1e6, 1e6, -1e6, 0.5}};
  PointSet points(1);
  points.fill(0, boxes[0], 50, 1);
  List list;
  list.push(0);
  list.close_row();
  const auto charges = random_values(50, 0, 1, 2);
  const std::vector<float> rounded(charges.begin(), charges.end());
  const std::vector<NodeIndex> leaves{0};
  std::vector<double> potential(50);
  direct_sum(Laplace{}, points.interleaved(), points.interleaved(), charges, potential);
  Sums sums(50, false);
  p2p<float>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(), rounded.data(),
             sums.view());
  EXPECT_LT(relative_error(sums.potential, potential), 1e-6);
}

TEST(P2P, CoincidentPointsContributeNothing) {
  const std::vector<Box> boxes{{0, 0, 0, 1}};
  PointSet points(1);
  points.fill(0, boxes[0], 1, 1);
  List list;
  list.push(0);
  list.close_row();
  const std::vector<NodeIndex> leaves{0};
  const std::vector<double> charge{1};
  const std::vector<float> single{1};
  Sums sums(1, true);
  p2p<double>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(), charge.data(),
              sums.view());
  p2p<float>(Laplace{}, leaves, list.view(), boxes.data(), points.view(), points.view(), single.data(),
             sums.view());
  EXPECT_EQ(sums.potential[0], 0);
  EXPECT_EQ(sums.gx[0], 0);
}

}  // namespace
}  // namespace octopole::testing
