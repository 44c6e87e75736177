// The symmetric pair loops between two sets of points: 1/r is computed once for both sides. Included by the
// units of kernels only (pair_loop_impl.hpp).
#pragma once

#include <cstdint>
#include <utility>

#include "kernels/close_pairs_impl.hpp"
#include "kernels/pair_loop_isa.hpp"
#include "simd/fold_impl.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

// Pairs of split points (high and low parts) are guarded (close_pairs_impl.hpp).

/// Number of points of b that are processed together: their sums, one vector per point, fit in the L1 cache.
/// A multiple of the number of lanes of every instruction set.
inline constexpr Index kSymmetricPiece = 128;

/// One side of symmetric pairs: points, split or not, and where their results go: to `sums` for split points
/// on side a.
template <class Real>
struct SymmetricSide {
  SymmetricArrays<Real> points;
  LowParts<Real> low;
  DoubleSums sums;
};

template <bool Gradient, bool Split, class Real>
SymmetricSide<Real> advance(const SymmetricSide<Real>& side, Index i) {
  const SymmetricArrays<Real>& p = side.points;
  SymmetricSide<Real> rest{
      {p.x + i, p.y + i, p.z + i, p.charge + i, p.count - i, nullptr, nullptr, nullptr, nullptr}, {}, {}};
  if constexpr (Split) rest.low = {side.low.x + i, side.low.y + i, side.low.z + i};
  if (p.potential) rest.points.potential = p.potential + i;
  if (side.sums.potential) rest.sums.potential = side.sums.potential + i;
  if constexpr (Gradient) {
    if (p.gx) rest.points.gx = p.gx + i, rest.points.gy = p.gy + i, rest.points.gz = p.gz + i;
    if (side.sums.gx)
      rest.sums.gx = side.sums.gx + i, rest.sums.gy = side.sums.gy + i, rest.sums.gz = side.sums.gz + i;
  }
  return rest;
}

template <class V, class Real>
OCTOPOLE_INLINE void add_scaled(Real* to, Real scale, const V& value) {
  simd::store(to, simd::load<V>(to) + simd::broadcast<V>(scale) * value);
}

template <int First, class V, int... lane>
OCTOPOLE_INLINE auto half_in_double(const V& v, std::integer_sequence<int, lane...>) {
  return __builtin_convertvector(__builtin_shufflevector(v, v, (First + lane)...),
                                 typename isa::Vec<double>::type);
}

/// Adds half a vector of floats, from lane First on, scaled, to the same number of doubles.
template <int First, class V>
OCTOPOLE_INLINE void add_half_to_doubles(double* to, const V& value, double scale) {
  using Doubles = typename isa::Vec<double>::type;
  static_assert(sizeof(V) == sizeof(Doubles));
  const Doubles half =
      half_in_double<First>(value, std::make_integer_sequence<int, isa::Vec<double>::lanes>{});
  simd::store(to, simd::load<Doubles>(to) + simd::broadcast<Doubles>(scale) * half);
}

/// Adds a vector of floats, scaled, to the same number of doubles.
template <class V>
OCTOPOLE_INLINE void add_to_doubles(double* to, const V& value, double scale = 1) {
  constexpr int lanes = isa::Vec<double>::lanes;
  add_half_to_doubles<0>(to, value, scale);
  add_half_to_doubles<lanes>(to + lanes, value, scale);
}

/// Results of a piece of b per lane, (1 or 4, kSymmetricPiece, lanes), before and after a block: the First
/// block sets them, later ones add to them. Both are the same array where a block is never discarded.
template <class Real>
struct PieceSums {
  const Real* before;
  Real* after;
};

