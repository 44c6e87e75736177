// Cost of the M2L by FFT: operation counts and measured speed.
#pragma once

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Floating-point operations to transform the data of one family of eight siblings, forward or back.
constexpr double m2l_fft_transform_flops(int order) {
  const double p = order, m = 2 * p - 1;
  return p * p * (32 * p * p) + (p * p + m * p) * (64 * p * p);
}

/// Floating-point operations of a pair of families: an 8 x 8 complex matrix-vector product per frequency.
constexpr double m2l_fft_pair_flops(int order) {
  const double p = order, m = 2 * p - 1;
  return m * m * p * 64 * 8;
}

/// Floating-point operations per second and thread.
struct M2lFftSpeed {
  double transform = 0, sweep = 0;
};

/// Measures m2l_fft with all threads on synthetic families and pairs: the best of a few runs of some
/// milliseconds each.
template <class Real>
M2lFftSpeed measure_m2l_fft(int order);

}  // namespace octopole
#pragma GCC visibility pop
