// The loops that store a kernel's values for all pairs of two small sets of points. Included by the units of
// kernels only (pair_loop_impl.hpp).
#pragma once

#include <cstdint>

#include "kernels/close_pairs_impl.hpp"
#include "kernels/derivatives.hpp"
#include "kernels/pair_loop_isa.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

/// Stores the parts up to derivatives of this order of a vector of pairs, each `part` after the last.
template <int order, class K, class V, class Real>
OCTOPOLE_INLINE void store_parts(const K& kernel, const V& dx, const V& dy, const V& dz, const V& r2,
                                 const V& inverse_r, Real* to, Index part) {
  const auto store = [to, part](int p, const V& value) { simd::store(to + p * part, value); };
  store(0, kernel.potential(r2, inverse_r));
  if constexpr (order >= 1) {
    const V g = kernel.gradient_factor(r2, inverse_r);
    store(1, g * dx);
    store(2, g * dy);
    store(3, g * dz);
    if constexpr (order >= 2) {
      const V x = dx * inverse_r, y = dy * inverse_r, z = dz * inverse_r;
      const V h = kernel.hessian_factor(r2, inverse_r);
      V second[6];
      second_derivatives(g, h, x, y, z, second);
#pragma GCC unroll 8
      for (int c = 0; c < 6; ++c) store(4 + c, second[c]);
      if constexpr (order >= 3) {
        V third[10];
        third_derivatives(kernel.third_factor(r2, inverse_r), V(h * inverse_r), x, y, z, third);
#pragma GCC unroll 16
        for (int c = 0; c < 10; ++c) store(10 + c, third[c]);
      }
    }
  }
}

/// The pairs of a vector of points of a, from i on, with all of b. Returns false if a pair is too close for
/// Pairs::fast: the values are then invalid. `beyond` has a mask per point of b, written if guarded.
template <Pairs pairs, TileForm form, int order, class K, class Real>
OCTOPOLE_INLINE bool tile_vector(const K& kernel, const TilePoints<Real>& a, Index i,
                                 const TilePoints<Real>& b, Real* values,
                                 [[maybe_unused]] std::uint16_t* beyond) {
  using V = typename isa::Vec<Real>::type;
  constexpr bool split = form == TileForm::two_floats;
  constexpr auto accuracy = form == TileForm::estimate    ? simd::Accuracy::estimate
                            : form == TileForm::one_float ? simd::Accuracy::step
                                                          : simd::Accuracy::full;
  const V x = simd::load<V>(a.x + i), y = simd::load<V>(a.y + i), z = simd::load<V>(a.z + i);
  V x_low, y_low, z_low;
  if constexpr (split) {
    x_low = simd::load<V>(a.low.x + i);
    y_low = simd::load<V>(a.low.y + i);
    z_low = simd::load<V>(a.low.z + i);
  }
  V nearest{}, least{};
  if constexpr (pairs != Pairs::any) {
    nearest = simd::broadcast<V>(kNoDistance);
    least = simd::load<V>(a.least + i);
  }
  const Index count = b.count, row = a.count, part = row * count;
  // Local copies, because the compiler must assume that the stores below may change b.
  const Real *const b_x = b.x, *const b_y = b.y, *const b_z = b.z;
  [[maybe_unused]] const LowParts<Real> b_low = b.low;
  for (Index j = 0; j < count; ++j) {
    V dx = x - simd::broadcast<V>(b_x[j]), dy = y - simd::broadcast<V>(b_y[j]),
      dz = z - simd::broadcast<V>(b_z[j]);
    if constexpr (split) {
      // The differences above are exact for close points, for which the low parts matter.
      dx += x_low - simd::broadcast<V>(b_low.x[j]);
      dy += y_low - simd::broadcast<V>(b_low.y[j]);
      dz += z_low - simd::broadcast<V>(b_low.z[j]);
    }
    const V r2 = dx * dx + dy * dy + dz * dz;
    const V inverse_r = inverse_distance<pairs, accuracy>(r2, least, nearest, beyond, j);
    store_parts<order>(kernel, dx, dy, dz, r2, inverse_r, values + j * row + i, part);
  }
  if constexpr (pairs == Pairs::fast) return !isa::any_below(nearest, least);
  return true;
}

template <TileForm form, int order, class K, class Real>
void tile_loop(const K& kernel, const TilePoints<Real>& a, const TilePoints<Real>& b, Real* values,
               [[maybe_unused]] const ClosePairs& close) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  static_assert(kTilePoints % kMasksTogether == 0);
  for (Index i = 0; i < a.count; i += lanes) {
    if constexpr (form == TileForm::any) {
      tile_vector<Pairs::any, form, order>(kernel, a, i, b, values, nullptr);
    } else if (!tile_vector<Pairs::fast, form, order>(kernel, a, i, b, values, nullptr)) {
      std::uint16_t beyond[kTilePoints];
      tile_vector<Pairs::guarded, form, order>(kernel, a, i, b, values, beyond);
      each_left_out(beyond, b.count, [&](Index j, Index lane) { close.take(close.to, i + lane, j); });
    }
  }
}

}  // namespace
}  // namespace octopole