/// Sums Width * lanes points of a against `count` points of b. Returns false if a pair is too close for
/// Pairs::fast: sums.after is then invalid, and nothing else has been written. Masks of guarded pairs are
/// (count, Width).
template <int Width, Pairs pairs, bool First, bool Gradient, bool Split, class K, class Real>
OCTOPOLE_INLINE bool symmetric_block(const K& kernel, const SymmetricSide<Real>& a_side,
                                     const SymmetricSide<Real>& b_side, Index count, Real scale,
                                     const PieceSums<Real>& sums, [[maybe_unused]] const BlockGuard& guard) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  constexpr Index part = kSymmetricPiece * lanes;
  const SymmetricArrays<Real>&a = a_side.points, &b = b_side.points;
  V x[Width], y[Width], z[Width], charge[Width], u[Width], gx[Width], gy[Width], gz[Width];
  V x_low[Width], y_low[Width], z_low[Width];
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    x[w] = simd::load<V>(a.x + w * lanes);
    y[w] = simd::load<V>(a.y + w * lanes);
    z[w] = simd::load<V>(a.z + w * lanes);
    if constexpr (Split) {
      x_low[w] = simd::load<V>(a_side.low.x + w * lanes);
      y_low[w] = simd::load<V>(a_side.low.y + w * lanes);
      z_low[w] = simd::load<V>(a_side.low.z + w * lanes);
    }
    charge[w] = simd::load<V>(a.charge + w * lanes);
    u[w] = gx[w] = gy[w] = gz[w] = V{};
  }
  // Local copies, because the compiler must assume that the stores below may change b_side.
  const Real *const b_x = b.x, *const b_y = b.y, *const b_z = b.z, *const b_charge = b.charge;
  [[maybe_unused]] const LowParts<Real> b_low = b_side.low;
  const Real* const sums_before = sums.before;
  Real* const sums_after = sums.after;
  [[maybe_unused]] std::uint16_t* const beyond = guard.beyond;
  V nearest{}, least{};
  if constexpr (pairs != Pairs::any) {
    nearest = simd::broadcast<V>(kNoDistance);
    least = simd::broadcast<V>(guard.least);
  }
  for (Index j = 0; j < count; ++j) {
    const V bx = simd::broadcast<V>(b_x[j]), by = simd::broadcast<V>(b_y[j]), bz = simd::broadcast<V>(b_z[j]),
            bq = simd::broadcast<V>(b_charge[j]);
    V bx_low, by_low, bz_low;
    if constexpr (Split) {
      bx_low = simd::broadcast<V>(b_low.x[j]);
      by_low = simd::broadcast<V>(b_low.y[j]);
      bz_low = simd::broadcast<V>(b_low.z[j]);
    }
    const Real* const before = sums_before + j * lanes;
    V to_b{}, to_bx{}, to_by{}, to_bz{};
    if constexpr (!First) to_b = simd::load<V>(before);
    if constexpr (Gradient && !First) {
      to_bx = simd::load<V>(before + part);
      to_by = simd::load<V>(before + 2 * part);
      to_bz = simd::load<V>(before + 3 * part);
    }
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      V dx = x[w] - bx, dy = y[w] - by, dz = z[w] - bz;
      if constexpr (Split) {
        // The differences above are exact for close points, for which the low parts matter.
        dx += x_low[w] - bx_low;
        dy += y_low[w] - by_low;
        dz += z_low[w] - bz_low;
      }
      const V r2 = dx * dx + dy * dy + dz * dz;
      const V inverse_r =
          inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, beyond, j * Width + w);
      const V value = kernel.potential(r2, inverse_r);
      u[w] += value * bq;
      to_b += value * charge[w];
      if constexpr (Gradient) {
        const V g = -kernel.gradient_factor(r2, inverse_r);  // most kernels fall with r: saves two negations
        const V ga = g * bq, gb = g * charge[w];
        gx[w] -= ga * dx;
        gy[w] -= ga * dy;
        gz[w] -= ga * dz;
        to_bx += gb * dx;
        to_by += gb * dy;
        to_bz += gb * dz;
      }
    }
    Real* const after = sums_after + j * lanes;
    simd::store(after, to_b);
    if constexpr (Gradient) {
      simd::store(after + part, to_bx);
      simd::store(after + 2 * part, to_by);
      simd::store(after + 3 * part, to_bz);
    }
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    const Index i = w * lanes;
    if constexpr (Split) {
      add_to_doubles(a_side.sums.potential + i, u[w]);
      if constexpr (Gradient) {
        add_to_doubles(a_side.sums.gx + i, gx[w]);
        add_to_doubles(a_side.sums.gy + i, gy[w]);
        add_to_doubles(a_side.sums.gz + i, gz[w]);
      }
    } else {
      add_scaled(a.potential + i, scale, u[w]);
      if constexpr (Gradient) {
        add_scaled(a.gx + i, scale, gx[w]);
        add_scaled(a.gy + i, scale, gy[w]);
        add_scaled(a.gz + i, scale, gz[w]);
      }
    }
  }
  return true;
}

