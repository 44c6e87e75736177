// Pairs of panels for which the FMM's quadrature is not accurate enough.
#pragma once

#include "bem/triangle_rule.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

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
