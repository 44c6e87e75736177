// The plain direct sum in double: the reference of every fast path.
#pragma once

#include <cmath>
#include <span>

#include "octopole/base/types.hpp"
#include "octopole/kernels/kernel.hpp"

namespace octopole {

/// potential[i] += sum_j K(x_i, y_j) q_j, kernel constant included, and likewise gradient[3 i + c] where
/// `gradient` is not empty. Coordinates are interleaved: targets (3 m), sources (3 n), charges (n). Scalar
/// loops without any trick; coincident points contribute nothing.
template <Kernel K>
void direct_sum(const K& kernel, std::span<const double> targets, std::span<const double> sources,
                std::span<const double> charges, std::span<double> potential,
                std::span<double> gradient = {}) {
  const Index m = static_cast<Index>(targets.size() / 3), n = static_cast<Index>(charges.size());
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < m; ++i) {
    double u = 0, gx = 0, gy = 0, gz = 0;
    for (Index j = 0; j < n; ++j) {
      const double dx = targets[3 * i] - sources[3 * j];
      const double dy = targets[3 * i + 1] - sources[3 * j + 1];
      const double dz = targets[3 * i + 2] - sources[3 * j + 2];
      const double r2 = dx * dx + dy * dy + dz * dz;
      const double inverse_r = r2 > 0 ? 1 / std::sqrt(r2) : 0;
      u += charges[j] * kernel.potential(r2, inverse_r);
      if (!gradient.empty()) {
        const double g = charges[j] * kernel.gradient_factor(r2, inverse_r);
        gx += g * dx;
        gy += g * dy;
        gz += g * dz;
      }
    }
    potential[i] += K::constant * u;
    if (!gradient.empty()) {
      gradient[3 * i] += K::constant * gx;
      gradient[3 * i + 1] += K::constant * gy;
      gradient[3 * i + 2] += K::constant * gz;
    }
  }
}

}  // namespace octopole
