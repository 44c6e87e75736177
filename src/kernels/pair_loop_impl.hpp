// The pair loops of one kernel, for its unit <name>_isa.cpp. All in an unnamed namespace, so that units share
// no instantiation.
#pragma once

#include "kernels/pair_loop_isa.hpp"
#include "octopole/kernels.hpp"
#include "simd/math.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
#include "kernels/close_pairs_impl.hpp"
#include "kernels/leaf_frame_loop_impl.hpp"
#include "kernels/symmetric_loop_impl.hpp"
#include "kernels/tile_loop_impl.hpp"

namespace octopole {
namespace {

// ---- one-sided: results at targets only.

template <class Real>
struct Results {
  Real* potential;
  Real* gx;
  Real* gy;
  Real* gz;
  Real* hessian[6] = {};
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
template <int Width, Pairs pairs, SourceKind kind, int order, bool Split, class K, class Real>
OCTOPOLE_INLINE bool target_block(const K& kernel, const Coordinates<Real>& targets,
                                  const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                                  const Results<Real>& out, [[maybe_unused]] const BlockGuard& guard) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes;
  constexpr bool charges = kind != SourceKind::dipoles, dipoles = kind != SourceKind::charges,
                 Gradient = order >= 1, Hessian = order >= 2;
  static_assert(!dipoles || order == 0, "derivatives of dipoles are summed by tiles");
  V x[Width], y[Width], z[Width], u[Width], gx[Width], gy[Width], gz[Width], h[6][Width];
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
    for (auto& second : h) second[w] = V{};
  }
  V nearest{}, least{};
  if constexpr (pairs != Pairs::any) {
    nearest = simd::broadcast<V>(kNoDistance);
    least = simd::broadcast<V>(guard.least);
  }
  [[maybe_unused]] const Real* const dipole =
      dipoles ? sources.charge + (charges ? sources.charge_stride : 0) : nullptr;
  for (Index j = 0; j < sources.count; ++j) {
    const V sx = simd::broadcast<V>(sources.x[j]), sy = simd::broadcast<V>(sources.y[j]),
            sz = simd::broadcast<V>(sources.z[j]), q = simd::broadcast<V>(sources.charge[j]);
    V px, py, pz;
    if constexpr (dipoles) {
      px = simd::broadcast<V>(dipole[j]);
      py = simd::broadcast<V>(dipole[sources.charge_stride + j]);
      pz = simd::broadcast<V>(dipole[2 * sources.charge_stride + j]);
    }
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
          inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, guard.beyond, j * Width + w);
      if constexpr (charges) u[w] += kernel.potential(r2, inverse_r) * q;
      if constexpr (dipoles) u[w] += kernel.gradient_factor(r2, inverse_r) * (dx * px + dy * py + dz * pz);
      if constexpr (Gradient) {
        const V g = kernel.gradient_factor(r2, inverse_r) * q;
        gx[w] += g * dx;
        gy[w] += g * dy;
        gz[w] += g * dz;
        if constexpr (Hessian) {
          const V nx = dx * inverse_r, ny = dy * inverse_r, nz = dz * inverse_r;
          V second[6];
          second_derivatives(g, V(kernel.hessian_factor(r2, inverse_r) * q), nx, ny, nz, second);
#pragma GCC unroll 8
          for (int c = 0; c < 6; ++c) h[c][w] += second[c];
        }
      }
    }
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    if constexpr (Hessian)
      for (int c = 0; c < 6; ++c)
        simd::store(out.hessian[c] + w * lanes, simd::load<V>(out.hessian[c] + w * lanes) + h[c][w]);
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
template <int order, bool Split, class Real>
struct PartialBlock {
  static constexpr int lanes = isa::Vec<Real>::lanes;
  alignas(64) Real x[lanes], y[lanes], z[lanes], x_low[lanes], y_low[lanes], z_low[lanes];
  alignas(64) Real u[lanes], gx[lanes], gy[lanes], gz[lanes], h[6][lanes];

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
      for (auto& second : h) second[l] = 0;
    }
  }
  Coordinates<Real> targets() const { return {x, y, z, {x_low, y_low, z_low}}; }
  Results<Real> results() { return {u, gx, gy, gz, {h[0], h[1], h[2], h[3], h[4], h[5]}}; }
  void add_to(const Results<Real>& out, Index count) const {
    for (int l = 0; l < count; ++l) {
      out.potential[l] += u[l];
      if constexpr (order >= 1) {
        out.gx[l] += gx[l];
        out.gy[l] += gy[l];
        out.gz[l] += gz[l];
      }
      if constexpr (order >= 2)
        for (int c = 0; c < 6; ++c) out.hessian[c][l] += h[c][l];
    }
  }
};

