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

/// Coordinates; with Split in two parts each, else `low` is not read.
template <class Real>
struct Coordinates {
  const Real* x;
  const Real* y;
  const Real* z;
  LowParts<Real> low;
};

template <bool Split, class Real>
Coordinates<Real> advance(const Coordinates<Real>& c, Index i) {
  if constexpr (Split)
    return {c.x + i, c.y + i, c.z + i, {c.low.x + i, c.low.y + i, c.low.z + i}};
  else
    return {c.x + i, c.y + i, c.z + i, {}};
}

/// The first Width * lanes targets in registers, all sources one after the other.
template <int Width, bool Gradient, bool Split, class K, class Real>
OCTOPOLE_INLINE void target_block(const K& kernel, const Coordinates<Real>& targets,
                                  const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                                  const Results<Real>& out) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V x[Width], y[Width], z[Width], u[Width], gx[Width], gy[Width], gz[Width];
  V x_low[Width], y_low[Width], z_low[Width];
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    x[w] = simd::load<V>(targets.x + w * lanes);
    y[w] = simd::load<V>(targets.y + w * lanes);
    z[w] = simd::load<V>(targets.z + w * lanes);
    if constexpr (Split) {
      x_low[w] = simd::load<V>(targets.low.x + w * lanes);
      y_low[w] = simd::load<V>(targets.low.y + w * lanes);
      z_low[w] = simd::load<V>(targets.low.z + w * lanes);
    }
    u[w] = gx[w] = gy[w] = gz[w] = V{};
  }
  for (Index j = 0; j < sources.count; ++j) {
    const V sx = simd::broadcast<V>(sources.x[j]), sy = simd::broadcast<V>(sources.y[j]),
            sz = simd::broadcast<V>(sources.z[j]), q = simd::broadcast<V>(sources.charge[j]);
    V sx_low, sy_low, sz_low;
    if constexpr (Split) {
      sx_low = simd::broadcast<V>(source_low.x[j]);
      sy_low = simd::broadcast<V>(source_low.y[j]);
      sz_low = simd::broadcast<V>(source_low.z[j]);
    }
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      V dx = x[w] - sx, dy = y[w] - sy, dz = z[w] - sz;
      if constexpr (Split) {
        // Exact above for close points, whose difference of low parts counts.
        dx += x_low[w] - sx_low;
        dy += y_low[w] - sy_low;
        dz += z_low[w] - sz_low;
      }
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
template <bool Gradient, bool Split, class K, class Real>
void partial_block(const K& kernel, const Coordinates<Real>& targets, Index count,
                   const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                   const Results<Real>& out) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  alignas(64) Real x[lanes], y[lanes], z[lanes], u[lanes] = {}, gx[lanes] = {}, gy[lanes] = {},
                                                 gz[lanes] = {};
  alignas(64) Real x_low[lanes], y_low[lanes], z_low[lanes];
  for (int l = 0; l < lanes; ++l) {
    const Index i = l < count ? l : count - 1;
    x[l] = targets.x[i];
    y[l] = targets.y[i];
    z[l] = targets.z[i];
    if constexpr (Split) {
      x_low[l] = targets.low.x[i];
      y_low[l] = targets.low.y[i];
      z_low[l] = targets.low.z[i];
    }
  }
  target_block<1, Gradient, Split>(kernel, Coordinates<Real>{x, y, z, {x_low, y_low, z_low}}, sources,
                                   source_low, Results<Real>{u, gx, gy, gz});
  for (int l = 0; l < count; ++l) {
    out.potential[l] += u[l];
    if constexpr (Gradient) {
      out.gx[l] += gx[l];
      out.gy[l] += gy[l];
      out.gz[l] += gz[l];
    }
  }
}

template <bool Gradient, bool Split, class K, class Real>
void all_targets(const K& kernel, const TargetArrays<Real>& targets, const LowParts<Real>& target_low,
                 const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                 const Results<Real>& out) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  // With low parts the wide instruction sets are faster by up to a third with one vector at a time.
  constexpr int width = Split && lanes > 4 ? 1 : 2;
  const Coordinates<Real> all{targets.x, targets.y, targets.z, target_low};
  const auto at = [&out](Index i) {
    if constexpr (Gradient)
      return Results<Real>{out.potential + i, out.gx + i, out.gy + i, out.gz + i};
    else
      return Results<Real>{out.potential + i, nullptr, nullptr, nullptr};
  };
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    target_block<width, Gradient, Split>(kernel, advance<Split>(all, i), sources, source_low, at(i));
  for (; i + lanes <= targets.count; i += lanes)
    target_block<1, Gradient, Split>(kernel, advance<Split>(all, i), sources, source_low, at(i));
  if (i < targets.count)
    partial_block<Gradient, Split>(kernel, advance<Split>(all, i), targets.count - i, sources, source_low,
                                   at(i));
}

template <class K, class Real>
void potential_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* potential) {
  all_targets<false, false>(kernel, targets, {}, sources, {},
                            Results<Real>{potential, nullptr, nullptr, nullptr});
}

template <class K, class Real>
void gradient_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                   Real* potential, Real* gx, Real* gy, Real* gz) {
  all_targets<true, false>(kernel, targets, {}, sources, {}, Results<Real>{potential, gx, gy, gz});
}

template <class K, class Real>
void split_potential_loop(const K& kernel, const TargetArrays<Real>& targets,
                          const LowParts<Real>& target_low, const SourceArrays<Real>& sources,
                          const LowParts<Real>& source_low, Real* potential) {
  all_targets<false, true>(kernel, targets, target_low, sources, source_low,
                           Results<Real>{potential, nullptr, nullptr, nullptr});
}

template <class K, class Real>
void split_gradient_loop(const K& kernel, const TargetArrays<Real>& targets, const LowParts<Real>& target_low,
                         const SourceArrays<Real>& sources, const LowParts<Real>& source_low, Real* potential,
                         Real* gx, Real* gy, Real* gz) {
  all_targets<true, true>(kernel, targets, target_low, sources, source_low,
                          Results<Real>{potential, gx, gy, gz});
}

}  // namespace
}  // namespace octopole
