// The symmetric pair loops between two sets of points: 1/r is computed once for both sides. Included by the
// units of kernels only (pair_loop_impl.hpp).
#pragma once

#include <cstdint>
#include <utility>

#include "kernels/close_pairs_impl.hpp"
#include "kernels/pair_form_impl.hpp"
#include "simd/fold_impl.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

// Pairs of split points (high and low parts) are guarded (close_pairs_impl.hpp).

/// One side of symmetric pairs: points, split or not, and where their results go: to `sums` for split points
/// on side a.
template <class Real>
struct SymmetricSide {
  SymmetricArrays<Real> points;
  LowParts<Real> low;
  ResultArrays<double> sums;
};

/// The side's points from i on.
template <class Form, bool Split, class Real>
OCTOPOLE_INLINE SymmetricSide<Real> advance(const SymmetricSide<Real>& side, Index i) {
  SymmetricSide<Real> rest = side;
  SymmetricArrays<Real>& p = rest.points;
  p.x += i, p.y += i, p.z += i, p.strengths += i, p.count -= i;
  if constexpr (Split) rest.low = {side.low.x + i, side.low.y + i, side.low.z + i};
  for (std::size_t part = 0; part < Form::kResults; ++part) {
    p.results.parts[part] = p.results.parts[part] ? p.results.parts[part] + i : nullptr;
    rest.sums.parts[part] = rest.sums.parts[part] ? rest.sums.parts[part] + i : nullptr;
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

/// Results of a piece of b per lane, (results, kPiece, lanes), before and after a block: the First block sets
/// them, later ones add to them. Both are the same array where a block is never discarded.
template <class Real>
struct PieceSums {
  const Real* before;
  Real* after;
};

/// Sums Width * lanes points of a against `count` points of b. Returns false if a pair is too close for
/// Pairs::fast: sums.after is then invalid, and nothing else has been written. Masks of guarded pairs are
/// (count, Width).
template <int Width, Pairs pairs, bool First, class Form, bool Split, class Real>
OCTOPOLE_INLINE bool symmetric_block(const typename Form::KernelType& kernel,
                                     const SymmetricSide<Real>& a_side, const SymmetricSide<Real>& b_side,
                                     Index count, Real scale, const PieceSums<Real>& sums,
                                     [[maybe_unused]] const BlockGuard& guard) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes, strengths = Form::kStrengths, results = Form::kResults;
  constexpr Index part = kFormPiece<Form> * lanes;
  const SymmetricArrays<Real>&a = a_side.points, &b = b_side.points;
  V x[Width], y[Width], z[Width], x_low[Width], y_low[Width], z_low[Width];
  V of_a[Width][strengths], to_a[Width][results];
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
#pragma GCC unroll 8
    for (int s = 0; s < strengths; ++s)
      of_a[w][s] = simd::load<V>(a.strengths + s * a.strength_stride + w * lanes);
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) to_a[w][r] = V{};
  }
  // Local copies, because the compiler must assume that the stores below may change b_side.
  const Real *const b_x = b.x, *const b_y = b.y, *const b_z = b.z, *const b_strengths = b.strengths;
  [[maybe_unused]] const Index b_stride = b.strength_stride;
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
    const V bx = simd::broadcast<V>(b_x[j]), by = simd::broadcast<V>(b_y[j]), bz = simd::broadcast<V>(b_z[j]);
    V of_b[strengths], to_b[results], bx_low, by_low, bz_low;
