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

/// Number of points of b that are processed together: their sums, one vector per point and part, fit in or
/// near the L1 cache. A multiple of the number of lanes of every instruction set.
template <int order>
inline constexpr Index kSymmetricPiece = order < 2 ? 128 : 32;

/// One side of symmetric pairs: points, split or not, and where their results go: to `sums` for split points
/// on side a.
template <class Real>
struct SymmetricSide {
  SymmetricArrays<Real> points;
  LowParts<Real> low;
  DoubleSums sums;
};

/// The side's points from i on.
template <int order, bool Split, class Real>
SymmetricSide<Real> advance(const SymmetricSide<Real>& side, Index i) {
  SymmetricSide<Real> rest{side.points, {}, {}};
  SymmetricArrays<Real>& p = rest.points;
  p.x += i, p.y += i, p.z += i, p.charge += i, p.count -= i;
  if constexpr (Split) rest.low = {side.low.x + i, side.low.y + i, side.low.z + i};
  const auto from = [i](auto* values) { return values ? values + i : nullptr; };
  p.potential = from(p.potential);
  rest.sums.potential = from(side.sums.potential);
  if constexpr (order >= 1) {
    p.gx = from(p.gx), p.gy = from(p.gy), p.gz = from(p.gz);
    rest.sums.gx = from(side.sums.gx), rest.sums.gy = from(side.sums.gy), rest.sums.gz = from(side.sums.gz);
  }
  if constexpr (order >= 2)
    for (int c = 0; c < 6; ++c) {
      p.hessian[c] = from(p.hessian[c]);
      rest.sums.hessian[c] = from(side.sums.hessian[c]);
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

/// Results of a piece of b per lane, (parts, kSymmetricPiece, lanes), before and after a block: the First
/// block sets them, later ones add to them. Both are the same array where a block is never discarded.
template <class Real>
struct PieceSums {
  const Real* before;
  Real* after;
};

/// Sums Width * lanes points of a against `count` points of b. Returns false if a pair is too close for
/// Pairs::fast: sums.after is then invalid, and nothing else has been written. Masks of guarded pairs are
/// (count, Width).
template <int Width, Pairs pairs, bool First, SourceKind kind, int order, bool Split, class K, class Real>
OCTOPOLE_INLINE bool symmetric_block(const K& kernel, const SymmetricSide<Real>& a_side,
                                     const SymmetricSide<Real>& b_side, Index count, Real scale,
                                     const PieceSums<Real>& sums, [[maybe_unused]] const BlockGuard& guard) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  constexpr Index part = kSymmetricPiece<order> * lanes;
  constexpr bool charges = kind != SourceKind::dipoles, dipoles = kind != SourceKind::charges,
                 Gradient = order >= 1, Hessian = order >= 2;
  static_assert(!dipoles || order == 0, "derivatives of dipoles are summed by tiles");
  constexpr int p = charges ? 1 : 0;  // the first component of dipoles among the strengths
  const SymmetricArrays<Real>&a = a_side.points, &b = b_side.points;
  V x[Width], y[Width], z[Width], charge[Width], u[Width], gx[Width], gy[Width], gz[Width];
  V x_low[Width], y_low[Width], z_low[Width], px[Width], py[Width], pz[Width], h[6][Width];
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
    if constexpr (charges) charge[w] = simd::load<V>(a.charge + w * lanes);
    if constexpr (dipoles) {
      px[w] = simd::load<V>(a.charge + p * a.charge_stride + w * lanes);
      py[w] = simd::load<V>(a.charge + (p + 1) * a.charge_stride + w * lanes);
      pz[w] = simd::load<V>(a.charge + (p + 2) * a.charge_stride + w * lanes);
    }
    u[w] = gx[w] = gy[w] = gz[w] = V{};
    for (auto& second : h) second[w] = V{};
  }
  // Local copies, because the compiler must assume that the stores below may change b_side.
  const Real *const b_x = b.x, *const b_y = b.y, *const b_z = b.z, *const b_charge = b.charge;
  [[maybe_unused]] const Index b_stride = b.charge_stride;
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
    V bpx, bpy, bpz;
    if constexpr (dipoles) {
      bpx = simd::broadcast<V>(b_charge[p * b_stride + j]);
      bpy = simd::broadcast<V>(b_charge[(p + 1) * b_stride + j]);
      bpz = simd::broadcast<V>(b_charge[(p + 2) * b_stride + j]);
    }
    V bx_low, by_low, bz_low;
    if constexpr (Split) {
      bx_low = simd::broadcast<V>(b_low.x[j]);
      by_low = simd::broadcast<V>(b_low.y[j]);
      bz_low = simd::broadcast<V>(b_low.z[j]);
    }
    const Real* const before = sums_before + j * lanes;
    V to_b{}, to_bx{}, to_by{}, to_bz{}, to_bh[6]{};
    if constexpr (!First) to_b = simd::load<V>(before);
    if constexpr (Gradient && !First) {
      to_bx = simd::load<V>(before + part);
      to_by = simd::load<V>(before + 2 * part);
      to_bz = simd::load<V>(before + 3 * part);
    }
    if constexpr (Hessian && !First) {
#pragma GCC unroll 8
      for (int c = 0; c < 6; ++c) to_bh[c] = simd::load<V>(before + (4 + c) * part);
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
      if constexpr (charges) {
        const V value = kernel.potential(r2, inverse_r);
        u[w] += value * bq;
        to_b += value * charge[w];
      }
      if constexpr (dipoles) {
        const V g = -kernel.gradient_factor(r2, inverse_r);
        u[w] += g * (dx * bpx + dy * bpy + dz * bpz);
        to_b -= g * (dx * px[w] + dy * py[w] + dz * pz[w]);
      }
      if constexpr (Gradient) {
        const V g = -kernel.gradient_factor(r2, inverse_r);  // most kernels fall with r: saves two negations
        const V ga = g * bq, gb = g * charge[w];
        gx[w] -= ga * dx;
        gy[w] -= ga * dy;
        gz[w] -= ga * dz;
        to_bx += gb * dx;
        to_by += gb * dy;
        to_bz += gb * dz;
        if constexpr (Hessian) {
          const V nx = dx * inverse_r, ny = dy * inverse_r, nz = dz * inverse_r;
          V second[6];
          second_derivatives(V(-g), kernel.hessian_factor(r2, inverse_r), nx, ny, nz, second);
#pragma GCC unroll 8
          for (int c = 0; c < 6; ++c) {
            h[c][w] += second[c] * bq;
            to_bh[c] += second[c] * charge[w];
          }
        }
      }
    }
    Real* const after = sums_after + j * lanes;
    simd::store(after, to_b);
    if constexpr (Gradient) {
      simd::store(after + part, to_bx);
      simd::store(after + 2 * part, to_by);
      simd::store(after + 3 * part, to_bz);
    }
    if constexpr (Hessian) {
#pragma GCC unroll 8
      for (int c = 0; c < 6; ++c) simd::store(after + (4 + c) * part, to_bh[c]);
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
      if constexpr (Hessian)
        for (int c = 0; c < 6; ++c) add_to_doubles(a_side.sums.hessian[c] + i, h[c][w]);
    } else {
      add_scaled(a.potential + i, scale, u[w]);
      if constexpr (Gradient) {
        add_scaled(a.gx + i, scale, gx[w]);
        add_scaled(a.gy + i, scale, gy[w]);
        add_scaled(a.gz + i, scale, gz[w]);
      }
      if constexpr (Hessian)
        for (int c = 0; c < 6; ++c) add_scaled(a.hessian[c] + i, scale, h[c][w]);
    }
  }
  return true;
}

