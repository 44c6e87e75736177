// Reference values for error measurement: direct sums at a few targets, and sums of magnitudes.
#pragma once

#include <span>
#include <vector>

#include "base/types.hpp"
#include "octopole/field.hpp"
#include "octopole/kernels.hpp"
#include "octopole/verify.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Sums at k targets, kernel constant included. The scales are sums of magnitudes, much larger than the
/// results if contributions cancel: of the charges' magnitudes times |K|, |K'| and |K''|, the derivatives of
/// K(x_i, y_j) by the distance, for potential, gradient and Hessian; and of the dipoles' lengths times |K'|,
/// |K''| and |K^(3)|. Of vector kernels: the strengths' lengths times the largest length of the result, its
/// gradient (Frobenius norm) or the pressure that a strength of length 1 can have.
struct ReferenceSums {
  std::vector<double> potential, scale;          // (k, components) and (k)
  std::vector<double> gradient, gradient_scale;  // (k, 3 components) and (k); empty unless asked for
  std::vector<double> hessian, hessian_scale;    // (k, 6), xx xy xz yy yz zz, and (k); likewise
  std::vector<double> pressure, pressure_scale;  // (k); likewise
};

/// Sums at `targets` (k, 3) due to `sources` (n, 3) with one vector of strengths, like direct_sum but
/// vectorised; uses all threads. The results of vector kernels are in double in all forms. Coincident points
/// contribute nothing. Coordinates may have any magnitude: they are scaled by a power of two. Throws Error if
/// the lengths do not match.
ReferenceSums reference_sums(const AnyKernel& kernel, std::span<const double> targets,
                             std::span<const double> sources, const Strengths& strengths, Output output,
                             ReferenceForm form = ReferenceForm::in_double);

}  // namespace octopole
#pragma GCC visibility pop
