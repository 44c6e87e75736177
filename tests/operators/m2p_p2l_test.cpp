// M2P and P2L, each alone, against direct sums.
#include "operators/m2p_p2l.hpp"

#include <gtest/gtest.h>

#include "uniform_tree.hpp"

namespace octopole::testing {
namespace {

template <class Real>
void check_m2p(const AnyKernel& kernel, Precision precision, double tolerance) {
  const Scene scene;
  const auto t = translations_of<Real>(kernel, laplace_key(4, M2lMethod::fft, precision), 1);
  const auto n = static_cast<std::size_t>(t.equivalent_size());
  auto density = random_values(4 * n, 0, 1, 5);
  std::fill(density.begin() + std::ptrdiff_t(3 * n), density.end(), 0.0);
  const std::vector<Real> multipoles(density.begin(), density.end());
  std::vector<double> potential(29), gradient(3 * 29);
  for (const std::size_t node : {1u, 2u})
    direct_sum(kernel, scene.targets.interleaved(), placed(t.upward_equivalent, scene.boxes[node]),
               std::span(density).subspan(node * n, n), potential, gradient);
  Sums sums(29, true);
  m2p(kernel, t, scene.nodes, scene.list.view(), scene.boxes.data(), scene.targets.view(), multipoles.data(),
      sums.view());
  EXPECT_LT(relative_error(sums.potential, potential), tolerance);
  EXPECT_LT(relative_error(sums.gradient(), gradient), 10 * tolerance);
}

TEST(M2P, IsTheFieldOfTheEquivalentSurfaces) {
  for (const AnyKernel& kernel : tested_kernels()) {
    check_m2p<double>(kernel, Precision::double_precision, 1e-13);
    check_m2p<float>(kernel, Precision::single_precision, 1e-6);
  }
}

template <class Real>
void check_p2l(const AnyKernel& kernel, Precision precision, Index sources, double tolerance) {
  const Scene scene(sources);
  const auto t = translations_of<Real>(kernel, laplace_key(4, M2lMethod::fft, precision), 1);
  const auto n = static_cast<std::size_t>(t.downward_check_size());
  const std::vector<Real> charges(scene.charges.begin(), scene.charges.end());
  std::vector<Real> checks(4 * n, Real(1));  // results are added to these
  p2l(kernel, t, scene.nodes, scene.list.view(), scene.boxes.data(), scene.sources.view(), charges.data(),
      checks.data());
  std::vector<double> expected(n), computed(n);
  direct_sum(kernel, placed(t.downward_check, scene.boxes[0]), scene.sources.interleaved(), scene.charges,
             expected);
  for (std::size_t i = 0; i < n; ++i) {
    expected[i] *= scene.boxes[0].half / kernel.constant();
    computed[i] = double(checks[i]) - 1;
  }
  EXPECT_LT(relative_error(computed, expected), tolerance);
  EXPECT_EQ(checks[n], Real(1));
}

TEST(P2L, IsThePotentialOnTheCheckSurface) {
  for (const AnyKernel& kernel : tested_kernels()) {
    check_p2l<double>(kernel, Precision::double_precision, 40, 1e-13);
    check_p2l<double>(kernel, Precision::double_precision, 1500, 1e-13);
    check_p2l<float>(kernel, Precision::single_precision, 40, 1e-6);
  }
}

}  // namespace
}  // namespace octopole::testing
