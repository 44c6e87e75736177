// The loops of the M2L by FFT of each instruction set, as functions to dispatch to.
#pragma once

#include "base/types.hpp"
#include "simd/built.hpp"

namespace octopole {

/// Cosines and sines of 2 pi k n / (2p - 1) for k, n < p, at [n * stride + k]; zero from k = p to stride - 1,
/// with three more numbers at the end.
template <class Real>
struct DftTables {
  int order;
  Index stride;  // a multiple of 4
  const Real* cosine;
  const Real* sine;
};

/// The pairs of target parents and source parents in one neighbour direction, by row number.
struct SiblingPairs {
  const std::uint16_t* target;
  const std::uint16_t* source;
  Index count;
};

/// A row holds the values of eight siblings at one point or frequency: 8 real parts, then 8 imaginary parts.
/// Transforms are done axis by axis. The data between the transforms along y and z is an array (kx, ky, z,
/// family), of which only some kx are held at a time: line ((kx - kx_begin) (2p - 1) + ky) p + z is at offset
/// stride * line, a family's row in it at 16 * family.
template <class Real>
struct M2lFftLoops {
  /// Transforms 8 grids of p^3 points (grid: (p^3, 8)), zero-padded, along x and y. `work` holds
  /// dft_work_size(p) numbers.
  void (*forward_xy)(const DftTables<Real>& tables, const Real* grid, int kx_begin, int kx_end, Real* work,
                     Real* out, Index stride);
  /// Transforms the families' p rows of one (kx, ky) along z to 2p - 1 rows; both `stride` apart.
  void (*forward_z)(const DftTables<Real>& tables, const Real* in, Index families, Real* out, Index stride);
  /// Computes one frequency: targets[t] = sum over directions d and pairs (t, s) of d of K_d sources[s]. K_d
  /// (target child, source child) is transforms[block_index[d * 64 + source child * 8 + target child]].
  /// `pairs` has 27 directions for each of `chunks` ranges of targets.
  void (*sweep)(const Real* transforms, const std::int32_t* block_index, const SiblingPairs* pairs,
                Index chunks, const Real* sources, Real* targets, Index target_count);
  /// As sweep; also computes moments[t] = the sum with each product times component `axis` of d, which is -1,
  /// 0 or 1.
  void (*sweep_moments)(const Real* transforms, const std::int32_t* block_index, const SiblingPairs* pairs,
                        Index chunks, const Real* sources, Real* targets, Index target_count, int axis,
                        Real* moments);
  /// The unscaled inverse transforms, computed only at the p^3 points; the grid is the contribution of
  /// kx_begin <= kx < kx_end.
  void (*inverse_z)(const DftTables<Real>& tables, const Real* in, Index families, Real* out, Index stride);
  void (*inverse_xy)(const DftTables<Real>& tables, const Real* in, Index stride, int kx_begin, int kx_end,
                     Real* work, Real* grid);

  /// Defined by the unit of the instruction set; null pointers where the build does not have it.
  template <simd::Isa>
  static M2lFftLoops of();
};

/// Number of kx held at a time. Depends only on the order, so that rounding does not depend on the amount of
/// data.
constexpr int m2l_fft_slab(int order) {
  return order < 4 ? order : order <= 5 ? 4 : 2;
}

constexpr Index dft_work_size(int order) {
  return Index(16) * order * order * m2l_fft_slab(order);
}

inline constexpr Index kM2lFftRow = 16;  // numbers per row

/// Number of rows allocated for `families`: odd, because strides of a power of two map to the same cache
/// sets.
constexpr Index m2l_fft_rows(Index families) {
  return families | 1;
}

}  // namespace octopole
