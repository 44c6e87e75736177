// The plain direct sum in double: the reference for all optimised code paths.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "kernels/derivatives.hpp"
#include "octopole/field.hpp"
#include "octopole/kernels.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// A power of two near the largest coordinate: squares and cubes of distances in this unit do not overflow.
/// 1 where all coordinates are 0.
inline double unit_of(std::span<const double> targets, std::span<const double> sources) {
  double largest = 0;
  for (const auto points : {targets, sources})
    for (const double x : points) largest = std::max(largest, std::abs(x));
  return largest > 0 && std::isfinite(largest) ? std::ldexp(1.0, std::ilogb(largest)) : 1;
}

/// Adds sum_j K(x_i, y_j) q_j, kernel constant included, to potential[i], and its gradient to
/// gradient[3 i + c] unless `gradient` is empty. Coordinates are interleaved: targets (3 m), sources (3 n),
/// charges (n). Plain scalar loops, for any unit of length; coincident points contribute nothing.
template <Kernel K>
void direct_sum(const K& kernel, std::span<const double> targets, std::span<const double> sources,
                std::span<const double> charges, std::span<double> potential,
                std::span<double> gradient = {}) {
  const Index m = static_cast<Index>(targets.size() / 3), n = static_cast<Index>(charges.size());
  const double unit = unit_of(targets, sources);
  const K scaled = kernel.in_units_of(unit);
  const double inverse_unit = 1 / unit,
               of_potential = std::ldexp(K::constant, K::homogeneity * std::ilogb(unit)),
               of_gradient = std::ldexp(K::constant, (K::homogeneity - 1) * std::ilogb(unit));
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < m; ++i) {
    double u = 0, gx = 0, gy = 0, gz = 0;
    for (Index j = 0; j < n; ++j) {
      const double dx = (targets[3 * i] - sources[3 * j]) * inverse_unit;
      const double dy = (targets[3 * i + 1] - sources[3 * j + 1]) * inverse_unit;
      const double dz = (targets[3 * i + 2] - sources[3 * j + 2]) * inverse_unit;
      const double r2 = dx * dx + dy * dy + dz * dz;
      const double inverse_r = r2 > 0 ? 1 / std::sqrt(r2) : 0;
      u += charges[j] * scaled.potential(r2, inverse_r);
      if (!gradient.empty()) {
        const double g = charges[j] * scaled.gradient_factor(r2, inverse_r);
        gx += g * dx;
        gy += g * dy;
        gz += g * dz;
      }
    }
    potential[i] += of_potential * u;
    if (!gradient.empty()) {
      gradient[3 * i] += of_gradient * gx;
      gradient[3 * i + 1] += of_gradient * gy;
      gradient[3 * i + 2] += of_gradient * gz;
    }
  }
}

/// Sets `field` to the output of a vector kernel, as Fmm::evaluate does; see the overload below.
inline void direct_vector_sum(const AnyKernel& kernel, std::span<const double> targets,
                              std::span<const double> sources, const Strengths& strengths, Output output,
                              Field& field) {
  const auto m = static_cast<Index>(targets.size() / 3), n = static_cast<Index>(sources.size() / 3);
  const Index vectors = strengths.vectors;
  const double unit = unit_of(targets, sources);
  const ResultLayout layout = layout_of(kernel, output);
  const bool gradient = layout.order >= 1;
  const double whole = std::ldexp(kernel.constant(), kernel.homogeneity() * std::ilogb(unit)),
               of_derivatives = std::ldexp(kernel.constant(), (kernel.homogeneity() - 1) * std::ilogb(unit)),
               of_pressure = kernel.pressure_factor() * of_derivatives;
  const auto values = static_cast<std::size_t>(m * vectors);
  field.potential.assign(3 * values, 0.0);
  field.gradient.assign(gradient ? 9 * values : 0, 0.0);
  field.hessian.clear();
  field.pressure.assign(layout.pressure ? values : 0, 0.0);
  field.vectors = strengths.vectors;
  field.components = 3;
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < m; ++i)
    for (Index v = 0; v < vectors; ++v) {
      std::array<double, 3> u{};
      std::array<double, 9> g{};
      double p = 0;
      for (Index j = 0; j < n; ++j) {
        std::array<double, 3> d{}, f{};
        for (Index c = 0; c < 3; ++c) {
          d[static_cast<std::size_t>(c)] = (targets[3 * i + c] - sources[3 * j + c]) / unit;
          f[static_cast<std::size_t>(c)] = strengths.charges[(3 * j + c) * vectors + v];
        }
        const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
        if (r2 > 0)
          kernel.add_vector(d, 1 / std::sqrt(r2), f, u.data(), layout.pressure ? &p : nullptr,
                            gradient ? g.data() : nullptr);
      }
      for (Index c = 0; c < 3; ++c)
        field.potential[(3 * i + c) * vectors + v] = whole * u[static_cast<std::size_t>(c)];
      for (Index c = 0; gradient && c < 9; ++c)
        field.gradient[(9 * i + c) * vectors + v] = of_derivatives * g[static_cast<std::size_t>(c)];
      if (layout.pressure) field.pressure[i * vectors + v] = of_pressure * p;
    }
}

