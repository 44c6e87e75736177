// Gauss quadrature on triangles.
#pragma once

#include <array>
#include <span>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// A point in barycentric coordinates (of the first, second and third vertex; they sum to 1) and its weight,
/// as a fraction of the area.
struct RulePoint {
  std::array<double, 3> barycentric;
  double weight;
};

/// The mean of f over a triangle is about sum_k weight_k f(y_k), exactly for polynomials up to `degree`.
/// Weights are positive and sum to 1; points lie inside.
struct TriangleRule {
  int degree = 1;
  std::span<const RulePoint> points;

  Index size() const { return static_cast<Index>(points.size()); }
};

/// Rules of 1 (degree 1), 3 (2), 6 (4) and 7 (5) points: Strang and Fix, An Analysis of the Finite Element
/// Method (1973), table 4.1; Dunavant, Int. J. Numer. Meth. Eng. 21 (1985) 1129. Throws Error for another
/// number.
TriangleRule triangle_rule(int points);

/// Position of a rule's point on a panel (3, 3). Barycentric thirds give exactly panel_centroid().
std::array<double, 3> rule_point(const RulePoint& point, const double* panel);

/// Centroid (a + b + c) / 3.
std::array<double, 3> panel_centroid(const double* panel);
double panel_area(const double* panel);
/// Length of the longest edge.
double panel_diameter(const double* panel);

}  // namespace octopole::bem
#pragma GCC visibility pop
