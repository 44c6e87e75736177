// The vectorised parts of the M2L by FFT, as functions to dispatch to: see m2l_fft_kernel_impl.hpp.
#pragma once

#include "octopole/base/types.hpp"

namespace octopole {

/// Cosines and sines of 2 pi k n / (2p - 1) for k, n < p, at [n * stride + k]; zero from k = p to stride - 1.
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

/// A row is what eight siblings have at one frequency: 8 real parts, then 8 imaginary parts.
template <class Real>
struct M2lFftKernels {
  /// Transforms 8 grids of p^3 points (grid: (p^3, 8)), zero beyond them, into rows at out + f * stride for
  /// each frequency f = ((2p - 1) kz + ky) p + kx. `work` holds dft_work_size(p) numbers.
  void (*forward)(const DftTables<Real>& tables, const Real* grid, Real* work, Real* out, Index stride);
  /// The unscaled inverse, of which only the p^3 points are computed.
  void (*inverse)(const DftTables<Real>& tables, const Real* in, Index stride, Real* work, Real* grid);
  /// One frequency: targets[t] = sum over directions d and pairs (t, s) of d of K_d sources[s]. K_d (target
  /// child, source child) is transforms[block_index[d * 64 + source child * 8 + target child]].
  void (*sweep)(const Real* transforms, const std::int32_t* block_index, const SiblingPairs* pairs,
                int directions, const Real* sources, Real* targets, Index target_count);
};

constexpr Index dft_work_size(int order) {
  const Index p = order;
  return 16 * p * p * (3 * p - 1);
}

inline constexpr Index kM2lFftRow = 16;  // numbers a row

/// Rows of one frequency that `groups` families of siblings are given, an odd number: powers of two would
/// fall on the same cache lines.
constexpr Index m2l_fft_rows(Index groups) {
  return groups | 1;
}

// Null where the build has no such instructions.
template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_baseline();
template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_avx2();
template <class Real>
M2lFftKernels<Real> m2l_fft_kernels_avx512();

}  // namespace octopole