template <int order, class Real>
Results<Real> advance(const Results<Real>& out, Index i) {
  Results<Real> rest{out.potential + i, nullptr, nullptr, nullptr};
  if constexpr (order >= 1) rest.gx = out.gx + i, rest.gy = out.gy + i, rest.gz = out.gz + i;
  if constexpr (order >= 2)
    for (int c = 0; c < 6; ++c) rest.hessian[c] = out.hessian[c] + i;
  return rest;
}

template <SourceKind kind, int order, class K, class Real>
void all_targets(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                 const Results<Real>& out) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = order < 2 ? 2 : 1;
  const Coordinates<Real> all{targets.x, targets.y, targets.z, {}};
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    target_block<width, Pairs::any, kind, order, false>(kernel, advance<false>(all, i), sources, {},
                                                        advance<order>(out, i), {});
  for (; i + lanes <= targets.count; i += lanes)
    target_block<1, Pairs::any, kind, order, false>(kernel, advance<false>(all, i), sources, {},
                                                    advance<order>(out, i), {});
  if (i == targets.count) return;
  PartialBlock<order, false, Real> rest(advance<false>(all, i), targets.count - i);
  target_block<1, Pairs::any, kind, order, false>(kernel, rest.targets(), sources, {}, rest.results(), {});
  rest.add_to(advance<order>(out, i), targets.count - i);
}

template <SourceKind kind, class K, class Real>
void potential_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* potential) {
  all_targets<kind, 0>(kernel, targets, sources, Results<Real>{potential, nullptr, nullptr, nullptr});
}

template <class K, class Real>
void gradient_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                   Real* potential, Real* gx, Real* gy, Real* gz) {
  all_targets<SourceKind::charges, 1>(kernel, targets, sources, Results<Real>{potential, gx, gy, gz});
}

template <class K, class Real>
void hessian_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                  Real* const* parts) {
  all_targets<SourceKind::charges, 2>(
      kernel, targets, sources,
      Results<Real>{parts[0],
                    parts[1],
                    parts[2],
                    parts[3],
                    {parts[4], parts[5], parts[6], parts[7], parts[8], parts[9]}});
}

// ---- one-sided and guarded (close_pairs_impl.hpp), over points with split coordinates.

/// Sizes of the blocks that are summed again if a pair is too close: in sources, or in vectors of sources.
/// Larger blocks cost more if many targets have a close source; smaller ones have more overhead per block.
inline constexpr Index kGuardedSources = 64, kGuardedVectors = 16;

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

/// Indices of a block's targets, `count` from `first` on; padding may follow.
struct TargetNumbers {
  Index first, count;
};

template <int Width, bool Gradient, class K>
[[gnu::noinline]] void targets_guarded(const K& kernel, const Coordinates<float>& targets,
                                       const TargetNumbers& numbers, const SourceArrays<float>& sources,
                                       const LowParts<float>& source_low, Index first_source,
                                       const Results<float>& out, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  std::uint16_t beyond[kGuardedSources * Width];
  static_assert(kGuardedSources % kMasksTogether == 0);
  target_block<Width, Pairs::guarded, SourceKind::charges, Gradient, true>(
      kernel, targets, sources, source_low, out, {close.least, beyond});
  each_left_out(beyond, sources.count * Width, [&](Index mask, Index lane) {
    const Index i = mask % Width * lanes + lane;
    if (i < numbers.count) close.pairs.take(close.pairs.to, numbers.first + i, first_source + mask / Width);
  });
}

/// Sums over all sources for Width * lanes targets, which stay in registers.
template <int Width, bool Gradient, class K>
OCTOPOLE_INLINE void targets_in_lanes(const K& kernel, const Coordinates<float>& targets,
                                      const TargetNumbers& numbers, const SourceArrays<float>& sources,
                                      const LowParts<float>& source_low, const Results<float>& out,
                                      const CloseGuard& close) {
  for (Index j = 0; j < sources.count; j += kGuardedSources) {
    const Index left = sources.count - j;
    const SourceArrays<float> piece{sources.x + j, sources.y + j, sources.z + j, sources.charge + j,
                                    left < kGuardedSources ? left : kGuardedSources};
    const LowParts<float> low{source_low.x + j, source_low.y + j, source_low.z + j};
    if (!target_block<Width, Pairs::fast, SourceKind::charges, Gradient, true>(kernel, targets, piece, low,
                                                                               out, {close.least, nullptr}))
      targets_guarded<Width, Gradient>(kernel, targets, numbers, piece, low, j, out, close);
  }
}

