// The vectorised parts of the M2L by FFT, as functions to dispatch to: see m2l_fft_kernel_impl.hpp.
#pragma once

#include "base/types.hpp"

namespace octopole {

/// Cosines and sines of 2 pi k n / (2p - 1) for k, n < p, at [n * stride + k]; zero from k = p to stride - 1,
/// and three more numbers at the end.
template <class Real>
struct DftTables {
  int order;
  Index stride;  // a multiple of 4
  const Real* cosine;
  const Real* sine;
};

/// The pairs of target parents and source parents in one neighbour direction, by their rows.
struct SiblingPairs {
  const std::uint16_t* target;
  const std::uint16_t* source;
  Index count;
};

/// A row is what eight siblings have at one place: 8 real parts, then 8 imaginary parts. Transforms go axis
/// by axis; between x, y and z lies an array by (kx, ky, z, family), of which only some kx are held at a
/// time: row ((kx - kx_begin) (2p - 1) + ky) p + z is at offset stride * row, a family's share of it at 16 *
/// family.
template <class Real>
struct M2lFftKernels {
  /// 8 grids of p^3 points (grid: (p^3, 8)), zero beyond them, along x and y. `work` holds dft_work_size(p)
  /// numbers.
  void (*forward_xy)(const DftTables<Real>& tables, const Real* grid, int kx_begin, int kx_end, Real* work,
                     Real* out, Index stride);
  /// Families' p rows of one (kx, ky) along z, to 2p - 1 rows; both `stride` apart.
  void (*forward_z)(const DftTables<Real>& tables, const Real* in, Index families, Real* out, Index stride);
  /// One frequency: targets[t] = sum over directions d and pairs (t, s) of d of K_d sources[s]. K_d (target
  /// child, source child) is transforms[block_index[d * 64 + source child * 8 + target child]]. `pairs` has
  /// 27 directions for each of `chunks` ranges of targets.
  void (*sweep)(const Real* transforms, const std::int32_t* block_index, const SiblingPairs* pairs,
                Index chunks, const Real* sources, Real* targets, Index target_count);
  /// The unscaled inverses, of which only the p^3 points are computed; the grid is what kx_begin .. kx_end
  /// contribute.
  void (*inverse_z)(const DftTables<Real>& tables, const Real* in, Index families, Real* out, Index stride);
  void (*inverse_xy)(const DftTables<Real>& tables, const Real* in, Index stride, int kx_begin, int kx_end,
                     Real* work, Real* grid);
};

/// The number of kx held at a time, a function of the order alone, so that rounding does not depend on how
/// much there is to transform.
constexpr int m2l_fft_slab(int order) {
  return order < 4 ? order : order <= 5 ? 4 : 2;
}

constexpr Index dft_work_size(int order) {
  return Index(16) * order * order * m2l_fft_slab(order);
}

inline constexpr Index kM2lFftRow = 16;  // numbers a row

/// Rows that `families` are given, an odd number: powers of two would fall on the same cache lines.
constexpr Index m2l_fft_rows(Index families) {
  return families | 1;
}

// Null where the build has no such instructions.
template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_baseline();
template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_avx2();
template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_avx512();

}  // namespace octopole