/// Sums the last points of a, fewer than one vector: padded with copies of the last one with zero strengths.
template <bool First, SourceKind kind, int order, class K, class Real>
void symmetric_rest(const K& kernel, const SymmetricArrays<Real>& a, const SymmetricSide<Real>& b,
                    Index count, Real scale, const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes, strengths = SourceParts(kind).count();
  alignas(64) Real x[lanes], y[lanes], z[lanes], strength[strengths][lanes], u[lanes], gx[lanes], gy[lanes],
      gz[lanes], h[6][lanes];
  for (Index l = 0; l < lanes; ++l) {
    const Index i = l < a.count ? l : a.count - 1;
    x[l] = a.x[i];
    y[l] = a.y[i];
    z[l] = a.z[i];
    for (int s = 0; s < strengths; ++s)
      strength[s][l] = l < a.count ? a.charge[s * a.charge_stride + i] : Real{0};
    u[l] = gx[l] = gy[l] = gz[l] = 0;
    for (auto& second : h) second[l] = 0;
  }
  symmetric_block<1, Pairs::any, First, kind, order, false>(
      kernel,
      SymmetricSide<Real>{
          {x, y, z, strength[0], lanes, u, gx, gy, gz, {h[0], h[1], h[2], h[3], h[4], h[5]}, lanes, kind},
          {},
          {}},
      b, count, scale, sums, {});
  for (Index l = 0; l < lanes && l < a.count; ++l) {
    a.potential[l] += u[l];
    if constexpr (order >= 1) {
      a.gx[l] += gx[l];
      a.gy[l] += gy[l];
      a.gz[l] += gz[l];
    }
    if constexpr (order >= 2)
      for (int c = 0; c < 6; ++c) a.hessian[c][l] += h[c][l];
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

template <bool First, SourceKind kind, int order, class K, class Real>
OCTOPOLE_INLINE void one_block_of_a(const K& kernel, const SymmetricSide<Real>& a, Index i,
                                    const SymmetricSide<Real>& b, Index count, Real scale,
                                    const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  const SymmetricSide<Real> block = advance<order, false>(a, i);
  if (block.points.count >= lanes)
    symmetric_block<1, Pairs::any, First, kind, order, false>(kernel, block, b, count, scale, sums, {});
  else
    symmetric_rest<First, kind, order>(kernel, block.points, b, count, scale, sums);
}

/// Sums all points of a, at least one, against `count` points of b.
template <SourceKind kind, int order, class K, class Real>
OCTOPOLE_INLINE void all_of_a(const K& kernel, const SymmetricSide<Real>& a, const SymmetricSide<Real>& b,
                              Index count, Real scale, const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = order < 2 ? 2 : 1;
  const Index all = a.points.count;
  Index i = width * lanes;
  if (i <= all) {
    symmetric_block<width, Pairs::any, true, kind, order, false>(kernel, a, b, count, scale, sums, {});
  } else {
    i = lanes;
    one_block_of_a<true, kind, order>(kernel, a, 0, b, count, scale, sums);
  }
  for (; i + width * lanes <= all; i += width * lanes)
    symmetric_block<width, Pairs::any, false, kind, order, false>(kernel, advance<order, false>(a, i), b,
                                                                  count, scale, sums, {});
  for (; i < all; i += lanes) one_block_of_a<false, kind, order>(kernel, a, i, b, count, scale, sums);
}

/// Sums a vector of split points of a, the first at i, against `count` points of b, the first at `first`.
template <bool First, SourceKind kind, int order, class K>
[[gnu::noinline]] void sum_guarded(const K& kernel, const SymmetricSide<float>& a, Index i,
                                   const SymmetricSide<float>& b, Index first, Index count,
                                   const PieceSums<float>& sums, const CloseGuard& close) {
  std::uint16_t beyond[kSymmetricPiece<order>];
  static_assert(kSymmetricPiece<order> % kMasksTogether == 0);
  symmetric_block<1, Pairs::guarded, First, kind, order, true>(kernel, a, b, count, 1.0F, sums,
                                                               {close.least, beyond});
  each_left_out(beyond, count, [&](Index j, Index lane) {
    if (lane < a.points.count) close.pairs.take(close.pairs.to, i + lane, first + j);  // otherwise padding
  });
}

/// Sums all split points of a, at least one, against `count` points of b, the first at `first`. The sums
/// after a block are those before the next.
template <SourceKind kind, int order, class K>
OCTOPOLE_INLINE void all_of_a(const K& kernel, const SymmetricSide<float>& a, const SymmetricSide<float>& b,
                              Index first, Index count, PieceSums<float>& sums, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  const auto block = [&](auto is_first, Index i) {
    constexpr bool First = decltype(is_first)::value;
    const SymmetricSide<float> vector = advance<order, true>(a, i);
    if (!symmetric_block<1, Pairs::fast, First, kind, order, true>(kernel, vector, b, count, 1.0F, sums,
                                                                   {close.least, nullptr}))
      sum_guarded<First, kind, order>(kernel, vector, i, b, first, count, sums, close);
    sums = {sums.after, const_cast<float*>(sums.before)};
  };
  block(std::true_type{}, 0);
  for (Index i = lanes; i < a.points.count; i += lanes) block(std::false_type{}, i);
}

/// Sums all pairs of a and b. With Split both sides are padded, and pairs are guarded by `close`.
template <SourceKind kind, int order, bool Split, class K, class Real>
void symmetric_loop(const K& kernel, const SymmetricSide<Real>& a, const SymmetricSide<Real>& b, Real scale,
                    [[maybe_unused]] const CloseGuard& close) {
  constexpr int lanes = isa::Vec<Real>::lanes, parts = kPartsUpTo[order];
  alignas(64) Real buffers[Split ? 2 : 1][kSymmetricPiece<order> * lanes * parts];
  const Index b_count = b.points.count;
  if (a.points.count == 0) return;
  for (Index first = 0; first < b_count; first += kSymmetricPiece<order>) {
    const Index count = b_count - first < kSymmetricPiece<order> ? b_count - first : kSymmetricPiece<order>;
    const SymmetricSide<Real> piece = advance<order, Split>(b, first);
    Real* sums = buffers[0];
    if constexpr (Split) {
      PieceSums<Real> turned{buffers[1], buffers[0]};
      all_of_a<kind, order>(kernel, a, piece, first, count, turned, close);
      sums = const_cast<Real*>(turned.before);
    } else {
      all_of_a<kind, order>(kernel, a, piece, count, scale, {sums, sums});
    }
    for (Index j = count; j % lanes != 0; ++j)  // add_sums reads whole vectors of them
      for (int part = 0; part < parts; ++part)
        simd::store(sums + (part * kSymmetricPiece<order> + j) * lanes, typename isa::Vec<Real>::type{});
    const SymmetricArrays<Real>& p = piece.points;
    Real* const to[] = {p.potential,  p.gx,         p.gy,         p.gz,         p.hessian[0],
                        p.hessian[1], p.hessian[2], p.hessian[3], p.hessian[4], p.hessian[5]};
    for (int part = 0; part < parts; ++part)
      add_sums<Split>(sums + part * kSymmetricPiece<order> * lanes, count, scale, to[part]);
  }
}

template <SourceKind kind, int order, class K, class Real>
void whole_symmetric_loop(const K& kernel, const SymmetricArrays<Real>& a, const SymmetricArrays<Real>& b,
                          Real scale) {
  symmetric_loop<kind, order, false>(kernel, SymmetricSide<Real>{a, {}, {}}, SymmetricSide<Real>{b, {}, {}},
                                     scale, {});
}

template <SourceKind kind, int order, class K, class Real>
void split_symmetric_loop(const K& kernel, const SymmetricArrays<Real>& a, const LowParts<Real>& a_low,
                          const DoubleSums& to_a, const SymmetricArrays<Real>& b, const LowParts<Real>& b_low,
                          const CloseGuard& close) {
  symmetric_loop<kind, order, true>(kernel, SymmetricSide<Real>{a, a_low, to_a},
                                    SymmetricSide<Real>{b, b_low, {}}, Real{1}, close);
}

}  // namespace
}  // namespace octopole
