// The loops of reference sums of each instruction set, as functions to dispatch to.
#pragma once

#include <cstdint>
#include <type_traits>

#include "base/types.hpp"
#include "simd/built.hpp"

namespace octopole {

/// Number of sources that are summed together, so that they fit in or near the L1 cache.
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

/// Charges and dipoles with their magnitudes; those that sources do not have are not read.
template <class Real, Index Size>
struct StrengthArrays {
  alignas(64) Real charge[Size], size[Size];
  alignas(64) Real dipole_x[Size], dipole_y[Size], dipole_z[Size], length[Size];
};

/// Positions in units of a power of two, and strengths; padded with copies of the last position and zero
/// strengths.
template <Index Size>
struct WideArrays : StrengthArrays<double, Size> {
  alignas(64) double x[Size], y[Size], z[Size];
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

struct FixedBlock : FixedPositions<kReferenceBlock>, StrengthArrays<float, kReferenceBlock> {
  Index count = 0;
};

/// A block of the caller's sources: positions (count, 3), charges (count) and dipoles (count, 3), which may
/// be null.
struct ReferencePoints {
  const double* positions;
  const double* charges;
  const double* dipoles;
  Index count;
};

/// Results of a target: potential and its scale; with the gradient also its three components and its scale,
/// with the Hessian its six and its scale.
inline constexpr int kReferenceParts = 13;
constexpr int reference_parts(int order) {
  return order == 0 ? 2 : order == 1 ? 6 : kReferenceParts;
}
/// Number of partial sums of each result, not all of them used.
inline constexpr int kReferenceLanes = 8;
/// Number of targets that are summed together in fixed point: each source is loaded once for them.
inline constexpr int kFixedTargets = 2;
using FixedTargets = FixedPositions<kFixedTargets>;

/// The loops of a kernel and an instruction set; `kernel` points to the kernel's struct.
struct ReferenceLoops {
  /// Fills the block with the points' positions, times `inverse`, their charges (zero if null), and their
  /// dipoles, times `inverse`.
  void (*take_wide)(const ReferencePoints& points, double inverse, WideBlock& block);
  /// As take_wide in fixed point ([1]: as floats), with charges times `unit` and dipoles times `dipole_unit`;
  /// false if a point lies outside the frame or a strength is too large.
  bool (*take_fixed[2])(const ReferencePoints& points, double inverse, const FixedFrame& frame, double unit,
                        double dipole_unit, FixedBlock& block);
  /// Adds the results of a target to sums (kReferenceParts, kReferenceLanes). [1/sqrt by one
  /// step (simd/vec.hpp)][dipoles][order]
  void (*sum_wide[2][2][3])(const void* kernel, const double* target, const WideBlock& block, double* sums);
  /// As sum_wide for kFixedTargets targets and their sums, (kFixedTargets, kReferenceParts, kReferenceLanes).
  /// Nothing is added for targets with a source closer than sqrt(least): their bits are returned. [estimate:
  /// positions are floats and 1/sqrt is the hardware's estimate (simd/vec.hpp)][dipoles][order]; null for
  /// Hessians of dipoles, which floats in these units cannot represent.
  unsigned (*sum_fixed[2][2][3])(const void* kernel, const FixedTargets& targets, const FixedBlock& block,
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
