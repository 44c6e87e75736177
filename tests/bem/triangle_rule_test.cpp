#include "bem/triangle_rule.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "octopole/error.hpp"

namespace octopole::bem {
namespace {

double factorial(int n) {
  return n < 2 ? 1 : n * factorial(n - 1);
}

class TriangleRuleTest : public testing::TestWithParam<int> {};

/// The mean of l1^a l2^b l3^c is 2 a! b! c! / (a + b + c + 2)!.
double monomial_error(const TriangleRule& rule, int a, int b, int c) {
  double sum = 0;
  for (const RulePoint& k : rule.points)
    sum += k.weight * std::pow(k.barycentric[0], a) * std::pow(k.barycentric[1], b) *
           std::pow(k.barycentric[2], c);
  return std::abs(sum - 2 * factorial(a) * factorial(b) * factorial(c) / factorial(a + b + c + 2));
}

double largest_error(const TriangleRule& rule, int degree) {
  double largest = 0;
  for (int a = 0; a <= degree; ++a)
    for (int b = 0; a + b <= degree; ++b)
      largest = std::max(largest, monomial_error(rule, a, b, degree - a - b));
  return largest;
}

TEST_P(TriangleRuleTest, IsExactUpToItsDegreeAndNoFurther) {
  const TriangleRule rule = triangle_rule(GetParam());
  EXPECT_EQ(rule.size(), GetParam());
  for (int degree = 0; degree <= rule.degree; ++degree)
    EXPECT_LT(largest_error(rule, degree), 1e-16) << degree;
  EXPECT_GT(largest_error(rule, rule.degree + 1), 1e-5);
}

TEST_P(TriangleRuleTest, HasPositiveWeightsAndPointsInside) {
  for (const RulePoint& k : triangle_rule(GetParam()).points) {
    EXPECT_GT(k.weight, 0);
    for (const double b : k.barycentric) EXPECT_GT(b, 0);
    EXPECT_NEAR(k.barycentric[0] + k.barycentric[1] + k.barycentric[2], 1, 1e-15);
  }
}

INSTANTIATE_TEST_SUITE_P(Rules, TriangleRuleTest, testing::Values(1, 3, 6, 7));

TEST(TriangleRules, OfOtherSizesAreRefused) {
  for (const int points : {-1, 0, 2, 4, 12}) EXPECT_THROW(triangle_rule(points), Error);
}

TEST(TriangleRules, HaveTheCentroidBitForBit) {
  const double panel[] = {0.1, 0.7, 1e-3, 0.33, -0.2, 5, 1.1, 1e5, 0.9};
  for (const int points : {1, 7})
    EXPECT_EQ(rule_point(triangle_rule(points).points[0], panel), panel_centroid(panel));
}

TEST(PanelShape, AreaAndDiameter) {
  const double panel[] = {1, 0, 0, 1, 3, 0, 1, 0, 4};
  EXPECT_DOUBLE_EQ(panel_area(panel), 6);
  EXPECT_DOUBLE_EQ(panel_diameter(panel), 5);
}

}  // namespace
}  // namespace octopole::bem
