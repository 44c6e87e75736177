// The loops of the M2L by FFT, compiled once per instruction set. All is in an unnamed namespace, so that
// units share no instantiation.
//
// The transforms are direct sums over p points, not FFTs: of the 2p - 1 points that FFTW would process only p
// are given or needed, frequencies k and 2p - 1 - k are computed together, and eight siblings occupy vector
// lanes. At these lengths (odd, often prime) this is 1.6 to 7 times faster than FFTW's best:
// docs/developers/performance-log.md.
#include "operators/m2l_fft_isa.hpp"

#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
namespace octopole {
namespace {

inline constexpr int kTile = isa::kRegisters == 32 ? 4 : 2;  // outputs of a line computed together
inline constexpr int kMaxLine = 32;                          // maximum order

template <class Real>
using Lanes = isa::Vec8<Real>;

/// Multiplies a row, 16 numbers in one vector, by -i: (re, im) becomes (im, -re).
template <class V>
OCTOPOLE_INLINE V turn_back(const V& v) {
  const V sign = {1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1, -1};
  return sign * __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7);
}

/// forward_line and inverse_line with one vector per row.
template <class Real>
void forward_whole_line(const DftTables<Real>& tables, const Real* in, Index in_stride, Real* out,
                        Index out_stride) {
  using V = typename isa::Vec<Real>::type;
  const int p = tables.order, m = 2 * p - 1;
  for (int k0 = 0; k0 < p; k0 += kTile) {
    V a[kTile], b[kTile];
#pragma GCC unroll 4
    for (int i = 0; i < kTile; ++i) a[i] = b[i] = V{};
    for (int n = 0; n < p; ++n) {
      const V row = simd::load<V>(in + n * in_stride);
      const Real* cosine = tables.cosine + n * tables.stride + k0;
      const Real* sine = tables.sine + n * tables.stride + k0;
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) {
        a[i] += simd::broadcast<V>(cosine[i]) * row;
        b[i] += simd::broadcast<V>(sine[i]) * row;
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kTile; ++i) {
      const int k = k0 + i;
      if (k >= p) break;
      const V turned = turn_back(b[i]);
      simd::store(out + k * out_stride, V(a[i] + turned));
      if (k > 0) simd::store(out + (m - k) * out_stride, V(a[i] - turned));
    }
  }
}

template <class Real>
void inverse_whole_line(const DftTables<Real>& tables, const Real* in, Index in_stride, Real* out,
                        Index out_stride) {
  using V = typename isa::Vec<Real>::type;
  const int p = tables.order, m = 2 * p - 1;
  V even[kMaxLine], odd[kMaxLine];
  even[0] = simd::load<V>(in);
  odd[0] = V{};
  for (int k = 1; k < p; ++k) {
    const V up = simd::load<V>(in + k * in_stride), down = simd::load<V>(in + (m - k) * in_stride);
    even[k] = up + down;
    odd[k] = turn_back(V(down - up));  // the imaginary unit is multiplied in
  }
  for (int n0 = 0; n0 < p; n0 += kTile) {
    V x[kTile] = {};
    for (int k = 0; k < p; ++k) {
      const Real* cosine = tables.cosine + k * tables.stride + n0;
      const Real* sine = tables.sine + k * tables.stride + n0;
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) {
        x[i] += simd::broadcast<V>(cosine[i]) * even[k];
        x[i] += simd::broadcast<V>(sine[i]) * odd[k];
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < kTile; ++i) {
      if (n0 + i >= p) break;
      simd::store(out + (n0 + i) * out_stride, x[i]);
    }
  }
}

/// Transforms p complex rows to 2p - 1: X_k = A_k - i B_k, X_-k = A_k + i B_k with A = sum cos x_n, B = sum
/// sin x_n.
template <class Real>
void forward_line(const DftTables<Real>& tables, const Real* in, Index in_stride, Real* out,
                  Index out_stride) {
  if constexpr (isa::Vec<Real>::lanes == 16) {
    forward_whole_line(tables, in, in_stride, out, out_stride);
    return;
  }
  using V = typename Lanes<Real>::type;
  const int p = tables.order, m = 2 * p - 1;
  for (int k0 = 0; k0 < p; k0 += kTile)
    for (int part = 0; part < 8; part += Lanes<Real>::lanes) {
      V a_re[kTile], a_im[kTile], b_re[kTile], b_im[kTile];
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) a_re[i] = a_im[i] = b_re[i] = b_im[i] = V{};
      for (int n = 0; n < p; ++n) {
        const V re = simd::load<V>(in + n * in_stride + part),
                im = simd::load<V>(in + n * in_stride + 8 + part);
        const Real* cosine = tables.cosine + n * tables.stride + k0;
        const Real* sine = tables.sine + n * tables.stride + k0;
#pragma GCC unroll 4
        for (int i = 0; i < kTile; ++i) {
          a_re[i] += simd::broadcast<V>(cosine[i]) * re;
          a_im[i] += simd::broadcast<V>(cosine[i]) * im;
          b_re[i] += simd::broadcast<V>(sine[i]) * re;
          b_im[i] += simd::broadcast<V>(sine[i]) * im;
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) {
        const int k = k0 + i;
        if (k >= p) break;
        simd::store(out + k * out_stride + part, V(a_re[i] + b_im[i]));
        simd::store(out + k * out_stride + 8 + part, V(a_im[i] - b_re[i]));
        if (k == 0) continue;
        simd::store(out + (m - k) * out_stride + part, V(a_re[i] - b_im[i]));
        simd::store(out + (m - k) * out_stride + 8 + part, V(a_im[i] + b_re[i]));
      }
    }
}

/// Transforms 2p - 1 complex rows to the p needed: x_n = X_0 + sum over k of cos (X_k + X_-k) + i sin (X_k -
/// X_-k).
template <class Real>
void inverse_line(const DftTables<Real>& tables, const Real* in, Index in_stride, Real* out,
                  Index out_stride) {
  if constexpr (isa::Vec<Real>::lanes == 16) {
    inverse_whole_line(tables, in, in_stride, out, out_stride);
    return;
  }
  using V = typename Lanes<Real>::type;
  const int p = tables.order, m = 2 * p - 1;
  for (int part = 0; part < 8; part += Lanes<Real>::lanes) {
    V even_re[kMaxLine], even_im[kMaxLine], odd_re[kMaxLine], odd_im[kMaxLine];
    even_re[0] = simd::load<V>(in + part);
    even_im[0] = simd::load<V>(in + 8 + part);
    odd_re[0] = odd_im[0] = V{};
    for (int k = 1; k < p; ++k) {
      const Real *up = in + k * in_stride + part, *down = in + (m - k) * in_stride + part;
      even_re[k] = simd::load<V>(up) + simd::load<V>(down);
      even_im[k] = simd::load<V>(up + 8) + simd::load<V>(down + 8);
      odd_re[k] = simd::load<V>(down + 8) - simd::load<V>(up + 8);  // the imaginary unit is multiplied in
      odd_im[k] = simd::load<V>(up) - simd::load<V>(down);
    }
    for (int n0 = 0; n0 < p; n0 += kTile) {
      V re[kTile], im[kTile];
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) re[i] = im[i] = V{};
      for (int k = 0; k < p; ++k) {
        const Real* cosine = tables.cosine + k * tables.stride + n0;
        const Real* sine = tables.sine + k * tables.stride + n0;
#pragma GCC unroll 4
        for (int i = 0; i < kTile; ++i) {
          re[i] += simd::broadcast<V>(cosine[i]) * even_re[k];
          im[i] += simd::broadcast<V>(cosine[i]) * even_im[k];
          re[i] += simd::broadcast<V>(sine[i]) * odd_re[k];
          im[i] += simd::broadcast<V>(sine[i]) * odd_im[k];
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) {
        if (n0 + i >= p) break;
        simd::store(out + (n0 + i) * out_stride + part, re[i]);
        simd::store(out + (n0 + i) * out_stride + 8 + part, im[i]);
      }
    }
  }
}

/// Computes Tile complex rows, from k0 on, from p real points of eight siblings (8 numbers each).
template <int Tile, class Real>
void forward_real_tile(const DftTables<Real>& tables, const Real* in, int k0, Real* out) {
  using V = typename Lanes<Real>::type;
  for (int part = 0; part < 8; part += Lanes<Real>::lanes) {
    V re[Tile], im[Tile];
#pragma GCC unroll 4
    for (int i = 0; i < Tile; ++i) re[i] = im[i] = V{};
    for (int n = 0; n < tables.order; ++n) {
      const V x = simd::load<V>(in + n * 8 + part);
#pragma GCC unroll 4
      for (int i = 0; i < Tile; ++i) {
        re[i] += simd::broadcast<V>(tables.cosine[n * tables.stride + k0 + i]) * x;
        im[i] -= simd::broadcast<V>(tables.sine[n * tables.stride + k0 + i]) * x;
      }
    }
#pragma GCC unroll 4
    for (int i = 0; i < Tile; ++i) {
      simd::store(out + i * 16 + part, re[i]);
      simd::store(out + i * 16 + 8 + part, im[i]);
    }
  }
}

/// Computes the rows k0 <= k < k1 from p real points.
template <class Real>
void forward_real_line(const DftTables<Real>& tables, const Real* in, int k0, int k1, Real* out) {
  for (; k0 + 4 <= k1; k0 += 4, out += 4 * 16) forward_real_tile<4>(tables, in, k0, out);
  for (; k0 + 2 <= k1; k0 += 2, out += 2 * 16) forward_real_tile<2>(tables, in, k0, out);
  if (k0 < k1) forward_real_tile<1>(tables, in, k0, out);
}

/// Computes the contribution of the rows k0 <= k < k1 to p real points.
template <class Real>
void inverse_real_line(const DftTables<Real>& tables, const Real* in, int k0, int k1, Real* out) {
  using V = typename Lanes<Real>::type;
  const int p = tables.order;
  for (int n0 = 0; n0 < p; n0 += kTile)
    for (int part = 0; part < 8; part += Lanes<Real>::lanes) {
      V x[kTile] = {};
      for (int k = k0 == 0 ? 1 : k0; k < k1; ++k) {
        const V re = simd::load<V>(in + (k - k0) * 16 + part),
                im = simd::load<V>(in + (k - k0) * 16 + 8 + part);
#pragma GCC unroll 4
        for (int i = 0; i < kTile; ++i) {
          x[i] += simd::broadcast<V>(tables.cosine[k * tables.stride + n0 + i]) * re;
          x[i] -= simd::broadcast<V>(tables.sine[k * tables.stride + n0 + i]) * im;
        }
      }
      const V constant = k0 == 0 ? simd::load<V>(in + part) : V{};
#pragma GCC unroll 4
      for (int i = 0; i < kTile; ++i) {
        if (n0 + i >= p) break;
        simd::store(out + (n0 + i) * 8 + part, V(x[i] + x[i] + constant));
      }
    }
}

template <class Real>
void forward_xy(const DftTables<Real>& tables, const Real* grid, int kx_begin, int kx_end, Real* work,
                Real* out, Index stride) {
  const Index p = tables.order, m = 2 * p - 1, slab = kx_end - kx_begin;
  for (Index line = 0; line < p * p; ++line)  // work: (z, y, kx)
    forward_real_line(tables, grid + line * p * 8, kx_begin, kx_end, work + line * slab * 16);
  for (Index z = 0; z < p; ++z)
    for (Index kx = 0; kx < slab; ++kx)
      forward_line(tables, work + (z * p * slab + kx) * 16, slab * 16, out + (kx * m * p + z) * stride,
                   p * stride);
}

template <class Real>
void forward_z(const DftTables<Real>& tables, const Real* in, Index families, Real* out, Index stride) {
  for (Index family = 0; family < families; ++family)
    forward_line(tables, in + family * 16, stride, out + family * 16, stride);
}

template <class Real>
void inverse_z(const DftTables<Real>& tables, const Real* in, Index families, Real* out, Index stride) {
  for (Index family = 0; family < families; ++family)
    inverse_line(tables, in + family * 16, stride, out + family * 16, stride);
}

template <class Real>
void inverse_xy(const DftTables<Real>& tables, const Real* in, Index stride, int kx_begin, int kx_end,
                Real* work, Real* grid) {
  const Index p = tables.order, m = 2 * p - 1, slab = kx_end - kx_begin;
  for (Index z = 0; z < p; ++z)
    for (Index kx = 0; kx < slab; ++kx)
      inverse_line(tables, in + (kx * m * p + z) * stride, p * stride, work + (z * p * slab + kx) * 16,
                   slab * 16);
  for (Index line = 0; line < p * p; ++line)
    inverse_real_line(tables, work + line * slab * 16, kx_begin, kx_end, grid + line * p * 8);
}

/// Adds a vector of products to a vector of sums and, times Weight (not 0), to one of moments.
template <int Weight, class V, class Real>
OCTOPOLE_INLINE void add_moment(const V& product, Real* sum, Real* moment) {
  simd::store(sum, simd::load<V>(sum) + product);
  simd::store(moment, Weight > 0 ? simd::load<V>(moment) + product : simd::load<V>(moment) - product);
}

/// Adds to the rows of Count targets the 8 x 8 matrix times the rows of their sources, with Weight also,
/// times this, to `moments`. `re` and `im`: for each source child the 8 real and 8 imaginary parts of its
/// column. For vectors of at most 8 numbers.
template <int Count, int Weight, class V, int kHalf, class Real>
OCTOPOLE_INLINE void multiply_rows(const V (&re)[8][kHalf], const V (&im)[8][kHalf],
                                   const std::uint16_t* target, const std::uint16_t* source,
                                   const Real* sources, Real* targets, [[maybe_unused]] Real* moments) {
  constexpr int lanes = 8 / kHalf;
  V sum_re[Count][kHalf], sum_im[Count][kHalf];
#pragma GCC unroll 4
  for (int c = 0; c < Count; ++c)
#pragma GCC unroll 4
    for (int h = 0; h < kHalf; ++h) {
      if constexpr (Weight == 0) {
        sum_re[c][h] = simd::load<V>(targets + Index(16) * target[c] + h * lanes);
        sum_im[c][h] = simd::load<V>(targets + Index(16) * target[c] + 8 + h * lanes);
      } else {
        sum_re[c][h] = sum_im[c][h] = V{};
      }
    }
#pragma GCC unroll 8
  for (int s = 0; s < 8; ++s)
#pragma GCC unroll 4
    for (int c = 0; c < Count; ++c) {
      const V b_re = simd::broadcast<V>(sources[Index(16) * source[c] + s]);
      const V b_im = simd::broadcast<V>(sources[Index(16) * source[c] + 8 + s]);
#pragma GCC unroll 4
      for (int h = 0; h < kHalf; ++h) {
        sum_re[c][h] += re[s][h] * b_re;
        sum_im[c][h] += im[s][h] * b_re;
        sum_re[c][h] -= im[s][h] * b_im;
        sum_im[c][h] += re[s][h] * b_im;
      }
    }
#pragma GCC unroll 4
  for (int c = 0; c < Count; ++c)
#pragma GCC unroll 4
    for (int h = 0; h < kHalf; ++h) {
      const Index re_at = Index(16) * target[c] + h * lanes, im_at = re_at + 8;
      if constexpr (Weight == 0) {
        simd::store(targets + re_at, sum_re[c][h]);
        simd::store(targets + im_at, sum_im[c][h]);
      } else {
        add_moment<Weight>(sum_re[c][h], targets + re_at, moments + re_at);
        add_moment<Weight>(sum_im[c][h], targets + im_at, moments + im_at);
      }
    }
}

/// As multiply_rows, with vectors of 16 numbers: a row is one vector, and `turned` is `column` times i.
template <int Count, int Weight, class V, class Real>
OCTOPOLE_INLINE void multiply_whole_rows(const V (&column)[8], const V (&turned)[8],
                                         const std::uint16_t* target, const std::uint16_t* source,
                                         const Real* sources, Real* targets, [[maybe_unused]] Real* moments) {
  V sum[Count];
#pragma GCC unroll 4
  for (int c = 0; c < Count; ++c)
    if constexpr (Weight == 0)
      sum[c] = simd::load<V>(targets + Index(16) * target[c]);
    else
      sum[c] = V{};
#pragma GCC unroll 8
  for (int s = 0; s < 8; ++s)
#pragma GCC unroll 4
    for (int c = 0; c < Count; ++c) {
      sum[c] += column[s] * simd::broadcast<V>(sources[Index(16) * source[c] + s]);
      sum[c] += turned[s] * simd::broadcast<V>(sources[Index(16) * source[c] + 8 + s]);
    }
#pragma GCC unroll 4
  for (int c = 0; c < Count; ++c)
    if constexpr (Weight == 0)
      simd::store(targets + Index(16) * target[c], sum[c]);
    else
      add_moment<Weight>(sum[c], targets + Index(16) * target[c], moments + Index(16) * target[c]);
}

template <int Weight, class Real>
void sweep_block(const Real (&column)[8][16], const Real (&turned)[8][16], const SiblingPairs& pairs,
                 const Real* sources, Real* targets, Real* moments) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  Index i = 0;
  if constexpr (lanes == 16) {
    V whole[8], whole_turned[8];
#pragma GCC unroll 8
    for (int s = 0; s < 8; ++s) {
      whole[s] = simd::load<V>(column[s]);
      whole_turned[s] = simd::load<V>(turned[s]);
    }
    for (; i + 4 <= pairs.count; i += 4)
      multiply_whole_rows<4, Weight>(whole, whole_turned, pairs.target + i, pairs.source + i, sources,
                                     targets, moments);
    for (; i < pairs.count; ++i)
      multiply_whole_rows<1, Weight>(whole, whole_turned, pairs.target + i, pairs.source + i, sources,
                                     targets, moments);
  } else {
    constexpr int half = 8 / lanes;
    V re[8][half], im[8][half];
#pragma GCC unroll 8
    for (int s = 0; s < 8; ++s)
#pragma GCC unroll 4
      for (int h = 0; h < half; ++h) {
        re[s][h] = simd::load<V>(column[s] + h * lanes);
        im[s][h] = simd::load<V>(column[s] + 8 + h * lanes);
      }
    for (; i + 2 <= pairs.count; i += 2)
      multiply_rows<2, Weight>(re, im, pairs.target + i, pairs.source + i, sources, targets, moments);
    for (; i < pairs.count; ++i)
      multiply_rows<1, Weight>(re, im, pairs.target + i, pairs.source + i, sources, targets, moments);
  }
}

