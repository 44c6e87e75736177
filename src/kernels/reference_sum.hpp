// What results are measured against: direct sums at a few targets, and the sizes of what is summed.
#pragma once

#include <span>
#include <vector>

#include "base/types.hpp"
#include "octopole/kernels.hpp"
#include "octopole/verify.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Of k targets, kernel constant included. The scales are sums of magnitudes: sum_j |K(x_i, y_j)| |q_j| and
/// sum_j |grad K(x_i, y_j)| |q_j|, of which results that charges of both signs cancel are a small part.
struct ReferenceSums {
  std::vector<double> potential, scale;          // (k)
  std::vector<double> gradient, gradient_scale;  // (k, 3) interleaved and (k); empty unless asked for
};

/// Sums at `targets` (k, 3) due to `sources` (n, 3) with `charges` (n), as direct_sum does but vectorised, by
/// all threads. Coincident points contribute nothing. Coordinates of any size: they are scaled by a power of
/// two. Throws Error where lengths do not fit.
ReferenceSums reference_sums(const Laplace& kernel, std::span<const double> targets,
                             std::span<const double> sources, std::span<const double> charges, bool gradient,
                             ReferenceForm form = ReferenceForm::in_double);

}  // namespace octopole
#pragma GCC visibility pop
