// The pair loop for two sets of points that act on each other: one 1/r for both sides. Included once by each
// instruction set's unit, as pair_loop_impl.hpp is.
#pragma once

#include "octopole/simd/vec.hpp"
#include "pair_loop_table.hpp"

namespace octopole {
namespace {

/// Points of b that are treated together: their sums, a vector each, stay in the first-level cache.
inline constexpr Index kMutualPiece = 128;

/// Width * lanes points of a against `count` points of b. What b receives is kept by lane in `sums`: (count,
/// 1 or 4, lanes).
template <int Width, bool Gradient, class K, class Real>
OCTOPOLE_INLINE void mutual_block(const K& kernel, const MutualArrays<Real>& a, const MutualArrays<Real>& b,
                                  Index count, Real scale, Real* sums) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V x[Width], y[Width], z[Width], charge[Width], u[Width], gx[Width], gy[Width], gz[Width];
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    x[w] = simd::load<V>(a.x + w * lanes);
    y[w] = simd::load<V>(a.y + w * lanes);
    z[w] = simd::load<V>(a.z + w * lanes);
    charge[w] = simd::load<V>(a.charge + w * lanes);
    u[w] = gx[w] = gy[w] = gz[w] = V{};
  }
  for (Index j = 0; j < count; ++j) {
    const V bx = simd::broadcast<V>(b.x[j]), by = simd::broadcast<V>(b.y[j]), bz = simd::broadcast<V>(b.z[j]),
            bq = simd::broadcast<V>(b.charge[j]);
    Real* const sum = sums + j * lanes * (Gradient ? 4 : 1);
    V to_b = simd::load<V>(sum), to_bx, to_by, to_bz;
    if constexpr (Gradient) {
      to_bx = simd::load<V>(sum + lanes);
      to_by = simd::load<V>(sum + 2 * lanes);
      to_bz = simd::load<V>(sum + 3 * lanes);
    }
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      const V dx = x[w] - bx, dy = y[w] - by, dz = z[w] - bz;
      const V r2 = dx * dx + dy * dy + dz * dz;
      const V inverse_r = isa::inverse_sqrt(r2);
      const V value = kernel.potential(r2, inverse_r);
      u[w] += value * bq;
      to_b += value * charge[w];
      if constexpr (Gradient) {
        const V g = kernel.gradient_factor(r2, inverse_r);
        const V ga = g * bq, gb = g * charge[w];
        gx[w] += ga * dx;
        gy[w] += ga * dy;
        gz[w] += ga * dz;
        to_bx -= gb * dx;
        to_by -= gb * dy;
        to_bz -= gb * dz;
      }
    }
    simd::store(sum, to_b);
    if constexpr (Gradient) {
      simd::store(sum + lanes, to_bx);
      simd::store(sum + 2 * lanes, to_by);
      simd::store(sum + 3 * lanes, to_bz);
    }
  }
  const V factor = simd::broadcast<V>(scale);
  const auto add = [&](Real* to, const V& value) { simd::store(to, simd::load<V>(to) + factor * value); };
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    add(a.potential + w * lanes, u[w]);
    if constexpr (Gradient) {
      add(a.gx + w * lanes, gx[w]);
      add(a.gy + w * lanes, gy[w]);
      add(a.gz + w * lanes, gz[w]);
    }
  }
}

template <bool Gradient, class Real>
MutualArrays<Real> advance(const MutualArrays<Real>& p, Index i) {
  if constexpr (Gradient)
    return {p.x + i,         p.y + i,  p.z + i,  p.charge + i, p.count - i,
            p.potential + i, p.gx + i, p.gy + i, p.gz + i};
  else
    return {p.x + i, p.y + i, p.z + i, p.charge + i, p.count - i, p.potential + i, nullptr, nullptr, nullptr};
}

/// The last points of a, fewer than a vector: padded with copies of the last one that have no charge.
template <bool Gradient, class K, class Real>
void mutual_rest(const K& kernel, const MutualArrays<Real>& a, const MutualArrays<Real>& b, Index count,
                 Real scale, Real* sums) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  alignas(64) Real x[lanes], y[lanes], z[lanes], charge[lanes], u[lanes], gx[lanes], gy[lanes], gz[lanes];
  for (Index l = 0; l < lanes; ++l) {
    const Index i = l < a.count ? l : a.count - 1;
    x[l] = a.x[i];
    y[l] = a.y[i];
    z[l] = a.z[i];
    charge[l] = l < a.count ? a.charge[i] : Real{0};
    u[l] = gx[l] = gy[l] = gz[l] = 0;
  }
  mutual_block<1, Gradient>(kernel, MutualArrays<Real>{x, y, z, charge, lanes, u, gx, gy, gz}, b, count,
                            scale, sums);
  for (Index l = 0; l < lanes && l < a.count; ++l) {
    a.potential[l] += u[l];
    if constexpr (Gradient) {
      a.gx[l] += gx[l];
      a.gy[l] += gy[l];
      a.gz[l] += gz[l];
    }
  }
}

template <class Real>
OCTOPOLE_INLINE Real sum_of_lanes(const Real* lanes_of) {
  Real sum = 0;
  for (int l = 0; l < isa::Vec<Real>::lanes; ++l) sum += lanes_of[l];
  return sum;
}

template <bool Gradient, class K, class Real>
void mutual_loop(const K& kernel, const MutualArrays<Real>& a, const MutualArrays<Real>& b, Real scale) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = 2, parts = Gradient ? 4 : 1;
  alignas(64) Real sums[kMutualPiece * lanes * parts];
  if (a.count == 0) return;
  for (Index first = 0; first < b.count; first += kMutualPiece) {
    const Index count = b.count - first < kMutualPiece ? b.count - first : kMutualPiece;
    const MutualArrays<Real> piece = advance<Gradient>(b, first);
    for (Index i = 0; i < count * lanes * parts; ++i) sums[i] = 0;
    Index i = 0;
    for (; i + width * lanes <= a.count; i += width * lanes)
      mutual_block<width, Gradient>(kernel, advance<Gradient>(a, i), piece, count, scale, sums);
    for (; i + lanes <= a.count; i += lanes)
      mutual_block<1, Gradient>(kernel, advance<Gradient>(a, i), piece, count, scale, sums);
    if (i < a.count) mutual_rest<Gradient>(kernel, advance<Gradient>(a, i), piece, count, scale, sums);
    for (Index j = 0; j < count; ++j) {
      const Real* sum = sums + j * lanes * parts;
      piece.potential[j] += scale * sum_of_lanes(sum);
      if constexpr (Gradient) {
        piece.gx[j] += scale * sum_of_lanes(sum + lanes);
        piece.gy[j] += scale * sum_of_lanes(sum + 2 * lanes);
        piece.gz[j] += scale * sum_of_lanes(sum + 3 * lanes);
      }
    }
  }
}

template <class K, class Real>
void mutual_potential_loop(const K& kernel, const MutualArrays<Real>& a, const MutualArrays<Real>& b,
                           Real scale) {
  mutual_loop<false>(kernel, a, b, scale);
}
template <class K, class Real>
void mutual_gradient_loop(const K& kernel, const MutualArrays<Real>& a, const MutualArrays<Real>& b,
                          Real scale) {
  mutual_loop<true>(kernel, a, b, scale);
}

}  // namespace
}  // namespace octopole