#pragma GCC unroll 8
    for (int s = 0; s < strengths; ++s) of_b[s] = simd::broadcast<V>(b_strengths[s * b_stride + j]);
    if constexpr (Split) {
      bx_low = simd::broadcast<V>(b_low.x[j]);
      by_low = simd::broadcast<V>(b_low.y[j]);
      bz_low = simd::broadcast<V>(b_low.z[j]);
    }
    const Real* const before = sums_before + j * lanes;
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r)
      if constexpr (First)
        to_b[r] = V{};
      else
        to_b[r] = simd::load<V>(before + r * part);
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      V d[3] = {x[w] - bx, y[w] - by, z[w] - bz};
      if constexpr (Split) {
        // The differences above are exact for close points, for which the low parts matter.
        d[0] += x_low[w] - bx_low;
        d[1] += y_low[w] - by_low;
        d[2] += z_low[w] - bz_low;
      }
      const V r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      const V inverse_r =
          inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, beyond, j * Width + w);
      Form::template add<true>(kernel, d, r2, inverse_r, of_a[w], of_b, to_a[w], to_b);
    }
    Real* const after = sums_after + j * lanes;
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) simd::store(after + r * part, to_b[r]);
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w)
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) {
      if constexpr (Split)
        add_to_doubles(a_side.sums.parts[static_cast<std::size_t>(r)] + w * lanes, to_a[w][r]);
      else
        add_scaled(a.results.parts[static_cast<std::size_t>(r)] + w * lanes, scale, to_a[w][r]);
    }
  return true;
}

/// Sums the last points of a, fewer than one vector: padded with copies of the last one with zero strengths.
template <bool First, class Form, class Real>
void symmetric_rest(const typename Form::KernelType& kernel, const SymmetricArrays<Real>& a,
                    const SymmetricSide<Real>& b, Index count, Real scale, const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes, strengths = Form::kStrengths, results = Form::kResults;
  alignas(64) Real x[lanes], y[lanes], z[lanes], strength[strengths][lanes], result[results][lanes];
  for (Index l = 0; l < lanes; ++l) {
    const Index i = l < a.count ? l : a.count - 1;
    x[l] = a.x[i];
    y[l] = a.y[i];
    z[l] = a.z[i];
    for (int s = 0; s < strengths; ++s)
      strength[s][l] = l < a.count ? a.strengths[s * a.strength_stride + i] : Real{0};
    for (auto& part : result) part[l] = 0;
  }
  SymmetricSide<Real> rest{{x, y, z, strength[0], lanes, {}, lanes}, {}, {}};
  for (int r = 0; r < results; ++r) rest.points.results.parts[static_cast<std::size_t>(r)] = result[r];
  symmetric_block<1, Pairs::any, First, Form, false>(kernel, rest, b, count, scale, sums, {});
  for (int r = 0; r < results; ++r)
    for (Index l = 0; l < lanes && l < a.count; ++l)
      a.results.parts[static_cast<std::size_t>(r)][l] += result[r][l];
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

template <bool First, class Form, class Real>
OCTOPOLE_INLINE void one_block_of_a(const typename Form::KernelType& kernel, const SymmetricSide<Real>& a,
                                    Index i, const SymmetricSide<Real>& b, Index count, Real scale,
                                    const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  const SymmetricSide<Real> block = advance<Form, false>(a, i);
  if (block.points.count >= lanes)
    symmetric_block<1, Pairs::any, First, Form, false>(kernel, block, b, count, scale, sums, {});
  else
    symmetric_rest<First, Form>(kernel, block.points, b, count, scale, sums);
}

/// Sums all points of a, at least one, against `count` points of b.
template <class Form, class Real>
OCTOPOLE_INLINE void all_of_a(const typename Form::KernelType& kernel, const SymmetricSide<Real>& a,
                              const SymmetricSide<Real>& b, Index count, Real scale,
                              const PieceSums<Real>& sums) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = kFormWidth<Form>;
  const Index all = a.points.count;
  Index i = width * lanes;
  if (i <= all) {
    symmetric_block<width, Pairs::any, true, Form, false>(kernel, a, b, count, scale, sums, {});
  } else {
    i = lanes;
    one_block_of_a<true, Form>(kernel, a, 0, b, count, scale, sums);
  }
  for (; i + width * lanes <= all; i += width * lanes)
    symmetric_block<width, Pairs::any, false, Form, false>(kernel, advance<Form, false>(a, i), b, count,
                                                           scale, sums, {});
  for (; i < all; i += lanes) one_block_of_a<false, Form>(kernel, a, i, b, count, scale, sums);
}

