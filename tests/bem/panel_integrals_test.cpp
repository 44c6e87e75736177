#include "bem/panel_integrals.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <random>

#include "octopole/error.hpp"

namespace octopole::bem {
namespace {

using Panel = std::array<double, 9>;
using Place = std::array<double, 3>;

double rule_integral(const Panel& panel, const Place& point) {
  double sum = 0;
  for (const RulePoint& k : triangle_rule(7).points) {
    const Place y = rule_point(k, panel.data());
    sum += k.weight / std::hypot(y[0] - point[0], y[1] - point[1], y[2] - point[2]);
  }
  return sum * panel_area(panel.data());
}

/// Adaptive quadrature: subdivides where the quarters differ from the whole by more than `tolerance`.
double adaptive_integral(const Panel& p, const Place& point, double tolerance, int depth = 0) {
  const auto middle = [&](std::size_t a, std::size_t b) {
    Place m;
    for (std::size_t d = 0; d < 3; ++d) m[d] = (p[3 * a + d] + p[3 * b + d]) / 2;
    return m;
  };
  const auto corner = [&](std::size_t a) { return Place{p[3 * a], p[3 * a + 1], p[3 * a + 2]}; };
  const auto join = [](const Place& a, const Place& b, const Place& c) {
    return Panel{a[0], a[1], a[2], b[0], b[1], b[2], c[0], c[1], c[2]};
  };
  const Place a = corner(0), b = corner(1), c = corner(2), ab = middle(0, 1), bc = middle(1, 2),
              ca = middle(2, 0);
  const std::array<Panel, 4> parts = {join(a, ab, ca), join(ab, b, bc), join(ca, bc, c), join(ab, bc, ca)};
  double fine = 0;
  for (const Panel& part : parts) fine += rule_integral(part, point);
  if (depth > 12 || std::abs(fine - rule_integral(p, point)) <= tolerance * fine) return fine;
  double sum = 0;
  for (const Panel& part : parts) sum += adaptive_integral(part, point, tolerance, depth + 1);
  return sum;
}

const Panel kPanel = {0.1, 0.2, 0.3, 1.3, 0.1, 0.5, 0.4, 0.9, -0.2};

/// The point with barycentric coordinates u and v, moved off the plane by `height`.
Place place_over(const Panel& p, double u, double v, double height = 0) {
  double e[3], f[3];
  for (std::size_t d = 0; d < 3; ++d) {
    e[d] = p[3 + d] - p[d];
    f[d] = p[6 + d] - p[d];
  }
  const double n[3] = {e[1] * f[2] - e[2] * f[1], e[2] * f[0] - e[0] * f[2], e[0] * f[1] - e[1] * f[0]};
  const double length = std::hypot(n[0], n[1], n[2]);
  Place place;
  for (int d = 0; d < 3; ++d) place[size_t(d)] = p[size_t(d)] + u * e[d] + v * f[d] + height * n[d] / length;
  return place;
}

double integral(const Panel& panel, const Place& point) {
  return triangle_integral(panel.data(), point.data());
}

TEST(PanelPotential, AgreesWithAdaptiveQuadratureOffTheTriangle) {
  for (const double height : {0.0, 1e-2, -0.3, 1.0, 5.0})
    for (const auto& [u, v] : {std::pair{1.2, 0.3}, {-0.4, 0.2}, {0.3, -0.5}, {0.9, 0.9}, {-0.2, 1.4}}) {
      const Place point = place_over(kPanel, u, v, height);
      const double reference = adaptive_integral(kPanel, point, 1e-13);
      EXPECT_NEAR(integral(kPanel, point) / reference, 1, 1e-12) << u << ' ' << v << ' ' << height;
    }
  for (const double height : {0.05, -0.2}) {
    const Place point = place_over(kPanel, 0.3, 0.3, height);
    EXPECT_NEAR(integral(kPanel, point) / adaptive_integral(kPanel, point, 1e-13), 1, 1e-12);
  }
}

TEST(PanelPotential, IsTheClosedFormAtSpecialPoints) {
  const double root3 = std::sqrt(3.0), root2 = std::sqrt(2.0);
  const Panel equilateral = {0, 0, 0, 1, 0, 0, 0.5, root3 / 2, 0};
  EXPECT_NEAR(integral(equilateral, {0.5, root3 / 6, 0}), root3 * std::log(2 + root3), 1e-15);
  EXPECT_NEAR(integral(equilateral, {0, 0, 0}), root3 / 2 * std::log(3), 1e-15);  // t ln((1 + 1/2)/(1 - 1/2))
  const Panel right = {0, 0, 0, 1, 0, 0, 0, 1, 0};
  EXPECT_NEAR(integral(right, {0, 0, 0}), root2 * std::log(1 + root2), 1e-15);
  // The unit square, seen from its centre, is four such triangles of hypotenuse 1: 4 ln(1 + sqrt 2).
  const Panel quarter = {0.5, 0.5, 0, 0, 0, 0, 1, 0, 0};
  EXPECT_NEAR(4 * integral(quarter, {0.5, 0.5, 0}), 4 * std::log(1 + root2), 1e-15);
}

/// A point on a vertex, an edge or inside divides the triangle into triangles with this point as a vertex.
TEST(PanelPotential, AddsUpOverThePartsThatMeetInThePoint) {
  const Place a = place_over(kPanel, 0, 0), b = place_over(kPanel, 1, 0), c = place_over(kPanel, 0, 1);
  const auto with = [](const Place& p, const Place& q, const Place& r) {
    return Panel{p[0], p[1], p[2], q[0], q[1], q[2], r[0], r[1], r[2]};
  };
  for (const auto& [u, v] :
       {std::pair{0.2, 0.3}, {0.5, 0.0}, {0.0, 0.7}, {0.4, 0.6}, {1e-9, 0.5}, {0.3, 1e-14}}) {
    const Place p = place_over(kPanel, u, v);
    const double parts = integral(with(p, a, b), p) + integral(with(p, b, c), p) + integral(with(p, c, a), p);
    EXPECT_NEAR(integral(kPanel, p) / parts, 1, 1e-12) << u << ' ' << v;
  }
}

TEST(PanelPotential, IsContinuousAtVerticesEdgesAndThePlane) {
  for (const auto& [u, v] : {std::pair{0.0, 0.0},
                             {1.0, 0.0},
                             {0.0, 1.0},
                             {0.5, 0.0},
                             {0.5, 0.5},
                             {0.25, 0.25},
                             {1.5, 0.0},
                             {-0.5, 0.0}}) {
    const double at = integral(kPanel, place_over(kPanel, u, v));
    EXPECT_TRUE(std::isfinite(at));
    for (const double step : {1e-6, 1e-9, 1e-12, 1e-15, 1e-300})
      for (const Place& near : {place_over(kPanel, u + step, v), place_over(kPanel, u - step, v - step),
                                place_over(kPanel, u, v + step), place_over(kPanel, u, v, step)})
        EXPECT_NEAR(integral(kPanel, near), at, 100 * step * (1 - std::log(step)) + 1e-13)
            << u << ' ' << v << ' ' << step;
  }
}

TEST(PanelPotential, IsThatOfAPointChargeFarAway) {
  const Place centre = panel_centroid(kPanel.data());
  const double area = panel_area(kPanel.data());
  for (const double distance : {1e2, 1e3}) {
    const Place point = {centre[0] + 0.6 * distance, centre[1] - 0.8 * distance, centre[2]};
    EXPECT_NEAR(integral(kPanel, point) * distance / area, 1, 1 / (distance * distance));
    EXPECT_NEAR(integral(kPanel, point) / rule_integral(kPanel, point), 1,
                1e-15 * distance * distance + 1e-13);
  }
}

TEST(PanelPotential, DoesNotDependOnPlaceScaleOrientationOrOrder) {
  std::mt19937_64 random(3);
  const auto uniform = [&] { return double(random() >> 11) * 0x1p-53; };
  for (int trial = 0; trial < 200; ++trial) {
    Panel panel;
    for (double& x : panel) x = uniform();
    Place point;
    for (double& x : point) x = 2 * uniform() - 0.5;
    const double value = integral(panel, point);
    EXPECT_GT(value, 0);
    EXPECT_NEAR(
        integral({panel[3], panel[4], panel[5], panel[0], panel[1], panel[2], panel[6], panel[7], panel[8]},
                 point),
        value, 1e-12 * value);
    for (const double scale : {1e-9, 1e-3, 0x1p20}) {
      Panel scaled = panel;
      Place moved = point;
      for (double& x : scaled) x *= scale;
      for (double& x : moved) x *= scale;
      EXPECT_NEAR(integral(scaled, moved), scale * value, 1e-12 * scale * value);
    }
    for (double& x : panel) x += 16;
    for (double& x : point) x += 16;
    EXPECT_NEAR(integral(panel, point), value, 1e-11 * value);
  }
}

TEST(PanelPotential, OfATriangleWithoutAreaIsZero) {
  EXPECT_EQ(integral({0, 0, 0, 1, 0, 0, 2, 0, 0}, {0.5, 0, 0}), 0);
  EXPECT_EQ(integral({1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1}), 0);
}

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

TEST(NearRules, AreAsWideAsTheToleranceAsks) {
  EXPECT_THROW(near_rule(0, 0.1), Error);
  EXPECT_THROW(near_rule(1e-3, 0), Error);
  EXPECT_EQ(near_rule(1e-3, 0.01).points, 1);
  EXPECT_EQ(near_rule(1e-5, 0.03).points, 3);
  EXPECT_FALSE(near_rule(1e-6, 0.01).in_double);
  EXPECT_TRUE(near_rule(1e-8, 0.01).in_double);
}

}  // namespace
}  // namespace octopole::bem
