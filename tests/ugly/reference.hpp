// The direct sum as a reference, and errors relative to it.
#pragma once

#include <vector>

#include "octopole/fmm.hpp"
#include "octopole/kernels.hpp"
#include "tests/ugly/points.hpp"

namespace octopole::ugly {

/// The field at targets with its scale: the sum of the contributions' magnitudes, sum |q| / (4 pi r) for the
/// potential, with derivatives by the distance for gradient and Hessian, and with one more for dipoles.
/// Errors relative to the scale mean the same whether or not contributions cancel.
struct Reference {
  std::vector<long double> potential, potential_scale;  // (n)
  std::vector<long double> gradient, gradient_scale;    // (n, 3), (n); empty unless asked for
  std::vector<long double> hessian, hessian_scale;      // (n, 6), (n); likewise
  std::vector<long double> pressure, pressure_scale;    // (n), (n); likewise
};

/// Sums over the sources' charges and dipoles (n, 3), either of which may be left out, at the problem's
/// targets in `places`, in long double, where points distinct in double stay distinct.
Reference direct_sum(const AnyKernel& kernel, const Problem& problem, bool charges,
                     const std::vector<double>& dipoles, const std::vector<std::size_t>& places,
                     Output output);

/// Likewise for a vector kernel with strengths (n, 3): potential (n, 3), gradient (n, 9) and pressure, and
/// the sums of |f| times the largest length that they have for a strength of length 1.
Reference direct_vector_sum(const AnyKernel& kernel, const Problem& problem,
                            const std::vector<double>& strengths, const std::vector<std::size_t>& places,
                            Output output);

/// Errors are infinite if a value is not finite, or not zero where nothing contributes.
struct Errors {
  long double difference = 0, scale = 0;  // sums of squares
  double worst = 0;                       // of a single target, relative to its own scale
  std::size_t worst_place = 0;
  /// The relative L2 error.
  double relative() const;
};
/// `values` hold `width` numbers per target. Targets with a scale below `least_scale` do not count in
/// `worst`.
Errors errors_of(const std::vector<double>& values, const std::vector<long double>& exact,
                 const std::vector<long double>& scale, std::size_t width);

}  // namespace octopole::ugly
