// The reference sums for measured errors against the plain direct sum, for every instruction set of this
// machine.
#include "kernels/reference_sum.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/direct.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

constexpr Output kBoth = Output::potential_and_gradient;

struct Cloud {
  std::vector<double> points, charges;
};

Cloud random_cloud(std::size_t count, unsigned seed) {
  std::mt19937_64 random(seed);
  const auto uniform = [&random] { return static_cast<double>(random() >> 11) * 0x1p-52 - 1; };
  Cloud cloud;
  for (std::size_t i = 0; i < count; ++i) {
    for (int c = 0; c < 3; ++c) cloud.points.push_back(uniform());
    cloud.charges.push_back(uniform());
  }
  return cloud;
}

using Form = std::tuple<simd::Isa, ReferenceForm>;

class ReferenceSum : public testing::TestWithParam<Form> {
 protected:
  void SetUp() override {
    before_ = simd::active_isa();
    simd::force_isa(std::get<0>(GetParam()));
  }
  void TearDown() override { simd::force_isa(before_); }

  /// Compares every target relative to its scale, in units of a length near that of the points.
  void compare(const std::vector<double>& targets, const Cloud& sources, double unit = 1) const {
    const ReferenceForm form = std::get<1>(GetParam());
    const double tolerance = form == ReferenceForm::in_double   ? 1e-14
                             : form == ReferenceForm::one_step  ? 6e-9
                             : form == ReferenceForm::in_single ? 2e-6
                                                                : 2e-4;
    const std::size_t k = targets.size() / 3;
    std::vector<double> near = targets, from = sources.points, u(k), g(3 * k);
    for (auto* values : {&near, &from})
      for (double& x : *values) x /= unit;
    direct_sum(Laplace{}, near, from, sources.charges, u, g);
    const ReferenceSums sums =
        reference_sums(Laplace{}, targets, sources.points, Strengths{sources.charges, {}}, kBoth, form);
    const ReferenceSums alone = reference_sums(Laplace{}, targets, sources.points,
                                               Strengths{sources.charges, {}}, Output::potential, form);
    EXPECT_TRUE(alone.gradient.empty() && alone.gradient_scale.empty());
    ASSERT_EQ(sums.gradient.size(), 3 * k);
    for (std::size_t i = 0; i < k; ++i) {
      double scale = 0, gradient_scale = 0;
      for (std::size_t j = 0; j < sources.charges.size(); ++j) {
        const double r = std::hypot(near[3 * i] - from[3 * j], near[3 * i + 1] - from[3 * j + 1],
                                    near[3 * i + 2] - from[3 * j + 2]);
        if (r == 0) continue;
        scale += Laplace::constant * std::abs(sources.charges[j]) / r;
        gradient_scale += Laplace::constant * std::abs(sources.charges[j]) / r / r;
      }
      ASSERT_NEAR(sums.potential[i] * unit, u[i], tolerance * scale) << i;
      ASSERT_NEAR(alone.potential[i] * unit, u[i], tolerance * scale) << i;
      ASSERT_NEAR(sums.scale[i] * unit, scale, tolerance * scale) << i;
      ASSERT_NEAR(alone.scale[i] * unit, scale, tolerance * scale) << i;
      for (std::size_t c = 0; c < 3; ++c)
        ASSERT_NEAR(sums.gradient[3 * i + c] * unit * unit, g[3 * i + c], 3 * tolerance * gradient_scale)
            << i;
      ASSERT_NEAR(sums.gradient_scale[i] * unit * unit, gradient_scale, 3 * tolerance * gradient_scale) << i;
    }
  }

 private:
  simd::Isa before_{};
};

TEST_P(ReferenceSum, AnyNumberOfSourcesAndTargets) {
  for (const std::size_t n : {1, 2, 15, 16, 17, 511, 512, 513, 1300})
    for (const std::size_t k : {1, 3}) compare(random_cloud(k, 7).points, random_cloud(n, 8));
  compare(random_cloud(1100, 7).points, random_cloud(40, 8));  // more targets than are summed at once
}