/// Calls sweep(d, column, turned, pairs) for all directions with pairs, chunk by chunk.
template <class Real, class Sweep>
OCTOPOLE_INLINE void each_direction(const Real* transforms, const std::int32_t* block_index,
                                    const SiblingPairs* pairs, Index chunks, const Sweep& sweep) {
  alignas(64) Real column[8][16], turned[8][16];
  for (Index chunk = 0; chunk < chunks; ++chunk, pairs += 27)
    for (int d = 0; d < 27; ++d) {
      if (pairs[d].count == 0) continue;
      for (int s = 0; s < 8; ++s)
        for (int t = 0; t < 8; ++t) {
          const Real* value = transforms + 2 * Index(block_index[d * 64 + s * 8 + t]);
          column[s][t] = value[0];
          column[s][8 + t] = value[1];
          turned[s][t] = -value[1];
          turned[s][8 + t] = value[0];
        }
      sweep(d, column, turned, pairs[d]);
    }
}

template <class Real>
void sweep_frequency(const Real* transforms, const std::int32_t* block_index, const SiblingPairs* pairs,
                     Index chunks, const Real* sources, Real* targets, Index target_count) {
  for (Index i = 0; i < 16 * target_count; ++i) targets[i] = 0;
  each_direction(transforms, block_index, pairs, chunks,
                 [=](int, const auto& column, const auto& turned, const SiblingPairs& of_direction) {
                   sweep_block<0>(column, turned, of_direction, sources, targets,
                                  static_cast<Real*>(nullptr));
                 });
}