/// Sums the last points of a, fewer than one vector: padded with copies of the last one with zero charge.
template <bool First, bool Gradient, class K, class Real>
void symmetric_rest(const K& kernel, const SymmetricArrays<Real>& a, const SymmetricSide<Real>& b,
                    Index count, Real scale, const PieceSums<Real>& sums) {
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
  symmetric_block<1, Pairs::any, First, Gradient, false>(
      kernel, SymmetricSide<Real>{{x, y, z, charge, lanes, u, gx, gy, gz}, {}, {}}, b, count, scale, sums,
      {});
  for (Index l = 0; l < lanes && l < a.count; ++l) {
    a.potential[l] += u[l];
    if constexpr (Gradient) {
      a.gx[l] += gx[l];
      a.gy[l] += gy[l];
      a.gz[l] += gz[l];
    }
  }
}

/// to[j] += scale * sum over lanes of `sums` for `count` points of b. With Padded, `to` is written in whole
/// vectors.
template <bool Padded, class Real>
void add_sums(const Real* sums, Index count, Real scale, Real* to) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  const V factor = simd::broadcast<V>(scale);
  Index j = 0;
  for (; Padded ? j < count : j + lanes <= count; j += lanes)
    simd::store(to + j, simd::load<V>(to + j) + factor * sums_of_lanes(sums + j * lanes));
  if (j >= count) return;
  const V rest = sums_of_lanes(sums + j * lanes);
  for (Index l = 0; j + l < count; ++l) to[j + l] += scale * rest[l];
}

template <bool First, bool Gradient, class K, class Real>
OCTOPOLE_INLINE void one_block_of_a(const K& kernel, const SymmetricSide<Real>& a, Index i,
                                    const SymmetricSide<Real>& b, Index count, Real scale,
                                    const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  const SymmetricSide<Real> block = advance<Gradient, false>(a, i);
  if (block.points.count >= lanes)
    symmetric_block<1, Pairs::any, First, Gradient, false>(kernel, block, b, count, scale, sums, {});
  else
    symmetric_rest<First, Gradient>(kernel, block.points, b, count, scale, sums);
}

/// Sums all points of a, at least one, against `count` points of b.
template <bool Gradient, class K, class Real>
OCTOPOLE_INLINE void all_of_a(const K& kernel, const SymmetricSide<Real>& a, const SymmetricSide<Real>& b,
                              Index count, Real scale, const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = 2;
  const Index all = a.points.count;
  Index i = width * lanes;
  if (i <= all) {
    symmetric_block<width, Pairs::any, true, Gradient, false>(kernel, a, b, count, scale, sums, {});
  } else {
    i = lanes;
    one_block_of_a<true, Gradient>(kernel, a, 0, b, count, scale, sums);
  }
  for (; i + width * lanes <= all; i += width * lanes)
    symmetric_block<width, Pairs::any, false, Gradient, false>(kernel, advance<Gradient, false>(a, i), b,
                                                               count, scale, sums, {});
  for (; i < all; i += lanes) one_block_of_a<false, Gradient>(kernel, a, i, b, count, scale, sums);
}

/// Sums a vector of split points of a, the first at i, against `count` points of b, the first at `first`.
template <bool First, bool Gradient, class K>
[[gnu::noinline]] void sum_guarded(const K& kernel, const SymmetricSide<float>& a, Index i,
                                   const SymmetricSide<float>& b, Index first, Index count,
                                   const PieceSums<float>& sums, const CloseGuard& close) {
  std::uint16_t beyond[kSymmetricPiece];
  static_assert(kSymmetricPiece % kMasksTogether == 0);
  symmetric_block<1, Pairs::guarded, First, Gradient, true>(kernel, a, b, count, 1.0F, sums,
                                                            {close.least, beyond});
  each_left_out(beyond, count, [&](Index j, Index lane) {
    if (lane < a.points.count) close.pairs.take(close.pairs.to, i + lane, first + j);  // otherwise padding
  });
}