/// Whole vectors of sources: `count` from index `first` on, and padding.
struct SourceVectors {
  Coordinates<float> at;
  const float* charge;
  Index first, count;

  static constexpr Index kPiece = kGuardedVectors * isa::Vec<float>::lanes;
  SourceVectors piece(Index begin) const {
    return {advance<true>(at, begin), charge + begin, first + begin,
            count - begin < kPiece ? count - begin : kPiece};
  }
};

/// Sums Count targets against at most kGuardedVectors vectors of sources: for leaves with too few targets to
/// fill vectors. Adds the results per lane to `sums`, (Count, 1 or 4, lanes). Returns false and writes
/// nothing if a pair is too close for Pairs::fast. Masks of guarded pairs are (vectors, Count).
template <int Count, Pairs pairs, bool Gradient, class K>
OCTOPOLE_INLINE bool source_block(const K& kernel, const Coordinates<float>& targets,
                                  const SourceVectors& sources, float* sums, const BlockGuard& guard) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes, parts = Gradient ? 4 : 1;
  V x[Count], y[Count], z[Count], x_low[Count], y_low[Count], z_low[Count];
  V u[Count], gx[Count], gy[Count], gz[Count];
#pragma GCC unroll 4
  for (int t = 0; t < Count; ++t) {
    x[t] = simd::broadcast<V>(targets.x[t]);
    y[t] = simd::broadcast<V>(targets.y[t]);
    z[t] = simd::broadcast<V>(targets.z[t]);
    x_low[t] = simd::broadcast<V>(targets.low.x[t]);
    y_low[t] = simd::broadcast<V>(targets.low.y[t]);
    z_low[t] = simd::broadcast<V>(targets.low.z[t]);
    u[t] = gx[t] = gy[t] = gz[t] = V{};
  }
  const V least = simd::broadcast<V>(guard.least);
  V nearest = simd::broadcast<V>(kNoDistance);
  const Coordinates<float> at = sources.at;
  std::uint16_t* beyond = guard.beyond;
  for (Index j = 0; j < sources.count; j += lanes) {
    const V sx = simd::load<V>(at.x + j), sy = simd::load<V>(at.y + j), sz = simd::load<V>(at.z + j),
            q = simd::load<V>(sources.charge + j);
    const V sx_low = simd::load<V>(at.low.x + j), sy_low = simd::load<V>(at.low.y + j),
            sz_low = simd::load<V>(at.low.z + j);
#pragma GCC unroll 4
    for (int t = 0; t < Count; ++t) {
      // The differences of high parts are exact for close points, for which the low parts matter.
      const V dx = x[t] - sx + (x_low[t] - sx_low), dy = y[t] - sy + (y_low[t] - sy_low),
              dz = z[t] - sz + (z_low[t] - sz_low);
      const V r2 = dx * dx + dy * dy + dz * dz;
      const V inverse_r = inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, beyond, t);
      u[t] += kernel.potential(r2, inverse_r) * q;
      if constexpr (Gradient) {
        const V f = -kernel.gradient_factor(r2, inverse_r) * q;  // most kernels fall with r: saves a negation
        gx[t] -= f * dx;
        gy[t] -= f * dy;
        gz[t] -= f * dz;
      }
    }
    if constexpr (pairs == Pairs::guarded) beyond += Count;
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int t = 0; t < Count; ++t) {
    const V received[] = {u[t], gx[t], gy[t], gz[t]};
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part) {
      float* const sum = sums + (t * parts + part) * lanes;
      simd::store(sum, simd::load<V>(sum) + received[part]);
    }
  }
  return true;
}

template <int Count, bool Gradient, class K>
[[gnu::noinline]] void sources_guarded(const K& kernel, const Coordinates<float>& targets, Index first_target,
                                       const SourceVectors& sources, float* sums, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  std::uint16_t beyond[kGuardedVectors * Count];
  static_assert(kGuardedVectors % kMasksTogether == 0);
  source_block<Count, Pairs::guarded, Gradient>(kernel, targets, sources, sums, {close.least, beyond});
  each_left_out(beyond, (sources.count + lanes - 1) / lanes * Count, [&](Index mask, Index lane) {
    const Index j = mask / Count * lanes + lane;
    if (j < sources.count) close.pairs.take(close.pairs.to, first_target + mask % Count, sources.first + j);
  });
}

