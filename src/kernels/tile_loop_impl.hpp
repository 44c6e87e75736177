// The loops that store a kernel's values for all pairs of two small sets of points. Included by the units of
// kernels only (pair_loop_impl.hpp).
#pragma once

#include <cstdint>

#include "kernels/close_pairs_impl.hpp"
#include "kernels/pair_loop_isa.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

/// The pairs of a vector of points of a, from i on, with all of b. Returns false if a pair is too close for
/// Pairs::fast: the values are then invalid. `beyond` has a mask per point of b, written if guarded.
template <Pairs pairs, TileForm form, bool Gradient, class K, class Real>
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
    Real* const to = values + j * row + i;
    simd::store(to, kernel.potential(r2, inverse_r));
    if constexpr (Gradient) {
      const V g = kernel.gradient_factor(r2, inverse_r);
      simd::store(to + part, V(g * dx));
      simd::store(to + 2 * part, V(g * dy));
      simd::store(to + 3 * part, V(g * dz));
    }
  }
  if constexpr (pairs == Pairs::fast) return !isa::any_below(nearest, least);
  return true;
}

template <TileForm form, bool Gradient, class K, class Real>
void tile_loop(const K& kernel, const TilePoints<Real>& a, const TilePoints<Real>& b, Real* values,
               [[maybe_unused]] const ClosePairs& close) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  static_assert(kTilePoints % kMasksTogether == 0);
  for (Index i = 0; i < a.count; i += lanes) {
    if constexpr (form == TileForm::any) {
      tile_vector<Pairs::any, form, Gradient>(kernel, a, i, b, values, nullptr);
    } else if (!tile_vector<Pairs::fast, form, Gradient>(kernel, a, i, b, values, nullptr)) {
      std::uint16_t beyond[kTilePoints];
      tile_vector<Pairs::guarded, form, Gradient>(kernel, a, i, b, values, beyond);
      each_left_out(beyond, b.count, [&](Index j, Index lane) { close.take(close.to, i + lane, j); });
    }
  }
}

}  // namespace
}  // namespace octopole
