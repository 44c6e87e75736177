#include "tests/ugly/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace octopole::ugly {

namespace {

/// Sums at one target: potential, gradient and Hessian, each followed by its scale.
struct Sums {
  long double u[2] = {}, g[4] = {}, h[7] = {};
};

/// Adds a source at the distance r in the direction n from it to the target, with the charge q and the dipole
/// p. `f` and its derivatives by r are in `slope`, their magnitudes for the scales in `size`.
void add(long double q, const long double* p, const long double* n, long double r, const long double* slope,
         const long double* size, Sums& s) {
  const long double length = std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]),
                    along = n[0] * p[0] + n[1] * p[1] + n[2] * p[2];
  const long double across = slope[1] / r;           // second derivative across n
  const long double bent = (slope[2] - across) / r;  // third derivative along n, twice across
  s.u[0] += q * slope[0] - along * slope[1];
  s.u[1] += std::abs(q) * size[0] + length * size[1];
  for (int i = 0; i < 3; ++i)
    s.g[i] += q * slope[1] * n[i] - (slope[2] - across) * along * n[i] - across * p[i];
  s.g[3] += std::abs(q) * size[1] + length * size[2];
  for (int i = 0, place = 0; i < 3; ++i)
    for (int j = i; j < 3; ++j, ++place) {
      const long double same = i == j;
      s.h[place] +=
          q * ((slope[2] - across) * n[i] * n[j] + same * across) -
          ((slope[3] - 3 * bent) * n[i] * n[j] * along + bent * (same * along + n[i] * p[j] + n[j] * p[i]));
    }
  s.h[6] += std::abs(q) * size[2] + length * size[3];
}

}  // namespace

Reference direct_sum(const AnyKernel& kernel, const Problem& problem, bool charges,
                     const std::vector<double>& dipoles, const std::vector<std::size_t>& places,
                     Output output) {
  Reference r;
  const std::vector<double>& targets = problem.all_targets();
  const long double screening = kernel.parameters()[0];  // 0 for Laplace
  // The digits are promised where a target has sources within five screening lengths (docs/kernels.md).
  const long double least_decay = std::exp(-5.0L);
  constexpr long double kConstant = 1 / (4 * std::numbers::pi_v<long double>);
  for (const std::size_t place : places) {
    const double* x = &targets[3 * place];
    Sums sums;
    for (std::size_t j = 0; j < problem.charges.size(); ++j) {
      const double* y = &problem.sources[3 * j];
      const long double d[3] = {static_cast<long double>(x[0]) - y[0], static_cast<long double>(x[1]) - y[1],
                                static_cast<long double>(x[2]) - y[2]};
      const long double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      if (!(r2 > 0)) continue;  // coincident points contribute nothing
      const long double distance = std::sqrt(r2), n[3] = {d[0] / distance, d[1] / distance, d[2] / distance};
      const long double a = screening * distance, decay = std::exp(-a),
                        at_least = std::max(decay, least_decay);
      // exp(-a) / r and its derivatives by r, without exp(-a).
      const long double factor[4] = {1 / distance, -(1 + a) / r2, (2 + a * (2 + a)) / r2 / distance,
                                     -(6 + a * (6 + a * (3 + a))) / r2 / r2};
      long double slope[4], size[4], p[3] = {};
      for (int k = 0; k < 4; ++k) {
        slope[k] = kConstant * decay * factor[k];
        size[k] = kConstant * at_least * std::abs(factor[k]);
      }
      for (std::size_t c = 0; c < 3 && !dipoles.empty(); ++c) p[c] = dipoles[3 * j + c];
      add(charges ? problem.charges[j] : 0, p, n, distance, slope, size, sums);
    }
    r.potential.push_back(sums.u[0]);
    r.potential_scale.push_back(sums.u[1]);
    if (output == Output::potential) continue;
    r.gradient.insert(r.gradient.end(), sums.g, sums.g + 3);
    r.gradient_scale.push_back(sums.g[3]);
    if (output != Output::potential_gradient_and_hessian) continue;
    r.hessian.insert(r.hessian.end(), sums.h, sums.h + 6);
    r.hessian_scale.push_back(sums.h[6]);
  }
  return r;
}