/// Sets `field` to the output due to charges and dipoles, as Fmm::evaluate does: kernel constant included,
/// for any unit of length. Plain scalar loops over all derivatives; coincident points contribute nothing.
inline void direct_sum(const AnyKernel& kernel, std::span<const double> targets,
                       std::span<const double> sources, const Strengths& strengths, Output output,
                       Field& field) {
  if (kernel.components() > 1) return direct_vector_sum(kernel, targets, sources, strengths, output, field);
  const auto m = static_cast<Index>(targets.size() / 3), n = static_cast<Index>(sources.size() / 3);
  const int parts = kPartsUpTo[static_cast<std::size_t>(order_of(output))];
  const Index vectors = strengths.vectors;
  const double unit = unit_of(targets, sources);
  const AnyKernel scaled = kernel.in_units_of(unit);
  const double whole = std::ldexp(kernel.constant(), kernel.homogeneity() * std::ilogb(unit));
  const bool charges = !strengths.charges.empty(), dipoles = !strengths.dipoles.empty();
  field.vectors = strengths.vectors;
  field.components = 1;
  field.pressure.clear();
  field.potential.assign(static_cast<std::size_t>(m * vectors), 0.0);
  field.gradient.assign(parts > 1 ? static_cast<std::size_t>(3 * m * vectors) : 0, 0.0);
  field.hessian.assign(parts > 4 ? static_cast<std::size_t>(6 * m * vectors) : 0, 0.0);
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < m; ++i)
    for (Index j = 0; j < n; ++j) {
      std::array<double, 3> d{};
      for (std::size_t c = 0; c < 3; ++c)
        d[c] = (targets[static_cast<std::size_t>(3 * i) + c] - sources[static_cast<std::size_t>(3 * j) + c]) /
               unit;
      const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      if (!(r2 > 0)) continue;
      const double inverse_r = 1 / std::sqrt(r2);
      const std::array<double, 20> derivative = derivatives_of(scaled.at(r2, inverse_r), d, inverse_r);
      for (Index v = 0; v < vectors; ++v)
        for (int part = 0; part < parts; ++part) {
          double sum = 0;
          if (charges) sum += strengths.charges[j * vectors + v] * derivative[static_cast<std::size_t>(part)];
          if (dipoles)  // the derivative with respect to the source has the opposite sign
            for (int c = 0; c < 3; ++c)
              sum -= strengths.dipoles[(3 * j + c) * vectors + v] / unit *
                     derivative[static_cast<std::size_t>(product_of_parts(part, 1 + c))];
          const double value = std::ldexp(whole * sum, -order_of_part(part) * std::ilogb(unit));
          if (part == 0)
            field.potential[i * vectors + v] += value;
          else if (part < 4)
            field.gradient[(3 * i + part - 1) * vectors + v] += value;
          else
            field.hessian[(6 * i + part - 4) * vectors + v] += value;
        }
    }
}

}  // namespace octopole
#pragma GCC visibility pop