/// Sums all split points of a, at least one, against `count` points of b, the first at `first`. The sums
/// after a block are those before the next.
template <bool Gradient, class K>
OCTOPOLE_INLINE void all_of_a(const K& kernel, const SymmetricSide<float>& a, const SymmetricSide<float>& b,
                              Index first, Index count, PieceSums<float>& sums, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  const auto block = [&](auto is_first, Index i) {
    constexpr bool First = decltype(is_first)::value;
    const SymmetricSide<float> vector = advance<Gradient, true>(a, i);
    if (!symmetric_block<1, Pairs::fast, First, Gradient, true>(kernel, vector, b, count, 1.0F, sums,
                                                                {close.least, nullptr}))
      sum_guarded<First, Gradient>(kernel, vector, i, b, first, count, sums, close);
    sums = {sums.after, const_cast<float*>(sums.before)};
  };
  block(std::true_type{}, 0);
  for (Index i = lanes; i < a.points.count; i += lanes) block(std::false_type{}, i);
}

/// Sums all pairs of a and b. With Split both sides are padded, and pairs are guarded by `close`.
template <bool Gradient, bool Split, class K, class Real>
void symmetric_loop(const K& kernel, const SymmetricSide<Real>& a, const SymmetricSide<Real>& b, Real scale,
                    [[maybe_unused]] const CloseGuard& close) {
  constexpr int lanes = isa::Vec<Real>::lanes, parts = Gradient ? 4 : 1;
  alignas(64) Real buffers[Split ? 2 : 1][kSymmetricPiece * lanes * parts];
  const Index b_count = b.points.count;
  if (a.points.count == 0) return;
  for (Index first = 0; first < b_count; first += kSymmetricPiece) {
    const Index count = b_count - first < kSymmetricPiece ? b_count - first : kSymmetricPiece;
    const SymmetricSide<Real> piece = advance<Gradient, Split>(b, first);
    Real* sums = buffers[0];
    if constexpr (Split) {
      PieceSums<Real> turned{buffers[1], buffers[0]};
      all_of_a<Gradient>(kernel, a, piece, first, count, turned, close);
      sums = const_cast<Real*>(turned.before);
    } else {
      all_of_a<Gradient>(kernel, a, piece, count, scale, {sums, sums});
    }
    for (Index j = count; j % lanes != 0; ++j)  // add_sums reads whole vectors of them
      for (int part = 0; part < parts; ++part)
        simd::store(sums + (part * kSymmetricPiece + j) * lanes, typename isa::Vec<Real>::type{});
    add_sums<Split>(sums, count, scale, piece.points.potential);
    if constexpr (Gradient) {
      add_sums<Split>(sums + kSymmetricPiece * lanes, count, scale, piece.points.gx);
      add_sums<Split>(sums + 2 * kSymmetricPiece * lanes, count, scale, piece.points.gy);
      add_sums<Split>(sums + 3 * kSymmetricPiece * lanes, count, scale, piece.points.gz);
    }
  }
}

template <bool Gradient, class K, class Real>
void whole_symmetric_loop(const K& kernel, const SymmetricArrays<Real>& a, const SymmetricArrays<Real>& b,
                          Real scale) {
  symmetric_loop<Gradient, false>(kernel, SymmetricSide<Real>{a, {}, {}}, SymmetricSide<Real>{b, {}, {}},
                                  scale, {});
}

template <bool Gradient, class K, class Real>
void split_symmetric_loop(const K& kernel, const SymmetricArrays<Real>& a, const LowParts<Real>& a_low,
                          const DoubleSums& to_a, const SymmetricArrays<Real>& b, const LowParts<Real>& b_low,
                          const CloseGuard& close) {
  symmetric_loop<Gradient, true>(kernel, SymmetricSide<Real>{a, a_low, to_a},
                                 SymmetricSide<Real>{b, b_low, {}}, Real{1}, close);
}

}  // namespace
}  // namespace octopole
