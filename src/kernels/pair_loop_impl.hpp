// The body of the pair loop. Included once by the translation unit of each instruction set, which first
// defines `isa` as its namespace of simd/vec.hpp. All in an unnamed namespace, so that units share no
// instantiation.
#pragma once

#include "kernels/close_pairs_impl.hpp"
#include "kernels/pair_loop_table.hpp"
#include "simd/vec.hpp"

namespace octopole {
namespace {

template <class Real>
struct Results {
  Real* potential;
  Real* gx;
  Real* gy;
  Real* gz;
};

/// Coordinates; with Split in high and low parts, otherwise `low` is not read.
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

/// Sums over all sources for the first Width * lanes targets, which stay in registers. Returns false and
/// writes nothing if a pair is too close for Pairs::fast. Masks of guarded pairs are (sources, Width).
template <int Width, Pairs pairs, bool Gradient, bool Split, class K, class Real>
OCTOPOLE_INLINE bool target_block(const K& kernel, const Coordinates<Real>& targets,
                                  const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                                  const Results<Real>& out, [[maybe_unused]] const BlockGuard& guard) {
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
  V nearest{}, least{};
  if constexpr (pairs != Pairs::any) {
    nearest = simd::broadcast<V>(kNoDistance);
    least = simd::broadcast<V>(guard.least);
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
        // The differences above are exact for close points, for which the low parts matter.
        dx += x_low[w] - sx_low;
        dy += y_low[w] - sy_low;
        dz += z_low[w] - sz_low;
      }
      const V r2 = dx * dx + dy * dy + dz * dz;
      const V inverse_r =
          inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, guard.beyond + j * Width + w);
      u[w] += kernel.potential(r2, inverse_r) * q;
      if constexpr (Gradient) {
        const V g = kernel.gradient_factor(r2, inverse_r) * q;
        gx[w] += g * dx;
        gy[w] += g * dy;
        gz[w] += g * dz;
      }
    }
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    simd::store(out.potential + w * lanes, simd::load<V>(out.potential + w * lanes) + u[w]);
    if constexpr (Gradient) {
      simd::store(out.gx + w * lanes, simd::load<V>(out.gx + w * lanes) + gx[w]);
      simd::store(out.gy + w * lanes, simd::load<V>(out.gy + w * lanes) + gy[w]);
      simd::store(out.gz + w * lanes, simd::load<V>(out.gz + w * lanes) + gz[w]);
    }
  }
  return true;
}

/// Arrays of a block with fewer targets than lanes: copies, padded with the last target.
template <bool Gradient, bool Split, class Real>
struct PartialBlock {
  static constexpr int lanes = isa::Vec<Real>::lanes;
  alignas(64) Real x[lanes], y[lanes], z[lanes], x_low[lanes], y_low[lanes], z_low[lanes];
  alignas(64) Real u[lanes], gx[lanes], gy[lanes], gz[lanes];

  PartialBlock(const Coordinates<Real>& targets, Index count) {
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
      u[l] = gx[l] = gy[l] = gz[l] = 0;
    }
  }
  Coordinates<Real> targets() const { return {x, y, z, {x_low, y_low, z_low}}; }
  Results<Real> results() { return {u, gx, gy, gz}; }
  void add_to(const Results<Real>& out, Index count) const {
    for (int l = 0; l < count; ++l) {
      out.potential[l] += u[l];
      if constexpr (Gradient) {
        out.gx[l] += gx[l];
        out.gy[l] += gy[l];
        out.gz[l] += gz[l];
      }
    }
  }
};

template <bool Gradient, class Real>
Results<Real> advance(const Results<Real>& out, Index i) {
  if constexpr (Gradient) return {out.potential + i, out.gx + i, out.gy + i, out.gz + i};
  return {out.potential + i, nullptr, nullptr, nullptr};
}

template <bool Gradient, class K, class Real>
void all_targets(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                 const Results<Real>& out) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = 2;
  const Coordinates<Real> all{targets.x, targets.y, targets.z, {}};
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    target_block<width, Pairs::any, Gradient, false>(kernel, advance<false>(all, i), sources, {},
                                                     advance<Gradient>(out, i), {});
  for (; i + lanes <= targets.count; i += lanes)
    target_block<1, Pairs::any, Gradient, false>(kernel, advance<false>(all, i), sources, {},
                                                 advance<Gradient>(out, i), {});
  if (i == targets.count) return;
  PartialBlock<Gradient, false, Real> rest(advance<false>(all, i), targets.count - i);
  target_block<1, Pairs::any, Gradient, false>(kernel, rest.targets(), sources, {}, rest.results(), {});
  rest.add_to(advance<Gradient>(out, i), targets.count - i);
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