/// Sums Count targets, from index i on, against all sources.
template <int Count, bool Gradient, class K>
OCTOPOLE_INLINE void few_targets(const K& kernel, const Coordinates<float>& all_targets, Index i,
                                 const SourceVectors& whole, const SourceVectors& padded,
                                 const Results<float>& out, const CloseGuard& close) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes, parts = Gradient ? 4 : 1;
  const Coordinates<float> targets = advance<true>(all_targets, i);
  alignas(64) float sums[Count * parts * lanes] = {};
  const auto add = [&](const SourceVectors& sources) {
    if (!source_block<Count, Pairs::fast, Gradient>(kernel, targets, sources, sums, {close.least, nullptr}))
      sources_guarded<Count, Gradient>(kernel, targets, i, sources, sums, close);
  };
  for (Index j = 0; j < whole.count; j += SourceVectors::kPiece) add(whole.piece(j));
  if (padded.count > 0) add(padded);
  float* const results[] = {out.potential, out.gx, out.gy, out.gz};
  for (int t = 0; t < Count; ++t)
    for (int part = 0; part < parts; ++part)
      results[part][i + t] += sum_lanes(simd::load<V>(sums + (t * parts + part) * lanes));
}

/// Sums all targets against all sources; the last sources are padded to a vector by copies with zero charge.
template <bool Gradient, class K>
void sources_in_lanes(const K& kernel, const Coordinates<float>& targets, Index count,
                      const SourceArrays<float>& sources, const LowParts<float>& source_low,
                      const Results<float>& out, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  const Index done = sources.count / lanes * lanes, rest = sources.count - done;
  const SourceVectors whole{{sources.x, sources.y, sources.z, source_low}, sources.charge, 0, done};
  alignas(64) float x[lanes], y[lanes], z[lanes], charge[lanes], x_low[lanes], y_low[lanes], z_low[lanes];
  for (int l = 0; l < lanes && rest > 0; ++l) {
    const Index j = l < rest ? done + l : sources.count - 1;
    x[l] = sources.x[j];
    y[l] = sources.y[j];
    z[l] = sources.z[j];
    charge[l] = l < rest ? sources.charge[j] : 0.0F;
    x_low[l] = source_low.x[j];
    y_low[l] = source_low.y[j];
    z_low[l] = source_low.z[j];
  }
  const SourceVectors last{{x, y, z, {x_low, y_low, z_low}}, charge, done, rest};
  Index i = 0;
  for (; i + 2 <= count; i += 2) few_targets<2, Gradient>(kernel, targets, i, whole, last, out, close);
  if (i < count) few_targets<1, Gradient>(kernel, targets, i, whole, last, out, close);
}

template <bool Gradient, class K>
void all_split_targets(const K& kernel, const TargetArrays<float>& targets, const LowParts<float>& target_low,
                       const SourceArrays<float>& sources, const LowParts<float>& source_low,
                       const CloseGuard& close, const Results<float>& out) {
  constexpr int lanes = isa::Vec<float>::lanes;
  // With low parts, one vector at a time is up to a third faster on the wide instruction sets.
  constexpr int width = lanes > 4 ? 1 : 2;
  const Coordinates<float> all{targets.x, targets.y, targets.z, target_low};
  if (lanes > 4 && sources.count >= 2 * lanes)
    return sources_in_lanes<Gradient>(kernel, all, targets.count, sources, source_low, out, close);
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    targets_in_lanes<width, Gradient>(kernel, advance<true>(all, i), {i, width * lanes}, sources, source_low,
                                      advance<Gradient>(out, i), close);
  for (; i + lanes <= targets.count; i += lanes)
    targets_in_lanes<1, Gradient>(kernel, advance<true>(all, i), {i, lanes}, sources, source_low,
                                  advance<Gradient>(out, i), close);
  if (i == targets.count) return;
  const Index count = targets.count - i;
  PartialBlock<Gradient, true, float> rest(advance<true>(all, i), count);
  targets_in_lanes<1, Gradient>(kernel, rest.targets(), {i, count}, sources, source_low, rest.results(),
                                close);
  rest.add_to(advance<Gradient>(out, i), count);
}

