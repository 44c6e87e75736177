// The reference sums' loops of one instruction set, as functions to dispatch to.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/types.hpp"

namespace octopole {

/// Sources that are summed together, to stay in the first-level cache.
inline constexpr Index kReferenceBlock = 1024;

/// Magnitudes of charges in fixed blocks: with 1/r^3 of 2^-95 to 2^-54, normal floats.
inline constexpr double kLargestFixedCharge = 0x1p64;

/// Whole vectors are read, of this many lanes at most.
inline constexpr Index kReferencePadding = 16;

/// Where fixed positions lie: x, in the units of wide ones, becomes (x - corner) * inverse.
struct FixedFrame {
  double corner[3];
  double inverse;
};

/// Positions in units of a power of two, charges and their magnitudes; behind the last one, positions of it
/// and charges of zero.
template <Index Size>
struct WideArrays {
  alignas(64) double x[Size], y[Size], z[Size];
  alignas(64) double charge[Size], size[Size];
  Index count = 0;
};
using WideBlock = WideArrays<kReferenceBlock>;
/// The same in fixed point, 0 .. 2^31 - 2, or rounded to floats that are seen from the middle.
template <Index Size>
struct FixedPositions {
  alignas(64) std::int32_t x[Size], y[Size], z[Size];
  alignas(64) float float_x[Size], float_y[Size], float_z[Size];
};
inline constexpr double kFixedCentre = 1073741824;

struct FixedBlock : FixedPositions<kReferenceBlock> {
  alignas(64) float charge[kReferenceBlock], size[kReferenceBlock];
  Index count = 0;
};

/// What a target receives of a block: potential, scale and with the gradient its components and its scale.
inline constexpr int kReferenceParts = 6;
/// Each in so many addends, not all of them used.
inline constexpr int kReferenceLanes = 8;
/// Targets that are summed together in fixed point: a source is loaded once for them.
inline constexpr int kFixedTargets = 2;
using FixedTargets = FixedPositions<kFixedTargets>;

template <class K>
struct ReferenceLoops {
  /// Takes `count` points of `positions` (interleaved), times `inverse`, and their charges.
  void (*take_wide)(const double* positions, const double* charges, Index count, double inverse,
                    WideBlock& block);
  /// The same points, by whether as floats, charges times `unit`; false where a point lies outside the frame
  /// or a charge is too large.
  bool (*take_fixed[2])(const double* positions, const double* charges, Index count, double inverse,
                        const FixedFrame& frame, double unit, FixedBlock& block);
  /// Adds to sums (kReferenceParts, kReferenceLanes) what a target in the frame receives. By gradient.
  void (*sum_wide[2])(const K& kernel, const double* target, const WideBlock& block, double* sums);
  /// The same for kFixedTargets targets and their sums, (kFixedTargets, kReferenceParts, kReferenceLanes). To
  /// those that a source is closer to than the root of `least` nothing is added: their bits are returned. By
  /// whether positions are floats and 1/sqrt is the hardware's estimate (simd/vec.hpp), and gradient.
  unsigned (*sum_fixed[2][2])(const K& kernel, const FixedTargets& targets, const FixedBlock& block,
                              float least, double* sums);
};

// Null where the build has no such instructions.
template <class K>
ReferenceLoops<K> reference_loops_baseline();
template <class K>
ReferenceLoops<K> reference_loops_avx2();
template <class K>
ReferenceLoops<K> reference_loops_avx512();

}  // namespace octopole
