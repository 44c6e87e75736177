// Integrals over a panel: in closed form, by quadrature, and which of them between two panels.
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

/// The integral of 1 / |point - y| over the triangle `panel` (3 vertices of 3 coordinates), at any point: off
/// the plane, in it, on edges and on vertices. With R the distance from the point to vertices, s along and t
/// across an edge in the plane, d the height above the plane:
///   sum over edges of t ln((R+ + s+) / (R- + s-)) - |d| (solid angle)
/// (Wilton, Rao, Glisson, Schaubert, Al-Bundak, Butler, IEEE Trans. Antennas Propag. 32 (1984) 276, eq. 5;
/// Graglia, same Trans. 41 (1993) 1448); the solid angle as in Van Oosterom and Strackee, IEEE Trans. Biomed.
/// Eng. 30 (1983) 125. Relative error about 1e-15 (distance / diameter)^2, at least 1e-15. A triangle without
/// area gives 0.
double triangle_integral(const double* panel, const double* point);

/// The operator's entry P_ij, the potential at the centroid of panel i due to panel j with charge 1:
///   near pairs, |c_i - c_j| < multiple * diameter_j:
///     1 / (4 pi area_j) times the integral of 1 / r over panel j
///   other pairs, by the FMM:
///     sum_k weight_k / (4 pi |c_i - y_jk|)
/// with c the centroids, y_jk the quadrature points and diameter_j the longest edge of j.
struct NearRule {
  int points = 3;          // quadrature points (FMM sources) per panel
  double multiple = 2;     // at least 1, so that a panel is near itself
  bool in_double = false;  // precision of stored corrections; single: relative error 6e-8

  TriangleRule rule() const { return triangle_rule(points); }
};

/// The cheapest rule whose quadrature changes the potential by less than `tolerance` of its value, for panels
/// of this relative_size() (panels.hpp), to which errors are proportional (figures: docs/capacitance.md).
/// Throws Error unless 1e-12 <= tolerance <= 0.1 and the size is positive.
NearRule near_rule(double tolerance, double relative_size);

}  // namespace octopole::bem
#pragma GCC visibility pop
