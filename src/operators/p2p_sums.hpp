// Sums of P2P in one thread: pairs that are too close for single precision, and one-sided rows.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "kernels/derivatives.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {

/// Sums pairs of points that a single-precision loop leaves out: in double, as a direct sum does.
template <class Charge>
struct SumsInDouble {
  const AnyKernel& kernel;
  const PointsByNode& targets;
  const PointsByNode& sources;
  const StrengthVectors<Charge>& strengths;
  const TargetSums& sums;
  // Read for every pair: a call of the kernel's functions takes as long as half a pair.
  double constant = kernel.constant();
  SourceParts parts{strengths.kind};
  int order = sums.order() + parts.order();  // of derivatives of the kernel
  bool of_charges = sums.layout().components == 1 && order <= 1 && parts.order() == 0;

  /// Adds to target i the contribution of source j; with `both` (sources = targets) also that of i to j.
  void add(Index i, Index j, bool both) const {
    const std::array<double, 3> d = {targets.x[i] - sources.x[j], targets.y[i] - sources.y[j],
                                     targets.z[i] - sources.z[j]};
    const double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    if (r2 < std::numeric_limits<double>::min()) return;  // coincident, as in the loops in double
    const double inverse_r = 1 / std::sqrt(r2);
    if (of_charges) {
      const RadialFactors factors = kernel.at(r2, inverse_r, order);
      add_charges(i, j, factors, d, 1);
      if (both) add_charges(j, i, factors, d, -1);
      return;
    }
    if (sums.layout().components > 1) {
      add_vector(i, j, d, inverse_r);
      if (both) add_vector(j, i, {-d[0], -d[1], -d[2]}, inverse_r);
      return;
    }
    const RadialFactors factors = kernel.at(r2, inverse_r, order);
    const std::array<double, 20> derivatives = derivatives_of(factors, d, inverse_r);
    add(i, j, derivatives, 1);
    if (both) add(j, i, derivatives, -1);
  }

 private:
  /// Potential and gradient of charges.
  [[gnu::always_inline]] void add_charges(Index target, Index source, const RadialFactors& factors,
                                          const std::array<double, 3>& d, double sign) const {
    for (int v = 0; v < strengths.vectors; ++v) {
      const double charge = constant * static_cast<double>(strengths.of(0, v)[source]);
      sums.part(0, v)[target] += factors.potential * charge;
      if (order == 0) continue;
      const double factor = sign * factors.gradient_factor * charge;
      for (int axis = 0; axis < 3; ++axis)
        sums.part(1 + axis, v)[target] += factor * d[static_cast<std::size_t>(axis)];
    }
  }
  /// The results of a vector kernel at target = source + d.
  void add_vector(Index target, Index source, const std::array<double, 3>& d, double inverse_r) const {
    std::array<double, 3> strength;
    std::array<double, kMaxResults> results{};
    for (int c = 0; c < 3; ++c)
      strength[static_cast<std::size_t>(c)] = static_cast<double>(strengths.of(c, 0)[source]);
    const ResultLayout& layout = sums.layout();
    kernel.add_vector(d, inverse_r, strength, results.data(),
                      layout.pressure ? results.data() + layout.first_of_pressure() : nullptr,
                      layout.order >= 1 ? results.data() + layout.first_of_gradient() : nullptr);
    for (int r = 0; r < layout.count(); ++r)
      sums.part(r)[target] += constant * results[static_cast<std::size_t>(r)];
  }
  /// `sign` is that of d, which odd derivatives have as well.
  void add(Index target, Index source, const std::array<double, 20>& derivatives, double sign) const {
    const int results = sums.count();
    for (int part = parts.first; part < parts.end; ++part)
      for (int result = 0; result < results; ++result) {
        const int product = product_of_parts(result, part);
        // Derivatives of dipoles with respect to the source have the opposite sign.
        const double factor = constant * derivatives[static_cast<std::size_t>(product)] *
                              (order_of_part(product) % 2 == 1 ? sign : 1) * (part > 0 ? -1 : 1);
        for (int v = 0; v < strengths.vectors; ++v)
          sums.part(result, v)[target] +=
              factor * static_cast<double>(strengths.of(part - parts.first, v)[source]);
      }
  }
};

/// With two floats per coordinate, differences are accurate to 2^-48 half sides: pairs closer than this
/// distance (in half sides) are summed in double.
inline constexpr float kTwoFloatsMinSeparation = 0x1p-20F;

inline CloseGuard guard_of_two_floats(const ClosePairs& pairs) {
  return {kTwoFloatsMinSeparation * kTwoFloatsMinSeparation, pairs};
}

/// Adds the field of all partners' sources to a leaf's targets, in the given frame.
template <class Real, bool Split, class Charge>
void sum_row(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> partners, const Box& frame,
             const PointsByNode& targets, const PointsByNode& sources,
             const StrengthVectors<Charge>& strengths, const TargetSums& sums,
             SourceBuffer<Real, Split>& source_buffer, TargetBuffer<Real, Split>& target_buffer) {
  const Index first = targets.begin[leaf];
  if (first == targets.end[leaf] || partners.empty()) return;
  target_buffer.load(targets, leaf, frame);
  const SumsInDouble<Charge> in_double{kernel, targets, sources, strengths, sums};
  const auto add_close = [&](Index target, Index source) {
    in_double.add(first + target, source_buffer.number(source), false);
  };
  const CloseGuard close = guard_of_two_floats(close_pairs(add_close));
  const auto flush = [&] {
    target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums, source_buffer.low(), close);
    source_buffer.clear();
  };
  source_buffer.append(sources, partners, strengths, frame, flush);
  if (!source_buffer.empty()) flush();
}

}  // namespace octopole
