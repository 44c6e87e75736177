// The direct sum that results are judged by, and how.
#pragma once

#include <vector>

#include "octopole/fmm.hpp"
#include "tests/ugly/points.hpp"

namespace octopole::ugly {

/// The field at targets with its scale: the sum of the contributions' magnitudes, sum |q| / (4 pi r) and
/// sum |q| / (4 pi r^2). Errors relative to the scale mean the same whether or not charges cancel.
struct Reference {
  std::vector<long double> potential, potential_scale;  // (n)
  std::vector<long double> gradient, gradient_scale;    // (n, 3), (n); empty unless asked for
};

/// At those of the problem's targets (n places), in long double: what doubles can tell apart is apart.
Reference direct_sum(const Problem& problem, const std::vector<std::size_t>& places, bool gradient);

/// Infinite where any value is not finite, or not zero where nothing contributes.
struct Errors {
  long double difference = 0, scale = 0;  // sums of squares
  double worst = 0;                       // of a single target, relative to its own scale
  std::size_t worst_place = 0;
  /// Relative L2.
  double relative() const;
};
/// `values` hold `width` numbers a target.
Errors errors_of(const std::vector<double>& values, const std::vector<long double>& exact,
                 const std::vector<long double>& scale, std::size_t width);

}  // namespace octopole::ugly