TEST_P(ReferenceSum, CoincidentAndClosePoints) {
  Cloud cloud = random_cloud(900, 3);
  for (std::size_t i = 0; i < 300; ++i) cloud.points[3 * i] = cloud.points[3 * (i + 300)];
  std::vector<double> targets(cloud.points.begin(), cloud.points.begin() + 60);
  compare(targets, cloud);  // the sources themselves
  for (const double distance : {1e-2, 1e-3, 1e-4, 1e-6, 1e-9, 1e-12}) {
    for (std::size_t i = 0; i < targets.size(); ++i)
      targets[i] = cloud.points[i] + (i % 3 == 0 ? distance : 0.3 * distance);
    compare(targets, cloud);
  }
}

TEST_P(ReferenceSum, SourcesFarFromWhereMostAre) {
  Cloud cloud = random_cloud(20000, 4);  // only a sample determines their extent and charges
  for (const std::size_t i : {100, 7777, 12345}) {
    for (std::size_t c = 0; c < 3; ++c) cloud.points[3 * i + c] *= 1e3 * static_cast<double>(i);
    cloud.charges[i + 7] = 1e25 * static_cast<double>(i);
  }
  std::vector<double> targets = random_cloud(4, 5).points;
  targets.insert(targets.end(), {1e9, -1e9, 2e8});
  compare(targets, cloud);
}

TEST_P(ReferenceSum, CoordinatesOfAnySizeAndOffset) {
  for (const double unit : {0x1p-490, 0x1p-300, 0x1p-60, 0x1p60, 0x1p300, 0x1p490}) {
    SCOPED_TRACE(unit);
    Cloud cloud = random_cloud(700, 6);
    std::vector<double> targets = random_cloud(5, 7).points;
    for (auto* values : {&cloud.points, &targets})
      for (double& x : *values) x = (x + 3) * unit;
    compare(targets, cloud, unit);
  }
  Cloud cloud = random_cloud(700, 6);
  std::vector<double> targets = random_cloud(5, 7).points;
  for (auto* values : {&cloud.points, &targets})
    for (double& x : *values) x += 1e8;
  compare(targets, cloud);
}

TEST_P(ReferenceSum, ChargesOfManySizesAndNone) {
  Cloud cloud = random_cloud(2000, 9);
  for (std::size_t i = 0; i < cloud.charges.size(); ++i)
    cloud.charges[i] *= std::pow(10.0, -static_cast<double>(i % 13) - 200);
  compare(random_cloud(5, 10).points, cloud);
  for (double& q : cloud.charges) q = 0;
  compare(random_cloud(5, 10).points, cloud);
}

TEST_P(ReferenceSum, NothingToSumIsZeroAndWrongLengthsAreErrors) {
  const std::vector<double> target = {1, 2, 3};
  const ReferenceForm form = std::get<1>(GetParam());
  const ReferenceSums none = reference_sums(Laplace{}, target, {}, Strengths{{}, {}}, kBoth, form);
  EXPECT_EQ(none.potential, std::vector<double>{0});
  EXPECT_EQ(none.gradient, (std::vector<double>{0, 0, 0}));
  const std::vector<double> one = {1}, two = {1, 2};
  EXPECT_TRUE(reference_sums(Laplace{}, {}, target, Strengths{one, {}}, kBoth, form).potential.empty());
  EXPECT_THROW(reference_sums(Laplace{}, target, target, Strengths{two, {}}, kBoth, form), Error);
  EXPECT_THROW(reference_sums(Laplace{}, target, target, Strengths{one, two}, kBoth, form), Error);
}

