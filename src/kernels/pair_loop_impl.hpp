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

template <class V>
OCTOPOLE_INLINE auto sum_lanes(const V& v) {
  constexpr int lanes = sizeof(V) / sizeof(v[0]);
  alignas(64) std::remove_cvref_t<decltype(v[0])> part[lanes];
  simd::store(part, v);
#pragma GCC unroll 8
  for (int width = lanes / 2; width > 0; width /= 2)
#pragma GCC unroll 8
    for (int l = 0; l < width; ++l) part[l] += part[l + width];
  return part[0];
}

/// Count targets against whole vectors of sources: for leaves of so few targets that vectors of them would
/// not be filled.
template <int Count, bool Gradient, bool Split, class K, class Real>
OCTOPOLE_INLINE void source_block(const K& kernel, const Coordinates<Real>& targets,
                                  const Coordinates<Real>& sources, const Real* charge, Index vectors,
                                  const Results<Real>& out) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  V x[Count], y[Count], z[Count], x_low[Count], y_low[Count], z_low[Count];
  V u[Count], gx[Count], gy[Count], gz[Count];
#pragma GCC unroll 4
  for (int t = 0; t < Count; ++t) {
    x[t] = simd::broadcast<V>(targets.x[t]);
    y[t] = simd::broadcast<V>(targets.y[t]);
    z[t] = simd::broadcast<V>(targets.z[t]);
    if constexpr (Split) {
      x_low[t] = simd::broadcast<V>(targets.low.x[t]);
      y_low[t] = simd::broadcast<V>(targets.low.y[t]);
      z_low[t] = simd::broadcast<V>(targets.low.z[t]);
    }
    u[t] = gx[t] = gy[t] = gz[t] = V{};
  }
  for (Index j = 0; j < vectors * lanes; j += lanes) {
    const V sx = simd::load<V>(sources.x + j), sy = simd::load<V>(sources.y + j),
            sz = simd::load<V>(sources.z + j), q = simd::load<V>(charge + j);
    V sx_low, sy_low, sz_low;
    if constexpr (Split) {
      sx_low = simd::load<V>(sources.low.x + j);
      sy_low = simd::load<V>(sources.low.y + j);
      sz_low = simd::load<V>(sources.low.z + j);
    }
#pragma GCC unroll 4
    for (int t = 0; t < Count; ++t) {
      V dx = x[t] - sx, dy = y[t] - sy, dz = z[t] - sz;
      if constexpr (Split) {
        dx += x_low[t] - sx_low;
        dy += y_low[t] - sy_low;
        dz += z_low[t] - sz_low;
      }
      const V r2 = dx * dx + dy * dy + dz * dz;
      const V inverse_r = isa::inverse_sqrt(r2);
      u[t] += kernel.potential(r2, inverse_r) * q;
      if constexpr (Gradient) {
        const V g = kernel.gradient_factor(r2, inverse_r) * q;
        gx[t] += g * dx;
        gy[t] += g * dy;
        gz[t] += g * dz;
      }
    }
  }
#pragma GCC unroll 4
  for (int t = 0; t < Count; ++t) {
    out.potential[t] += sum_lanes(u[t]);
    if constexpr (Gradient) {
      out.gx[t] += sum_lanes(gx[t]);
      out.gy[t] += sum_lanes(gy[t]);
      out.gz[t] += sum_lanes(gz[t]);
    }
  }
}

/// All targets against whole vectors of sources.
template <bool Gradient, bool Split, class K, class Real, class At>
void against_vectors(const K& kernel, const Coordinates<Real>& targets, Index count,
                     const Coordinates<Real>& sources, const Real* charge, Index vectors, const At& at) {
  Index i = 0;
  for (; i + 2 <= count; i += 2)
    source_block<2, Gradient, Split>(kernel, advance<Split>(targets, i), sources, charge, vectors, at(i));
  if (i < count)
    source_block<1, Gradient, Split>(kernel, advance<Split>(targets, i), sources, charge, vectors, at(i));
}

/// All targets against all sources, the last of which are padded to a vector by copies without charge.
template <bool Gradient, bool Split, class K, class Real, class At>
void sources_in_lanes(const K& kernel, const Coordinates<Real>& targets, Index count,
                      const SourceArrays<Real>& sources, const LowParts<Real>& source_low, const At& at) {
  constexpr int lanes = isa::Vec<Real>::lanes;
  const Index vectors = sources.count / lanes, done = vectors * lanes;
  const Coordinates<Real> all{sources.x, sources.y, sources.z, source_low};
  against_vectors<Gradient, Split>(kernel, targets, count, all, sources.charge, vectors, at);
  if (done == sources.count) return;
  alignas(64) Real x[lanes], y[lanes], z[lanes], charge[lanes], x_low[lanes], y_low[lanes], z_low[lanes];
  for (int l = 0; l < lanes; ++l) {
    const Index j = done + l < sources.count ? done + l : sources.count - 1;
    x[l] = sources.x[j];
    y[l] = sources.y[j];
    z[l] = sources.z[j];
    charge[l] = done + l < sources.count ? sources.charge[j] : Real{0};
    if constexpr (Split) {
      x_low[l] = source_low.x[j];
      y_low[l] = source_low.y[j];
      z_low[l] = source_low.z[j];
    }
  }
  against_vectors<Gradient, Split>(kernel, targets, count, Coordinates<Real>{x, y, z, {x_low, y_low, z_low}},
                                   charge, 1, at);
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
  if (Split && lanes > 4 && sources.count >= 2 * lanes) {
    sources_in_lanes<Gradient, Split>(kernel, all, targets.count, sources, source_low, at);
    return;
  }
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

void split_scaled(const double* from, Index count, double centre, double inverse, float* high, float* low) {
  using V = typename isa::Vec<double>::type;
  constexpr Index lanes = isa::Vec<double>::lanes;
  typedef float Half __attribute__((vector_size(lanes * sizeof(float))));
  const V c = simd::broadcast<V>(centre), scale = simd::broadcast<V>(inverse);
  const auto split = [&](const double* values, float* h, float* l) {
    const V value = (simd::load<V>(values) - c) * scale;
    const Half rounded = __builtin_convertvector(value, Half);
    simd::store(h, rounded);
    simd::store(l, __builtin_convertvector(V(value - __builtin_convertvector(rounded, V)), Half));
  };
  Index i = 0;
  for (; i + lanes <= count; i += lanes) split(from + i, high + i, low + i);
  if (i == count) return;
  if (count >= lanes) {  // the last vector overlaps the one before
    split(from + count - lanes, high + count - lanes, low + count - lanes);
    return;
  }
  double values[lanes] = {};
  float h[lanes], l[lanes];
  for (Index k = 0; k < count - i; ++k) values[k] = from[i + k];
  split(values, h, l);
  for (Index k = 0; k < count - i; ++k) {
    high[i + k] = h[k];
    low[i + k] = l[k];
  }
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
