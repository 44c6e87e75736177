// Sums of P2P in one thread: pairs that are too close for single precision, and one-sided rows.
#pragma once

#include <cmath>
#include <limits>
#include <span>

#include "operators/thread_buffers.hpp"

namespace octopole {

/// Sums pairs of points that a single-precision loop leaves out: in double, as a direct sum does.
template <class Charge>
struct SumsInDouble {
  const AnyKernel& kernel;
  const PointsByNode& targets;
  const PointsByNode& sources;
  const ChargeVectors<Charge>& charges;
  const TargetSums& sums;

  /// Adds to target i the contribution of source j; with `both` (sources = targets) also that of i to j.
  void add(Index i, Index j, bool both) const {
    const double dx = targets.x[i] - sources.x[j], dy = targets.y[i] - sources.y[j],
                 dz = targets.z[i] - sources.z[j];
    const double r2 = dx * dx + dy * dy + dz * dz;
    if (r2 < std::numeric_limits<double>::min()) return;  // coincident, as in the loops in double
    const PairValue pair = kernel.at(r2, 1 / std::sqrt(r2));
    const double value = kernel.constant() * pair.potential,
                 factor = kernel.constant() * pair.gradient_factor;
    const auto add_to = [&](Index target, Index source, int vector, double sign) {
      const double charge = static_cast<double>(charges.of(vector)[source]);
      const TargetSums to = sums.of(vector);
      to.potential[target] += value * charge;
      if (!sums.gradient()) return;
      to.gx[target] += sign * factor * charge * dx;
      to.gy[target] += sign * factor * charge * dy;
      to.gz[target] += sign * factor * charge * dz;
    };
    for (int v = 0; v < charges.vectors; ++v) {
      add_to(i, j, v, 1);
      if (both) add_to(j, i, v, -1);
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
             const PointsByNode& targets, const PointsByNode& sources, const ChargeVectors<Charge>& charges,
             const TargetSums& sums, SourceBuffer<Real, Split>& source_buffer,
             TargetBuffer<Real, Split>& target_buffer) {
  const Index first = targets.begin[leaf];
  if (first == targets.end[leaf] || partners.empty()) return;
  target_buffer.load(targets, leaf, frame);
  const SumsInDouble<Charge> in_double{kernel, targets, sources, charges, sums};
  const auto add_close = [&](Index target, Index source) {
    in_double.add(first + target, source_buffer.number(source), false);
  };
  const CloseGuard close = guard_of_two_floats(close_pairs(add_close));
  const auto flush = [&] {
    target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums, source_buffer.low(), close);
    source_buffer.clear();
  };
  source_buffer.append(sources, partners, charges, frame, flush);
  if (!source_buffer.empty()) flush();
}

}  // namespace octopole
