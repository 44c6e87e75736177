// The body of the pair loop, included once by each instruction set's unit, which first names its part of
// simd/vec.hpp `isa`. All in an unnamed namespace: no instantiation is shared between units.
#pragma once

#include "octopole/simd/vec.hpp"
#include "pair_loop_table.hpp"

namespace octopole {
namespace {

template <class Real>
struct Results {
  Real* potential;
  Real* gx;
  Real* gy;
  Real* gz;
};

/// Targets first .. first + Width * lanes - 1 in registers, all sources one after the other.
template <int Width, bool Gradient, class K, class Real>
OCTOPOLE_INLINE void target_block(const K& kernel, const Real* tx, const Real* ty, const Real* tz,
                                  const SourceArrays<Real>& sources, const Results<Real>& out) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V x[Width], y[Width], z[Width], u[Width], gx[Width], gy[Width], gz[Width];
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    x[w] = simd::load<V>(tx + w * lanes);
    y[w] = simd::load<V>(ty + w * lanes);
    z[w] = simd::load<V>(tz + w * lanes);
    u[w] = gx[w] = gy[w] = gz[w] = V{};
  }
  for (Index j = 0; j < sources.count; ++j) {
    const V sx = simd::broadcast<V>(sources.x[j]), sy = simd::broadcast<V>(sources.y[j]),
            sz = simd::broadcast<V>(sources.z[j]), q = simd::broadcast<V>(sources.charge[j]);
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      const V dx = x[w] - sx, dy = y[w] - sy, dz = z[w] - sz;
      const V r2 = dx * dx + dy * dy + dz * dz;
      const V inverse_r = isa::inverse_sqrt(r2);
      u[w] += kernel.potential(r2, inverse_r) * q;
      if constexpr (Gradient) {
        const V g = kernel.gradient_factor(r2, inverse_r) * q;
        gx[w] += g * dx;
        gy[w] += g * dy;
        gz[w] += g * dz;
      }
    }
  }
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    simd::store(out.potential + w * lanes, simd::load<V>(out.potential + w * lanes) + u[w]);
    if constexpr (Gradient) {
      simd::store(out.gx + w * lanes, simd::load<V>(out.gx + w * lanes) + gx[w]);
      simd::store(out.gy + w * lanes, simd::load<V>(out.gy + w * lanes) + gy[w]);
      simd::store(out.gz + w * lanes, simd::load<V>(out.gz + w * lanes) + gz[w]);
    }
  }
}

/// The last targets, fewer than a vector: in a local block, padded with copies of the last one.
template <bool Gradient, class K, class Real>
void partial_block(const K& kernel, const TargetArrays<Real>& targets, Index first,
                   const SourceArrays<Real>& sources, const Results<Real>& out) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  alignas(64) Real x[lanes], y[lanes], z[lanes], u[lanes] = {}, gx[lanes] = {}, gy[lanes] = {},
                                                 gz[lanes] = {};
  for (int l = 0; l < lanes; ++l) {
    const Index i = first + l < targets.count ? first + l : targets.count - 1;
    x[l] = targets.x[i];
    y[l] = targets.y[i];
    z[l] = targets.z[i];
  }
  target_block<1, Gradient>(kernel, x, y, z, sources, Results<Real>{u, gx, gy, gz});
  for (int l = 0; first + l < targets.count; ++l) {
    out.potential[first + l] += u[l];
    if constexpr (Gradient) {
      out.gx[first + l] += gx[l];
      out.gy[first + l] += gy[l];
      out.gz[first + l] += gz[l];
    }
  }
}

template <bool Gradient, class K, class Real>
void all_targets(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                 const Results<Real>& out) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  constexpr int width = 2;
  const auto at = [&out](Index i) {
    if constexpr (Gradient)
      return Results<Real>{out.potential + i, out.gx + i, out.gy + i, out.gz + i};
    else
      return Results<Real>{out.potential + i, nullptr, nullptr, nullptr};
  };
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    target_block<width, Gradient>(kernel, targets.x + i, targets.y + i, targets.z + i, sources, at(i));
  for (; i + lanes <= targets.count; i += lanes)
    target_block<1, Gradient>(kernel, targets.x + i, targets.y + i, targets.z + i, sources, at(i));
  if (i < targets.count) partial_block<Gradient>(kernel, targets, i, sources, out);
}

template <class K, class Real>
void potential_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* potential) {
  all_targets<false>(kernel, targets, sources, Results<Real>{potential, nullptr, nullptr, nullptr});
}

template <class K, class Real>
void gradient_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                   Real* potential, Real* gx, Real* gy, Real* gz) {
  all_targets<true>(kernel, targets, sources, Results<Real>{potential, gx, gy, gz});
}

}  // namespace
}  // namespace octopole