Reference direct_vector_sum(const AnyKernel& kernel, const Problem& problem,
                            const std::vector<double>& strengths, const std::vector<std::size_t>& places,
                            Output output) {
  Reference result;
  const std::vector<double>& targets = problem.all_targets();
  const auto parameters = kernel.parameters();
  constexpr long double kPi = std::numbers::pi_v<long double>;
  // u = constant * (a f / r + b d (d . f) / r^3 + c f x d / r^3)
  long double constant = 1 / (4 * kPi), a = 0, b = 0, c = 1;
  if (kernel.name() == "stokes") {
    constant = 1 / (8 * kPi * parameters[0]);
    a = b = 1, c = 0;
  } else if (kernel.name() == "elasticity") {
    constant = 1 / (16 * kPi * parameters[0] * (1 - static_cast<long double>(parameters[1])));
    a = 3 - 4 * static_cast<long double>(parameters[1]), b = 1, c = 0;
  }
  for (const std::size_t place : places) {
    const double* x = &targets[3 * place];
    long double u[3] = {}, scale = 0, g[9] = {}, gradient_scale = 0, p = 0, pressure_scale = 0;
    for (std::size_t j = 0; j < problem.charges.size(); ++j) {
      const double *y = &problem.sources[3 * j], *f = &strengths[3 * j];
      const long double d[3] = {static_cast<long double>(x[0]) - y[0], static_cast<long double>(x[1]) - y[1],
                                static_cast<long double>(x[2]) - y[2]};
      const long double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      if (!(r2 > 0)) continue;  // coincident points contribute nothing
      const long double r = std::sqrt(r2), along = (d[0] * f[0] + d[1] * f[1] + d[2] * f[2]) / r2;
      const long double length =
          std::sqrt(static_cast<long double>(f[0]) * f[0] + static_cast<long double>(f[1]) * f[1] +
                    static_cast<long double>(f[2]) * f[2]);
      for (int i = 0; i < 3; ++i) {
        const int k = (i + 1) % 3, l = (i + 2) % 3;
        u[i] += constant / r * (a * f[i] + b * along * d[i] + c * (f[k] * d[l] - f[l] * d[k]) / r2);
      }
      scale += constant * length / r * (a + b + c / r);
      // Derivatives by x_k of these terms.
      for (int i = 0; i < 3; ++i)
        for (int k = 0; k < 3; ++k) {
          const int after = (i + 1) % 3, last = (i + 2) % 3;
          const long double same = i == k, turned = f[after] * d[last] - f[last] * d[after],
                            turning = f[after] * (last == k) - f[last] * (after == k);
          g[3 * i + k] += constant / r *
                          (-a * f[i] * d[k] / r2 + c * (turning - 3 * turned * d[k] / r2) / r2 +
                           b * (same * along + d[i] * f[k] / r2 - 3 * along * d[i] * d[k] / r2));
        }
      gradient_scale +=
          constant * length / r2 * (std::sqrt((a + b) * (a + b) + 2 * b * b) + c * std::sqrt(5.0L) / r);
      p += along / (4 * kPi * r);
      pressure_scale += length / (4 * kPi * r2);
    }
    result.potential.insert(result.potential.end(), u, u + 3);
    result.potential_scale.push_back(scale);
    if (output == Output::potential) continue;
    if (kernel.has_pressure()) {
      result.pressure.push_back(p);
      result.pressure_scale.push_back(pressure_scale);
    }
    if (output != Output::potential_and_gradient) continue;
    result.gradient.insert(result.gradient.end(), g, g + 9);
    result.gradient_scale.push_back(gradient_scale);
  }
  return result;
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