// Dipoles, both kinds, and derivatives up to the Hessian, in any unit of length: against the plain sum, and
// scales against sums of magnitudes.
TEST_P(ReferenceSum, DipolesAndHessians) {
  const ReferenceForm form = std::get<1>(GetParam());
  const double tolerance = form == ReferenceForm::in_double   ? 1e-13
                           : form == ReferenceForm::one_step  ? 6e-8
                           : form == ReferenceForm::in_single ? 2e-5
                                                              : 2e-3;
  const Cloud cloud = random_cloud(1100, 3);
  std::vector<double> dipoles = random_cloud(1100, 4).points, targets = random_cloud(7, 5).points;
  std::copy_n(cloud.points.begin(), 6, targets.begin());  // two are sources
  std::copy_n(cloud.points.begin() + 6, 3, targets.begin() + 6);
  targets[6] += 1e-5;  // one is close to a source
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{1.5})})
    for (const double unit : {1.0, 0x1p40, 0x1p-40})
      for (const Strengths& strengths :
           {Strengths{cloud.charges, {}}, Strengths{{}, dipoles}, Strengths{cloud.charges, dipoles}})
        for (const Output output :
             {Output::potential, Output::potential_and_gradient, Output::potential_gradient_and_hessian}) {
          SCOPED_TRACE(testing::Message()
                       << kernel.name() << ", unit " << unit << ", " << strengths.charges.size()
                       << " charges, " << strengths.dipoles.size() << ", output "
                       << static_cast<int>(output));
          std::vector<double> near = targets, from = cloud.points;
          for (auto* values : {&near, &from})
            for (double& x : *values) x *= unit;
          Field expected;
          direct_sum(kernel, near, from, strengths, output, expected);
          const ReferenceSums sums = reference_sums(kernel, near, from, strengths, output, form);
          const auto compare_part = [&](const std::vector<double>& values, const std::vector<double>& plain,
                                        const std::vector<double>& scale, std::size_t width) {
            ASSERT_EQ(values.size(), plain.size());
            ASSERT_EQ(scale.size() * width, plain.size());
            for (std::size_t i = 0; i < plain.size(); ++i)
              ASSERT_NEAR(values[i], plain[i], tolerance * scale[i / width]) << i;
          };
          compare_part(sums.potential, expected.potential, sums.scale, 1);
          compare_part(sums.gradient, expected.gradient, sums.gradient_scale, 3);
          compare_part(sums.hessian, expected.hessian, sums.hessian_scale, 6);
        }
}

// One source: the scales are the magnitudes of the derivatives along the distance.
TEST_P(ReferenceSum, ScalesOfOneSource) {
  const ReferenceForm form = std::get<1>(GetParam());
  const std::vector<double> target = {1, 2, 2}, source = {0, 0, 0}, charge = {-2}, dipole = {3, 0, 4};
  const double r = 3, c = Laplace::constant;
  const auto near = [form](const std::vector<double>& scale, double value) {
    EXPECT_NEAR(scale.at(0), value, (form == ReferenceForm::in_double ? 1e-13 : 3e-3) * value);
  };
  const auto sums_of = [&](const Strengths& strengths) {
    return reference_sums(Laplace{}, target, source, strengths, Output::potential_gradient_and_hessian, form);
  };
  const ReferenceSums of_charge = sums_of({charge, {}}), of_dipole = sums_of({{}, dipole}),
                      of_both = sums_of({charge, dipole});
  near(of_charge.scale, 2 * c / r);
  near(of_charge.gradient_scale, 2 * c / r / r);
  near(of_charge.hessian_scale, 2 * c * 2 / r / r / r);
  near(of_dipole.scale, 5 * c / r / r);
  near(of_dipole.gradient_scale, 5 * c * 2 / r / r / r);
  near(of_dipole.hessian_scale, 5 * c * 6 / r / r / r / r);
  near(of_both.hessian_scale, of_charge.hessian_scale[0] + of_dipole.hessian_scale[0]);
}

INSTANTIATE_TEST_SUITE_P(Forms, ReferenceSum,
                         testing::Combine(testing::ValuesIn(simd::available_isas()),
                                          testing::Values(ReferenceForm::in_double, ReferenceForm::one_step,
                                                          ReferenceForm::in_single,
                                                          ReferenceForm::estimated)));

}  // namespace
}  // namespace octopole
