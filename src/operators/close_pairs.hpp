// Sums pairs of points that a single-precision loop leaves out: in double, as a direct sum does.
#pragma once

#include <cmath>
#include <limits>

#include "kernels/pair_loop.hpp"
#include "operators/views.hpp"

namespace octopole {

template <class K, class Charge>
struct SumsInDouble {
  const K& kernel;
  const PointsByNode& targets;
  const PointsByNode& sources;
  const Charge* charges;
  const TargetSums& sums;

  /// Adds to target i the contribution of source j; with `both` (sources = targets) also that of i to j.
  void add(Index i, Index j, bool both) const {
    const double dx = targets.x[i] - sources.x[j], dy = targets.y[i] - sources.y[j],
                 dz = targets.z[i] - sources.z[j];
    const double r2 = dx * dx + dy * dy + dz * dz;
    if (r2 < std::numeric_limits<double>::min()) return;  // coincident, as in the loops in double
    const double inverse_r = 1 / std::sqrt(r2), value = K::constant * kernel.potential(r2, inverse_r);
    const double factor = K::constant * kernel.gradient_factor(r2, inverse_r);
    const auto add_to = [&](Index target, double charge, double sign) {
      sums.potential[target] += value * charge;
      if (!sums.gradient()) return;
      sums.gx[target] += sign * factor * charge * dx;
      sums.gy[target] += sign * factor * charge * dy;
      sums.gz[target] += sign * factor * charge * dz;
    };
    add_to(i, static_cast<double>(charges[j]), 1);
    if (both) add_to(j, static_cast<double>(charges[i]), -1);
  }
};

/// Wraps the function object sum(a, b), which must outlive the result, for a loop.
template <class Sum>
ClosePairs close_pairs(const Sum& sum) {
  return {[](void* to, Index a, Index b) { (*static_cast<const Sum*>(to))(a, b); },
          const_cast<void*>(static_cast<const void*>(&sum))};
}

}  // namespace octopole
