// The Yukawa kernel against the formula of the C library, and its loops with every instruction set.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <vector>

#include "kernels/direct.hpp"
#include "kernels/pair_loop.hpp"
#include "kernels/reference_sum.hpp"
#include "octopole/error.hpp"
#include "simd/isa.hpp"
#include "tests/support/points.hpp"

namespace octopole {
namespace {

using namespace test;

class YukawaLoops : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

/// Potential and gradient by exp of the C library; coincident points contribute nothing.
void plain_sum(double screening, const std::vector<double>& targets, const std::vector<double>& sources,
               const std::vector<double>& charges, std::vector<double>& u, std::vector<double>& g) {
  u.assign(targets.size() / 3, 0);
  g.assign(targets.size(), 0);
  for (std::size_t i = 0; i < u.size(); ++i)
    for (std::size_t j = 0; j < charges.size(); ++j) {
      const double dx = targets[3 * i] - sources[3 * j], dy = targets[3 * i + 1] - sources[3 * j + 1],
                   dz = targets[3 * i + 2] - sources[3 * j + 2], r = std::hypot(dx, dy, dz);
      if (r == 0) continue;
      const double value = charges[j] * std::exp(-screening * r) / (4 * std::numbers::pi * r);
      const double slope = -value * (screening + 1 / r);
      u[i] += value;
      g[3 * i] += slope * dx / r;
      g[3 * i + 1] += slope * dy / r;
      g[3 * i + 2] += slope * dz / r;
    }
}

double relative_error(const std::vector<double>& values, const std::vector<double>& exact) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    error += std::pow(values[i] - exact[i], 2);
    norm += exact[i] * exact[i];
  }
  return std::sqrt(error / norm);
}

TEST(Yukawa, HasTheFormulaAndItsDerivative) {
  for (const double screening : {0.0, 0.3, 5.0, 80.0})
    for (const double r : {1e-3, 0.2, 1.0, 3.0}) {
      const AnyKernel kernel = Yukawa{screening};
      const RadialFactors pair = kernel.at(r * r, 1 / r);
      const double exact = std::exp(-screening * r) / r;
      EXPECT_NEAR(pair.potential, exact, 1e-12 * exact);
      const double h = 1e-4 / (screening + 1 / r);
      const auto f = [&](double at) { return std::exp(-screening * at) / at; };
      const double slope = (8 * (f(r + h) - f(r - h)) - (f(r + 2 * h) - f(r - 2 * h))) / (12 * h);
      EXPECT_NEAR(pair.gradient_factor * r, slope, 1e-9 * std::abs(slope));
    }
}

TEST(Yukawa, InUnitsOfALength) {
  const AnyKernel kernel = Yukawa{1.75}, scaled = kernel.in_units_of(0.25);
  EXPECT_EQ(scaled.parameters()[0], 1.75 * 0.25);
  for (const double r : {0.1, 1.0, 7.0})
    EXPECT_NEAR(kernel.at(0.0625 * r * r, 4 / r).potential, 4 * scaled.at(r * r, 1 / r).potential,
                1e-13 * 4 / r);
  const AnyKernel laplace = Laplace{};
  EXPECT_EQ(laplace.in_units_of(7).at(4, 0.5).potential, 0.5);
}

TEST(Yukawa, ParametersAreNamedAndChecked) {
  const AnyKernel kernel = Yukawa{2};
  ASSERT_EQ(kernel.parameter_names().size(), 1u);
  EXPECT_EQ(kernel.parameter_names()[0], "screening");
  EXPECT_NO_THROW(kernel.check());
  EXPECT_NO_THROW(AnyKernel(Yukawa{0}).check());
  for (const double bad : {-1.0, std::nan(""), HUGE_VAL}) EXPECT_THROW(AnyKernel(Yukawa{bad}).check(), Error);
}

TEST(Yukawa, WithoutScreeningItIsLaplace) {
  const AnyKernel yukawa = Yukawa{0}, laplace = Laplace{};
  for (const double r : {1e-9, 0.3, 1e12}) {
    EXPECT_EQ(yukawa.at(r * r, 1 / r).potential, laplace.at(r * r, 1 / r).potential);
    EXPECT_NEAR(yukawa.at(r * r, 1 / r).gradient_factor, laplace.at(r * r, 1 / r).gradient_factor,
                1e-15 / (r * r * r));
  }
}

