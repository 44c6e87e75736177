// Sums over the lanes of vectors. Included by units that are compiled once per instruction set.
#pragma once

#include <utility>

#include "base/types.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

/// Adds the two halves of each piece of 2 * Half lanes: pieces of the result have the sums of a, then of b.
template <int Half, class V, int... lane>
OCTOPOLE_INLINE V fold(const V& a, const V& b, std::integer_sequence<int, lane...>) {
  constexpr int lanes = sizeof...(lane);
  return __builtin_shufflevector(a, b, (lane / Half % 2 ? lanes + lane - Half : lane)...) +
         __builtin_shufflevector(a, b, (lane / Half % 2 ? lanes + lane : lane + Half)...);
}

template <int Half, class V, int Lanes>
OCTOPOLE_INLINE void fold_all(V (&v)[Lanes]) {
#pragma GCC unroll 16
  for (int i = 0; i < Half; ++i)
    v[i] = fold<Half>(v[i], v[i + Half], std::make_integer_sequence<int, Lanes>{});
  if constexpr (Half > 1) fold_all<Half / 2>(v);
}

/// Horizontal sums of `lanes` vectors, which lie `stride` vectors apart, as one vector.
template <class Real>
OCTOPOLE_INLINE auto sums_of_lanes(const Real* from, Index stride = 1) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V v[lanes];
#pragma GCC unroll 16
  for (int i = 0; i < lanes; ++i) v[i] = simd::load<V>(from + i * stride * lanes);
  fold_all<lanes / 2>(v);
  return v[0];
}

}  // namespace
}  // namespace octopole
