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
        reference_sums(Laplace{}, targets, sources.points, sources.charges, true, form);
    const ReferenceSums alone =
        reference_sums(Laplace{}, targets, sources.points, sources.charges, false, form);
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
  const ReferenceSums none = reference_sums(Laplace{}, target, {}, {}, true, form);
  EXPECT_EQ(none.potential, std::vector<double>{0});
  EXPECT_EQ(none.gradient, (std::vector<double>{0, 0, 0}));
  EXPECT_TRUE(reference_sums(Laplace{}, {}, target, std::vector<double>{1}, true, form).potential.empty());
  EXPECT_THROW(reference_sums(Laplace{}, target, target, std::vector<double>{1, 2}, true, form), Error);
}

INSTANTIATE_TEST_SUITE_P(Forms, ReferenceSum,
                         testing::Combine(testing::ValuesIn(simd::available_isas()),
                                          testing::Values(ReferenceForm::in_double, ReferenceForm::one_step,
                                                          ReferenceForm::in_single,
                                                          ReferenceForm::estimated)));

}  // namespace
}  // namespace octopole
