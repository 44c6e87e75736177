// Coordinates in any unit of length.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

Problem scaled(Problem problem, double scale) {
  for (auto* points : {&problem.sources, &problem.targets})
    for (double& x : *points) x *= scale;
  return problem;
}

/// Converts the field to the units of the unscaled points: u(s x) = u(x) / s.
Field in_ordinary_units(Field field, double scale) {
  for (double& u : field.potential) u *= scale;
  for (double& g : field.gradient) g = g * scale * scale;
  return field;
}

class ScaleByDigits : public testing::TestWithParam<int> {};

TEST(Scales, PowersOfTwoChangeNoBit) {
  const Part part = world();
  Problem problem = cloud("plummer", 700);
  for (const bool distinct : {false, true}) {
    if (distinct) problem.targets = make_points("plummer", 500, 9);
    const Field ordinary = run(problem, with_order(5, 30), part);
    for (const int exponent : {-495, -300, -40, 37, 330, 490}) {
      const double scale = std::ldexp(1.0, exponent);
      const Field field = in_ordinary_units(run(scaled(problem, scale), with_order(5, 30), part), scale);
      EXPECT_EQ(field.potential, ordinary.potential) << exponent;
      EXPECT_EQ(field.gradient, ordinary.gradient) << exponent;
    }
  }
}

TEST_P(ScaleByDigits, FieldsAreRightInEveryUnit) {
  const Part part = world();
  Options options;
  options.digits = GetParam();
  options.ncrit = 40;
  const double bound = 20 * std::pow(10.0, -GetParam());
  Problem problem = cloud("cube", 400);
  for (const bool distinct : {false, true}) {
    if (distinct) problem.targets = make_points("cube", 300, 9);
    const Field ordinary = direct(problem);
    for (const double scale : {1e-149, 1e-140, 1e-60, 1e60, 1e140, 0.9e150}) {
      const Problem in_unit = scaled(problem, scale);
      for (const Field& field : {run(in_unit, options, part), direct(in_unit)}) {
        const Field back = in_ordinary_units(field, scale);
        EXPECT_LT(relative_l2(back.potential, ordinary.potential), bound) << scale;
        EXPECT_LT(relative_l2(back.gradient, ordinary.gradient), bound) << scale;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Digits, ScaleByDigits, testing::Values(3, 6, 9));

}  // namespace
}  // namespace octopole
