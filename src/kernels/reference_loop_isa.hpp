// The loops of reference sums of each instruction set, as functions to dispatch to.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/types.hpp"
#include "simd/built.hpp"

namespace octopole {

/// Number of sources that are summed together, so that they fit in the L1 cache.
inline constexpr Index kReferenceBlock = 1024;

/// Maximum magnitude of charges in fixed-point blocks: with 1/r^3 of 2^-95 to 2^-54, products are normal
/// floats.
inline constexpr double kLargestFixedCharge = 0x1p64;

/// Arrays are padded to a multiple of the maximum number of lanes, because whole vectors are read.
inline constexpr Index kReferencePadding = 16;

/// The frame of fixed-point positions: x, in the units of wide positions, becomes (x - corner) * inverse.
struct FixedFrame {
  double corner[3];
  double inverse;
};

/// Positions in units of a power of two, charges and their magnitudes; padded with copies of the last
/// position and zero charges.
template <Index Size>
struct WideArrays {
  alignas(64) double x[Size], y[Size], z[Size];
  alignas(64) double charge[Size], size[Size];
  Index count = 0;
};
using WideBlock = WideArrays<kReferenceBlock>;
/// Positions in fixed point, 0 .. 2^31 - 2, or relative to the centre and rounded to floats.
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

/// Results of a target: potential and its scale; with gradient also its three components and its scale.
inline constexpr int kReferenceParts = 6;
/// Number of partial sums of each result, not all of them used.
inline constexpr int kReferenceLanes = 8;
/// Number of targets that are summed together in fixed point: each source is loaded once for them.
inline constexpr int kFixedTargets = 2;
using FixedTargets = FixedPositions<kFixedTargets>;

/// The loops of a kernel and an instruction set; `kernel` points to the kernel's struct.
struct ReferenceLoops {
  /// Fills the block with `count` points of `positions` (interleaved), times `inverse`, and their charges.
  void (*take_wide)(const double* positions, const double* charges, Index count, double inverse,
                    WideBlock& block);
  /// As take_wide in fixed point ([1]: as floats), with charges times `unit`; false if a point lies outside
  /// the frame or a charge is too large.
  bool (*take_fixed[2])(const double* positions, const double* charges, Index count, double inverse,
                        const FixedFrame& frame, double unit, FixedBlock& block);
  /// Adds the results of a target to sums (kReferenceParts, kReferenceLanes). [1/sqrt by one
  /// step (simd/vec.hpp)][gradient]
  void (*sum_wide[2][2])(const void* kernel, const double* target, const WideBlock& block, double* sums);
  /// As sum_wide for kFixedTargets targets and their sums, (kFixedTargets, kReferenceParts, kReferenceLanes).
  /// Nothing is added for targets with a source closer than sqrt(least): their bits are returned. [estimate:
  /// positions are floats and 1/sqrt is the hardware's estimate (simd/vec.hpp)][gradient]
  unsigned (*sum_fixed[2][2])(const void* kernel, const FixedTargets& targets, const FixedBlock& block,
                              float least, double* sums);
};

/// The loops of kernel K. `of` is defined by the kernel's unit, <name>_isa.cpp; its pointers are
/// null where the build does not have it.
template <class K>
struct ReferenceLoopsOf {
  template <simd::Isa>
  static ReferenceLoops of();
};

}  // namespace octopole
