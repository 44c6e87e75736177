// Which pairs of panels the FMM's quadrature does not serve well enough.
#pragma once

#include "bem/triangle_rule.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// The operator's entry P_ij, the potential at the centroid of panel i due to panel j with charge 1, is
///   near pairs |c_i - c_j| < multiple * diameter_j:  1 / (4 pi area_j) times the integral of 1 / r over
///   panel j others:                                          sum_k weight_k / (4 pi |c_i - y_jk|), by the
///   FMM
/// with c the centroids and diameter_j the longest edge of j.
struct NearRule {
  int points = 3;          // of the quadrature: the FMM's sources a panel
  double multiple = 2;     // at least 1, so that a panel is near itself
  bool in_double = false;  // how corrections are stored; single: 6e-8 of each

  TriangleRule rule() const { return triangle_rule(points); }
};

/// The rule with the least work whose quadrature changes the potential by less than `tolerance` of its value,
/// for panels of this relative_size() (below); errors are proportional to it (figures: docs/capacitance.md).
/// Throws Error unless 1e-12 <= tolerance <= 0.1 and the size is positive.
NearRule near_rule(double tolerance, double relative_size);

}  // namespace octopole::bem
#pragma GCC visibility pop
