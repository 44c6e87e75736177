#include "tests/ugly/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace octopole::ugly {

Reference direct_sum(const AnyKernel& kernel, const Problem& problem, const std::vector<std::size_t>& places,
                     bool gradient) {
  Reference r;
  const std::size_t count = places.size();
  r.potential.resize(count);
  r.potential_scale.resize(count);
  if (gradient) {
    r.gradient.resize(3 * count);
    r.gradient_scale.resize(count);
  }
  const std::vector<double>& targets = problem.all_targets();
  const long double screening = kernel.parameters()[0];  // 0 for Laplace
  // The digits are promised where a target has sources within five screening lengths (docs/kernels.md).
  const long double least_decay = std::exp(-5.0L);
  constexpr long double kConstant = 1 / (4 * std::numbers::pi_v<long double>);
  for (std::size_t i = 0; i < count; ++i) {
    const double* x = &targets[3 * places[i]];
    long double u = 0, u_scale = 0, g[3] = {0, 0, 0}, g_scale = 0;
    for (std::size_t j = 0; j < problem.charges.size(); ++j) {
      const double* y = &problem.sources[3 * j];
      const long double d[3] = {static_cast<long double>(x[0]) - y[0], static_cast<long double>(x[1]) - y[1],
                                static_cast<long double>(x[2]) - y[2]};
      const long double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      if (!(r2 > 0)) continue;  // coincident points contribute nothing
      const long double inverse = 1 / std::sqrt(r2), decay = std::exp(-screening * r2 * inverse),
                        q = kConstant * problem.charges[j], falls = inverse + screening;  // -f' / f
      const long double size = std::abs(q) * std::max(decay, least_decay) * inverse;
      u += q * decay * inverse;
      u_scale += size;
      if (!gradient) continue;
      const long double factor = -q * decay * inverse * inverse * falls;
      for (int c = 0; c < 3; ++c) g[c] += factor * d[c];
      g_scale += size * falls;
    }
    r.potential[i] = u;
    r.potential_scale[i] = u_scale;
    if (!gradient) continue;
    std::copy(g, g + 3, &r.gradient[3 * i]);
    r.gradient_scale[i] = g_scale;
  }
  return r;
}

double Errors::relative() const {
  if (!std::isfinite(difference) || !std::isfinite(worst)) return std::numeric_limits<double>::infinity();
  return difference > 0 ? static_cast<double>(std::sqrt(difference / scale)) : 0;
}

Errors errors_of(const std::vector<double>& values, const std::vector<long double>& exact,
                 const std::vector<long double>& scale, std::size_t width) {
  Errors errors;
  for (std::size_t i = 0; i < scale.size(); ++i) {
    long double square = 0;
    for (std::size_t c = width * i; c < width * (i + 1); ++c) {
      const long double difference = values[c] - exact[c];
      square += difference * difference;
    }
    errors.difference += square;
    errors.scale += scale[i] * scale[i];
    const double own = !(square == square) ? std::numeric_limits<double>::infinity()
                       : square > 0        ? static_cast<double>(std::sqrt(square) / scale[i])
                                           : 0;
    if (own > errors.worst) {
      errors.worst = own;
      errors.worst_place = i;
    }
  }
  return errors;
}

}  // namespace octopole::ugly
