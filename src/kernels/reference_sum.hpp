// Reference values for error measurement: direct sums at a few targets, and sums of magnitudes.
#pragma once

#include <span>
#include <vector>

#include "base/types.hpp"
#include "octopole/kernels.hpp"
#include "octopole/verify.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Sums at k targets, kernel constant included. The scales are sums of magnitudes: sum_j |K(x_i, y_j)| |q_j|
/// and sum_j |grad K(x_i, y_j)| |q_j|, much larger than the results if charges of both signs cancel.
struct ReferenceSums {
  std::vector<double> potential, scale;          // (k)
  std::vector<double> gradient, gradient_scale;  // (k, 3) interleaved and (k); empty unless asked for
};

/// Sums at `targets` (k, 3) due to `sources` (n, 3) with `charges` (n), like direct_sum but vectorised; uses
/// all threads. Coincident points contribute nothing. Coordinates may have any magnitude: they are scaled by
/// a power of two. Throws Error if the lengths do not match.
ReferenceSums reference_sums(const AnyKernel& kernel, std::span<const double> targets,
                             std::span<const double> sources, std::span<const double> charges, bool gradient,
                             ReferenceForm form = ReferenceForm::in_double);

}  // namespace octopole
#pragma GCC visibility pop