TEST(Yukawa, DirectSumIsThePlainSumInAnyUnit) {
  const auto points = make_points("cube", 80);
  const auto charges = make_charges(80);
  for (const double unit : {1e-60, 1.0, 1e80}) {
    std::vector<double> scaled = points, u, g, found(80), gradient(240);
    for (double& x : scaled) x *= unit;
    plain_sum(3 / unit, scaled, scaled, charges, u, g);
    direct_sum(Yukawa{3 / unit}, scaled, scaled, charges, found, gradient);
    EXPECT_LT(relative_error(found, u), 1e-12) << unit;
    EXPECT_LT(relative_error(gradient, g), 1e-12) << unit;
  }
}

template <class Real>
void expect_one_sided(double screening, double tolerance) {
  for (const std::size_t n : {1u, 7u, 16u, 45u}) {
    const auto sources = make_points("cube", 100), charges = make_charges(100);
    auto targets = make_points("sphere", n);
    targets.insert(targets.end(), sources.begin(), sources.begin() + 3);  // one coincides
    std::vector<double> u, g;
    plain_sum(screening, targets, sources, charges, u, g);
    const auto axis = [](const std::vector<double>& points, std::size_t c) {
      std::vector<Real> values;
      for (std::size_t i = c; i < points.size(); i += 3) values.push_back(static_cast<Real>(points[i]));
      return values;
    };
    const std::vector<Real> x = axis(targets, 0), y = axis(targets, 1), z = axis(targets, 2),
                            sx = axis(sources, 0), sy = axis(sources, 1), sz = axis(sources, 2),
                            q(charges.begin(), charges.end());
    const TargetArrays<Real> to{x.data(), y.data(), z.data(), static_cast<Index>(x.size())};
    const SourceArrays<Real> from{sx.data(), sy.data(), sz.data(), q.data(), 100};
    std::vector<Real> only(x.size()), both(x.size()), gx(x.size()), gy(x.size()), gz(x.size());
    const AnyKernel kernel = Yukawa{screening};
    pair_potential(kernel, to, from, only.data());
    pair_gradient(kernel, to, from, both.data(), gx.data(), gy.data(), gz.data());
    const auto in_double = [&](const std::vector<Real>& values) {
      std::vector<double> result(values.begin(), values.end());
      for (double& value : result) value *= kernel.constant();
      return result;
    };
    std::vector<double> gradient;
    for (std::size_t i = 0; i < x.size(); ++i)
      for (const auto* part : {&gx, &gy, &gz}) gradient.push_back(kernel.constant() * double((*part)[i]));
    EXPECT_LT(relative_error(in_double(only), u), tolerance) << n;
    EXPECT_LT(relative_error(in_double(both), u), tolerance) << n;
    EXPECT_LT(relative_error(gradient, g), 10 * tolerance) << n;
  }
}

TEST_P(YukawaLoops, OneSided) {
  for (const double screening : {0.0, 2.0, 40.0}) {
    SCOPED_TRACE(screening);
    expect_one_sided<double>(screening, 1e-12);
    expect_one_sided<float>(screening, 1e-5);
  }
}

// Of every form: scales and gradients too. Some sources are far outside the sample that decides on the frame.
TEST_P(YukawaLoops, ReferenceSums) {
  const auto sources = make_points("plummer", 900), charges = make_charges(900);
  const std::vector<double> targets(sources.begin(), sources.begin() + 60);
  std::vector<double> sizes = charges;
  for (double& size : sizes) size = std::abs(size);
  for (const double screening : {0.5, 12.0}) {
    std::vector<double> u, g, scale, unused;
    plain_sum(screening, targets, sources, charges, u, g);
    plain_sum(screening, targets, sources, sizes, scale, unused);
    for (const auto& [form, tolerance] : {std::pair{ReferenceForm::in_double, 1e-12},
                                          {ReferenceForm::one_step, 1e-7},
                                          {ReferenceForm::in_single, 3e-6},
                                          {ReferenceForm::estimated, 5e-4}}) {
      const ReferenceSums sums = reference_sums(Yukawa{screening}, targets, sources, Strengths{charges, {}},
                                                Output::potential_and_gradient, form);
      EXPECT_LT(relative_error(sums.potential, u), tolerance) << static_cast<int>(form);
      EXPECT_LT(relative_error(sums.scale, scale), tolerance) << static_cast<int>(form);
      EXPECT_LT(relative_error(sums.gradient, g), 3 * tolerance) << static_cast<int>(form);
      EXPECT_EQ(
          reference_sums(Yukawa{screening}, targets, sources, Strengths{charges, {}}, Output::potential, form)
              .potential,
          sums.potential);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllIsas, YukawaLoops, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& param) { return std::string(simd::isa_name(param.param)); });

}  // namespace
}  // namespace octopole