/// Sums a vector of split points of a, the first at i, against `count` points of b, the first at `first`.
template <bool First, class Form>
[[gnu::noinline]] void sum_guarded(const typename Form::KernelType& kernel, const SymmetricSide<float>& a,
                                   Index i, const SymmetricSide<float>& b, Index first, Index count,
                                   const PieceSums<float>& sums, const CloseGuard& close) {
  std::uint16_t beyond[kFormPiece<Form>];
  static_assert(kFormPiece<Form> % kMasksTogether == 0);
  symmetric_block<1, Pairs::guarded, First, Form, true>(kernel, a, b, count, 1.0F, sums,
                                                        {close.least, beyond});
  each_left_out(beyond, count, [&](Index j, Index lane) {
    if (lane < a.points.count) close.pairs.take(close.pairs.to, i + lane, first + j);  // otherwise padding
  });
}

/// Sums all split points of a, at least one, against `count` points of b, the first at `first`. The sums
/// after a block are those before the next.
template <class Form>
OCTOPOLE_INLINE void all_of_a(const typename Form::KernelType& kernel, const SymmetricSide<float>& a,
                              const SymmetricSide<float>& b, Index first, Index count, PieceSums<float>& sums,
                              const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  const auto block = [&](auto is_first, Index i) {
    constexpr bool First = decltype(is_first)::value;
    const SymmetricSide<float> vector = advance<Form, true>(a, i);
    if (!symmetric_block<1, Pairs::fast, First, Form, true>(kernel, vector, b, count, 1.0F, sums,
                                                            {close.least, nullptr}))
      sum_guarded<First, Form>(kernel, vector, i, b, first, count, sums, close);
    sums = {sums.after, const_cast<float*>(sums.before)};
  };
  block(std::true_type{}, 0);
  for (Index i = lanes; i < a.points.count; i += lanes) block(std::false_type{}, i);
}

/// Sums all pairs of a and b. With Split both sides are padded, and pairs are guarded by `close`.
template <class Form, bool Split, class Real>
void symmetric_loop(const typename Form::KernelType& kernel, const SymmetricSide<Real>& a,
                    const SymmetricSide<Real>& b, Real scale, [[maybe_unused]] const CloseGuard& close) {
  constexpr int lanes = isa::Vec<Real>::lanes, results = Form::kResults;
  constexpr Index piece_size = kFormPiece<Form>;
  alignas(64) Real buffers[Split ? 2 : 1][piece_size * lanes * results];
  const Index b_count = b.points.count;
  if (a.points.count == 0) return;
  for (Index first = 0; first < b_count; first += piece_size) {
    const Index count = b_count - first < piece_size ? b_count - first : piece_size;
    const SymmetricSide<Real> piece = advance<Form, Split>(b, first);
    Real* sums = buffers[0];
    if constexpr (Split) {
      PieceSums<Real> turned{buffers[1], buffers[0]};
      all_of_a<Form>(kernel, a, piece, first, count, turned, close);
      sums = const_cast<Real*>(turned.before);
    } else {
      all_of_a<Form>(kernel, a, piece, count, scale, {sums, sums});
    }
    for (Index j = count; j % lanes != 0; ++j)  // add_sums reads whole vectors of them
      for (int r = 0; r < results; ++r)
        simd::store(sums + (r * piece_size + j) * lanes, typename isa::Vec<Real>::type{});
    for (int r = 0; r < results; ++r)
      add_sums<Split>(sums + r * piece_size * lanes, count, scale,
                      piece.points.results.parts[static_cast<std::size_t>(r)]);
  }
}

template <class Form, class K, class Real>
void whole_symmetric_loop(const K& kernel, const SymmetricArrays<Real>& a, const SymmetricArrays<Real>& b,
                          Real scale) {
  symmetric_loop<Form, false>(kernel, SymmetricSide<Real>{a, {}, {}}, SymmetricSide<Real>{b, {}, {}}, scale,
                              {});
}

template <class Form, class K, class Real>
void split_symmetric_loop(const K& kernel, const SymmetricArrays<Real>& a, const LowParts<Real>& a_low,
                          const ResultArrays<double>& to_a, const SymmetricArrays<Real>& b,
                          const LowParts<Real>& b_low, const CloseGuard& close) {
  symmetric_loop<Form, true>(kernel, SymmetricSide<Real>{a, a_low, to_a}, SymmetricSide<Real>{b, b_low, {}},
                             Real{1}, close);
}

}  // namespace
}  // namespace octopole