template <class Real>
void sweep_moments(const Real* transforms, const std::int32_t* block_index, const SiblingPairs* pairs,
                   Index chunks, const Real* sources, Real* targets, Index target_count, int axis,
                   Real* moments) {
  for (Index i = 0; i < 16 * target_count; ++i) targets[i] = moments[i] = 0;
  each_direction(transforms, block_index, pairs, chunks,
                 [=](int d, const auto& column, const auto& turned, const SiblingPairs& of_direction) {
                   const int weight = (axis == 0 ? d : axis == 1 ? d / 3 : d / 9) % 3 - 1;
                   const auto block = weight < 0    ? sweep_block<-1, Real>
                                      : weight == 0 ? sweep_block<0, Real>
                                                    : sweep_block<1, Real>;
                   block(column, turned, of_direction, sources, targets, moments);
                 });
}

template <class Real>
constexpr M2lFftLoops<Real> kLoops{forward_xy<Real>,    forward_z<Real>, sweep_frequency<Real>,
                                   sweep_moments<Real>, inverse_z<Real>, inverse_xy<Real>};

}  // namespace
}  // namespace octopole
#endif

namespace octopole {

template <class Real>
template <simd::Isa>
M2lFftLoops<Real> M2lFftLoops<Real>::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return kLoops<Real>;
#else
  return {};
#endif
}
template M2lFftLoops<double> M2lFftLoops<double>::of<simd::Isa::OCTOPOLE_ISA>();
template M2lFftLoops<float> M2lFftLoops<float>::of<simd::Isa::OCTOPOLE_ISA>();

}  // namespace octopole