template <class K, class Real>
void split_potential_loop(const K& kernel, const TargetArrays<Real>& targets,
                          const LowParts<Real>& target_low, const SourceArrays<Real>& sources,
                          const LowParts<Real>& source_low, const CloseGuard& close, Real* potential) {
  all_split_targets<false>(kernel, targets, target_low, sources, source_low, close,
                           Results<Real>{potential, nullptr, nullptr, nullptr});
}

template <class K, class Real>
void split_gradient_loop(const K& kernel, const TargetArrays<Real>& targets, const LowParts<Real>& target_low,
                         const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                         const CloseGuard& close, Real* potential, Real* gx, Real* gy, Real* gz) {
  all_split_targets<true>(kernel, targets, target_low, sources, source_low, close,
                          Results<Real>{potential, gx, gy, gz});
}

// ---- the tables.

/// A loop for a kernel that is passed by an untyped pointer.
template <auto loop>
struct Untyped;
template <class K, class... Args, void (*loop)(const K&, Args...)>
struct Untyped<loop> {
  static void call(const void* kernel, Args... args) { loop(*static_cast<const K*>(kernel), args...); }
};
template <auto loop>
inline constexpr auto untyped = Untyped<loop>::call;

template <class K, class Real>
OneSidedLoops<Real> one_sided_loops() {
  using enum SourceKind;
  return {{untyped<potential_loop<charges, K, Real>>, untyped<potential_loop<dipoles, K, Real>>,
           untyped<potential_loop<charges_and_dipoles, K, Real>>},
          untyped<gradient_loop<K, Real>>,
          untyped<hessian_loop<K, Real>>};
}

template <TileForm form, class K, class Real>
TileLoops<Real> tile_loops() {
  return {{untyped<tile_loop<form, 0, K, Real>>, untyped<tile_loop<form, 1, K, Real>>,
           untyped<tile_loop<form, 2, K, Real>>, untyped<tile_loop<form, 3, K, Real>>}};
}

template <bool Estimate, class K>
LeafFrameLoops leaf_frame_loops() {
  using enum SourceKind;
  return {
      {untyped<leaf_frame_loop<charges, 0, Estimate, K>>, untyped<leaf_frame_loop<charges, 1, Estimate, K>>,
       untyped<leaf_frame_loop<charges, 2, Estimate, K>>, untyped<leaf_frame_loop<dipoles, 0, Estimate, K>>,
       untyped<leaf_frame_loop<charges_and_dipoles, 0, Estimate, K>>},
      {untyped<leaf_frame_self_loop<charges, 0, Estimate, K>>,
       untyped<leaf_frame_self_loop<charges, 1, Estimate, K>>,
       untyped<leaf_frame_self_loop<charges, 2, Estimate, K>>,
       untyped<leaf_frame_self_loop<dipoles, 0, Estimate, K>>,
       untyped<leaf_frame_self_loop<charges_and_dipoles, 0, Estimate, K>>}};
}

template <class K>
PairLoops pair_loops() {
  using enum SourceKind;
  return {one_sided_loops<K, double>(),
          one_sided_loops<K, float>(),
          {untyped<split_potential_loop<K, float>>,
           untyped<split_gradient_loop<K, float>>,
           {untyped<split_symmetric_loop<charges, 0, K, float>>,
            untyped<split_symmetric_loop<charges, 1, K, float>>,
            untyped<split_symmetric_loop<charges, 2, K, float>>,
            untyped<split_symmetric_loop<dipoles, 0, K, float>>,
            untyped<split_symmetric_loop<charges_and_dipoles, 0, K, float>>}},
          {{untyped<whole_symmetric_loop<charges, 0, K, double>>,
            untyped<whole_symmetric_loop<charges, 1, K, double>>,
            untyped<whole_symmetric_loop<charges, 2, K, double>>,
            untyped<whole_symmetric_loop<dipoles, 0, K, double>>,
            untyped<whole_symmetric_loop<charges_and_dipoles, 0, K, double>>}},
          {leaf_frame_loops<false, K>(), leaf_frame_loops<true, K>()},
          tile_loops<TileForm::any, K, double>(),
          {tile_loops<TileForm::any, K, float>(), tile_loops<TileForm::two_floats, K, float>(),
           tile_loops<TileForm::one_float, K, float>(), tile_loops<TileForm::estimate, K, float>()}};
}

}  // namespace
}  // namespace octopole
#endif

namespace octopole {

template <class K>
template <simd::Isa>
PairLoops PairLoopsOf<K>::of() {
#ifdef OCTOPOLE_ISA_BUILT
  return pair_loops<K>();
#else
  return {};
#endif
}
}  // namespace octopole
