// Partial derivatives of kernels: the numbering of parts, and values against differences.
#include "kernels/derivatives.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "kernels/direct.hpp"

namespace octopole {
namespace {

TEST(Derivatives, PartsAreSortedByTheirAxes) {
  const std::array<std::string, 20> axes = {"",    "x",   "y",   "z",   "xx",  "xy",  "xz",
                                            "yy",  "yz",  "zz",  "xxx", "xxy", "xxz", "xyy",
                                            "xyz", "xzz", "yyy", "yyz", "yzz", "zzz"};
  for (int a = 0; a < 20; ++a)
    for (int b = 0; b < 20; ++b) {
      std::string both = axes[static_cast<std::size_t>(a)] + axes[static_cast<std::size_t>(b)];
      if (both.size() > 3) continue;
      std::sort(both.begin(), both.end());
      EXPECT_EQ(axes[static_cast<std::size_t>(product_of_parts(a, b))], both) << a << ' ' << b;
    }
  for (int part = 0; part < 20; ++part)
    EXPECT_EQ(order_of_part(part), static_cast<int>(axes[static_cast<std::size_t>(part)].size()));
}

std::array<double, 20> derivatives_at(const AnyKernel& kernel, const std::array<double, 3>& d) {
  const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
  return derivatives_of(kernel.at(r2, 1 / std::sqrt(r2)), d, 1 / std::sqrt(r2));
}

// Each derivative is the central difference of one of a lower order.
TEST(Derivatives, AgreeWithDifferences) {
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{0.7}), AnyKernel(Yukawa{9})})
    for (const std::array<double, 3>& d : {std::array{0.3, -0.5, 0.2}, {1.1, 0.0, 0.4}, {-0.2, 0.1, -2.0}}) {
      const std::array<double, 20> value = derivatives_at(kernel, d);
      for (int axis = 0; axis < 3; ++axis) {
        constexpr double kStep = 1e-4;
        std::array<double, 3> up = d, down = d;
        up[static_cast<std::size_t>(axis)] += kStep;
        down[static_cast<std::size_t>(axis)] -= kStep;
        const std::array<double, 20> above = derivatives_at(kernel, up), below = derivatives_at(kernel, down);
        for (int part = 0; part < 10; ++part) {
          const auto p = static_cast<std::size_t>(part),
                     q = static_cast<std::size_t>(product_of_parts(part, 1 + axis));
          const double slope = (above[p] - below[p]) / (2 * kStep);
          EXPECT_NEAR(value[q], slope, 1e-5 * std::max(1.0, std::abs(slope)) * 10)
              << kernel.name() << ", part " << part << ", axis " << axis;
        }
      }
    }
}

TEST(Derivatives, TheTraceOfTheHessianIsThatOfTheEquation) {
  const std::array<double, 3> d = {0.3, -0.5, 0.2};
  const std::array<double, 20> laplace = derivatives_at(Laplace{}, d), yukawa = derivatives_at(Yukawa{3}, d);
  EXPECT_NEAR(laplace[4] + laplace[7] + laplace[9], 0, 1e-13);
  EXPECT_NEAR(yukawa[4] + yukawa[7] + yukawa[9], 9 * yukawa[0], 1e-13 * std::abs(9 * yukawa[0]));
  // So does that of each first derivative.
  for (int axis = 1; axis <= 3; ++axis) {
    double trace = 0;
    for (const int second : {4, 7, 9})
      trace += yukawa[static_cast<std::size_t>(product_of_parts(second, axis))];
    EXPECT_NEAR(trace, 9 * yukawa[static_cast<std::size_t>(axis)], 1e-12 * std::abs(yukawa[10]));
  }
}

// The orders of highest derivatives are left out where they are not asked for.
TEST(Derivatives, FactorsUpToAnOrder) {
  const AnyKernel kernel = Yukawa{2};
  const RadialFactors all = kernel.at(0.49, 1 / 0.7);
  EXPECT_NE(all.third_factor, 0);
  for (int order = 0; order <= 3; ++order) {
    const RadialFactors some = kernel.at(0.49, 1 / 0.7, order);
    EXPECT_EQ(some.potential, all.potential);
    EXPECT_EQ(some.gradient_factor, order >= 1 ? all.gradient_factor : 0);
    EXPECT_EQ(some.hessian_factor, order >= 2 ? all.hessian_factor : 0);
    EXPECT_EQ(some.third_factor, order >= 3 ? all.third_factor : 0);
  }
}

// A dipole is the limit of two opposite charges: q at y + h d, -q at y - h d, with 2 h q = 1.
TEST(Derivatives, ADipoleIsTwoCharges) {
  const std::array<double, 3> dipole = {0.3, -0.7, 0.5};
  constexpr double kHalf = 1e-4;
  std::vector<double> pair, source = {0.1, 0.2, 0.3}, target = {0.9, -0.4, 0.6}, charges, dipoles;
  for (const double sign : {1.0, -1.0}) {
    for (std::size_t c = 0; c < 3; ++c) pair.push_back(source[c] + sign * kHalf * dipole[c]);
    charges.push_back(sign / (2 * kHalf));
  }
  dipoles.assign(dipole.begin(), dipole.end());
  const Output all = Output::potential_gradient_and_hessian;
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{2})}) {
    Field of_pair, of_dipole;
    direct_sum(kernel, target, pair, Strengths{charges, {}}, all, of_pair);
    direct_sum(kernel, target, source, Strengths{{}, dipoles}, all, of_dipole);
    EXPECT_NEAR(of_dipole.potential[0], of_pair.potential[0], 1e-7);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(of_dipole.gradient[i], of_pair.gradient[i], 1e-7);
    for (std::size_t i = 0; i < 6; ++i) EXPECT_NEAR(of_dipole.hessian[i], of_pair.hessian[i], 1e-6);
  }
}

}  // namespace
}  // namespace octopole
