// The pair loops of one kernel, for its unit <name>_isa.cpp. All in an unnamed namespace, so that units share
// no instantiation.
#pragma once

#include <iterator>
#include <utility>

#include "kernels/pair_loop_isa.hpp"
#include "octopole/kernels.hpp"
#include "simd/math.hpp"
#include "simd/vec.hpp"

#ifdef OCTOPOLE_ISA_BUILT
#include "kernels/close_pairs_impl.hpp"
#include "kernels/leaf_frame_loop_impl.hpp"
#include "kernels/pair_form_impl.hpp"
#include "kernels/symmetric_loop_impl.hpp"
#include "kernels/tile_loop_impl.hpp"

namespace octopole {
namespace {

// ---- one-sided: results at targets only.

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

/// The results' arrays, in the order of the form.
template <class Form, class Real>
struct Results {
  Real* part[Form::kResults];

  Results from(Index i) const {
    Results rest;
    for (int r = 0; r < Form::kResults; ++r) rest.part[r] = part[r] + i;
    return rest;
  }
};

/// The sources from `first` on, `count` of them.
template <class Real>
SourceArrays<Real> piece_of(const SourceArrays<Real>& sources, Index first, Index count) {
  SourceArrays<Real> piece = sources;
  piece.x += first, piece.y += first, piece.z += first, piece.strengths += first;
  piece.count = count;
  return piece;
}

/// Sums over all sources for the first Width * lanes targets, which stay in registers. Returns false and
/// writes nothing if a pair is too close for Pairs::fast. Masks of guarded pairs are (sources, Width).
template <int Width, Pairs pairs, class Form, bool Split, class Real>
OCTOPOLE_INLINE bool target_block(const typename Form::KernelType& kernel, const Coordinates<Real>& targets,
                                  const SourceArrays<Real>& sources, const LowParts<Real>& source_low,
                                  const Results<Form, Real>& out, [[maybe_unused]] const BlockGuard& guard) {
  using V = typename isa::Vec<Real>::type;
  constexpr int lanes = isa::Vec<Real>::lanes, strengths = Form::kStrengths, results = Form::kResults;
  V x[Width], y[Width], z[Width], x_low[Width], y_low[Width], z_low[Width], sums[Width][results];
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
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) sums[w][r] = V{};
  }
  V nearest{}, least{};
  if constexpr (pairs != Pairs::any) {
    nearest = simd::broadcast<V>(kNoDistance);
    least = simd::broadcast<V>(guard.least);
  }
  V none[strengths], unused[results];  // of the other side
#pragma GCC unroll 8
  for (int s = 0; s < strengths; ++s) none[s] = V{};
  for (Index j = 0; j < sources.count; ++j) {
    const V sx = simd::broadcast<V>(sources.x[j]), sy = simd::broadcast<V>(sources.y[j]),
            sz = simd::broadcast<V>(sources.z[j]);
    V of[strengths], sx_low, sy_low, sz_low;
#pragma GCC unroll 8
    for (int s = 0; s < strengths; ++s)
      of[s] = simd::broadcast<V>(sources.strengths[s * sources.strength_stride + j]);
    if constexpr (Split) {
      sx_low = simd::broadcast<V>(source_low.x[j]);
      sy_low = simd::broadcast<V>(source_low.y[j]);
      sz_low = simd::broadcast<V>(source_low.z[j]);
    }
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      V d[3] = {x[w] - sx, y[w] - sy, z[w] - sz};
      if constexpr (Split) {
        // The differences above are exact for close points, for which the low parts matter.
        d[0] += x_low[w] - sx_low;
        d[1] += y_low[w] - sy_low;
        d[2] += z_low[w] - sz_low;
      }
      const V r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      const V inverse_r =
          inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, guard.beyond, j * Width + w);
      Form::template add<false, true>(kernel, d, r2, inverse_r, none, of, sums[w], unused);
    }
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w)
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) {
      Real* const to = out.part[r] + w * lanes;
      simd::store(to, simd::load<V>(to) + sums[w][r]);
    }
  return true;
}

/// Arrays of a block with fewer targets than lanes: copies, padded with the last target.
template <class Form, bool Split, class Real>
struct PartialBlock {
  static constexpr int lanes = isa::Vec<Real>::lanes, kResults = Form::kResults;
  alignas(64) Real x[lanes], y[lanes], z[lanes], x_low[lanes], y_low[lanes], z_low[lanes];
  alignas(64) Real sums[kResults][lanes];

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
      for (auto& part : sums) part[l] = 0;
    }
  }
  Coordinates<Real> targets() const { return {x, y, z, {x_low, y_low, z_low}}; }
  Results<Form, Real> results() {
    Results<Form, Real> all;
    for (int r = 0; r < kResults; ++r) all.part[r] = sums[r];
    return all;
  }
  void add_to(const Results<Form, Real>& out, Index count) const {
    for (int r = 0; r < kResults; ++r)
      for (Index l = 0; l < count; ++l) out.part[r][l] += sums[r][l];
  }
};

template <class Form, class K, class Real>
void one_sided_loop(const K& kernel, const TargetArrays<Real>& targets, const SourceArrays<Real>& sources,
                    Real* const* results) {
  constexpr int lanes = isa::Vec<Real>::lanes, width = kFormWidth<Form>;
  const Coordinates<Real> all{targets.x, targets.y, targets.z, {}};
  Results<Form, Real> out;
  for (int r = 0; r < Form::kResults; ++r) out.part[r] = results[r];
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    target_block<width, Pairs::any, Form, false>(kernel, advance<false>(all, i), sources, {}, out.from(i),
                                                 {});
  for (; i + lanes <= targets.count; i += lanes)
    target_block<1, Pairs::any, Form, false>(kernel, advance<false>(all, i), sources, {}, out.from(i), {});
  if (i == targets.count) return;
  PartialBlock<Form, false, Real> rest(advance<false>(all, i), targets.count - i);
  target_block<1, Pairs::any, Form, false>(kernel, rest.targets(), sources, {}, rest.results(), {});
  rest.add_to(out.from(i), targets.count - i);
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

template <int Width, class Form>
[[gnu::noinline]] void targets_guarded(const typename Form::KernelType& kernel,
                                       const Coordinates<float>& targets, const TargetNumbers& numbers,
                                       const SourceArrays<float>& sources, const LowParts<float>& source_low,
                                       Index first_source, const Results<Form, float>& out,
                                       const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  std::uint16_t beyond[kGuardedSources * Width];
  static_assert(kGuardedSources % kMasksTogether == 0);
  target_block<Width, Pairs::guarded, Form, true>(kernel, targets, sources, source_low, out,
                                                  {close.least, beyond});
  each_left_out(beyond, sources.count * Width, [&](Index mask, Index lane) {
    const Index i = mask % Width * lanes + lane;
    if (i < numbers.count) close.pairs.take(close.pairs.to, numbers.first + i, first_source + mask / Width);
  });
}

/// Sums over all sources for Width * lanes targets, which stay in registers.
template <int Width, class Form>
OCTOPOLE_INLINE void targets_in_lanes(const typename Form::KernelType& kernel,
                                      const Coordinates<float>& targets, const TargetNumbers& numbers,
                                      const SourceArrays<float>& sources, const LowParts<float>& source_low,
                                      const Results<Form, float>& out, const CloseGuard& close) {
  for (Index j = 0; j < sources.count; j += kGuardedSources) {
    const Index left = sources.count - j;
    const SourceArrays<float> piece = piece_of(sources, j, left < kGuardedSources ? left : kGuardedSources);
    const LowParts<float> low{source_low.x + j, source_low.y + j, source_low.z + j};
    if (!target_block<Width, Pairs::fast, Form, true>(kernel, targets, piece, low, out,
                                                      {close.least, nullptr}))
      targets_guarded<Width, Form>(kernel, targets, numbers, piece, low, j, out, close);
  }
}

/// Whole vectors of sources: `count` from index `first` on, and padding.
struct SourceVectors {
  Coordinates<float> at;
  const float* strengths;
  Index stride, first, count;

  static constexpr Index kPiece = kGuardedVectors * isa::Vec<float>::lanes;
  SourceVectors piece(Index begin) const {
    return {advance<true>(at, begin), strengths + begin, stride, first + begin,
            count - begin < kPiece ? count - begin : kPiece};
  }
};

/// Sums Count targets against at most kGuardedVectors vectors of sources: for leaves with too few targets to
/// fill vectors. Adds the results per lane to `sums`, (Count, results, lanes). Returns false and writes
/// nothing if a pair is too close for Pairs::fast. Masks of guarded pairs are (vectors, Count).
template <int Count, Pairs pairs, class Form>
OCTOPOLE_INLINE bool source_block(const typename Form::KernelType& kernel, const Coordinates<float>& targets,
                                  const SourceVectors& sources, float* sums, const BlockGuard& guard) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes, strengths = Form::kStrengths, results = Form::kResults;
  V x[Count], y[Count], z[Count], x_low[Count], y_low[Count], z_low[Count], received[Count][results];
#pragma GCC unroll 4
  for (int t = 0; t < Count; ++t) {
    x[t] = simd::broadcast<V>(targets.x[t]);
    y[t] = simd::broadcast<V>(targets.y[t]);
    z[t] = simd::broadcast<V>(targets.z[t]);
    x_low[t] = simd::broadcast<V>(targets.low.x[t]);
    y_low[t] = simd::broadcast<V>(targets.low.y[t]);
    z_low[t] = simd::broadcast<V>(targets.low.z[t]);
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) received[t][r] = V{};
  }
  const V least = simd::broadcast<V>(guard.least);
  V nearest = simd::broadcast<V>(kNoDistance);
  const Coordinates<float> at = sources.at;
  std::uint16_t* beyond = guard.beyond;
  V none[strengths], unused[results];  // of the other side
#pragma GCC unroll 8
  for (int s = 0; s < strengths; ++s) none[s] = V{};
  for (Index j = 0; j < sources.count; j += lanes) {
    const V sx = simd::load<V>(at.x + j), sy = simd::load<V>(at.y + j), sz = simd::load<V>(at.z + j);
    const V sx_low = simd::load<V>(at.low.x + j), sy_low = simd::load<V>(at.low.y + j),
            sz_low = simd::load<V>(at.low.z + j);
    V of[strengths];
#pragma GCC unroll 8
    for (int s = 0; s < strengths; ++s) of[s] = simd::load<V>(sources.strengths + s * sources.stride + j);
#pragma GCC unroll 4
    for (int t = 0; t < Count; ++t) {
      // The differences of high parts are exact for close points, for which the low parts matter.
      const V d[3] = {x[t] - sx + (x_low[t] - sx_low), y[t] - sy + (y_low[t] - sy_low),
                      z[t] - sz + (z_low[t] - sz_low)};
      const V r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      const V inverse_r = inverse_distance<pairs, simd::Accuracy::full>(r2, least, nearest, beyond, t);
      Form::template add<false, true>(kernel, d, r2, inverse_r, none, of, received[t], unused);
    }
    if constexpr (pairs == Pairs::guarded) beyond += Count;
  }
  if constexpr (pairs == Pairs::fast)
    if (isa::any_below(nearest, least)) return false;
#pragma GCC unroll 4
  for (int t = 0; t < Count; ++t)
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) {
      float* const sum = sums + (t * results + r) * lanes;
      simd::store(sum, simd::load<V>(sum) + received[t][r]);
    }
  return true;
}

template <int Count, class Form>
[[gnu::noinline]] void sources_guarded(const typename Form::KernelType& kernel,
                                       const Coordinates<float>& targets, Index first_target,
                                       const SourceVectors& sources, float* sums, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  std::uint16_t beyond[kGuardedVectors * Count];
  static_assert(kGuardedVectors % kMasksTogether == 0);
  source_block<Count, Pairs::guarded, Form>(kernel, targets, sources, sums, {close.least, beyond});
  each_left_out(beyond, (sources.count + lanes - 1) / lanes * Count, [&](Index mask, Index lane) {
    const Index j = mask / Count * lanes + lane;
    if (j < sources.count) close.pairs.take(close.pairs.to, first_target + mask % Count, sources.first + j);
  });
}

/// Sums Count targets, from index i on, against all sources.
template <int Count, class Form>
OCTOPOLE_INLINE void few_targets(const typename Form::KernelType& kernel,
                                 const Coordinates<float>& all_targets, Index i, const SourceVectors& whole,
                                 const SourceVectors& padded, const Results<Form, float>& out,
                                 const CloseGuard& close) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes, results = Form::kResults;
  const Coordinates<float> targets = advance<true>(all_targets, i);
  alignas(64) float sums[Count * results * lanes] = {};
  const auto add = [&](const SourceVectors& sources) {
    if (!source_block<Count, Pairs::fast, Form>(kernel, targets, sources, sums, {close.least, nullptr}))
      sources_guarded<Count, Form>(kernel, targets, i, sources, sums, close);
  };
  for (Index j = 0; j < whole.count; j += SourceVectors::kPiece) add(whole.piece(j));
  if (padded.count > 0) add(padded);
  for (int t = 0; t < Count; ++t)
    for (int r = 0; r < results; ++r)
      out.part[r][i + t] += sum_lanes(simd::load<V>(sums + (t * results + r) * lanes));
}

/// Sums all targets against all sources; the last sources are padded to a vector by copies without strength.
template <class Form>
void sources_in_lanes(const typename Form::KernelType& kernel, const Coordinates<float>& targets, Index count,
                      const SourceArrays<float>& sources, const LowParts<float>& source_low,
                      const Results<Form, float>& out, const CloseGuard& close) {
  constexpr int lanes = isa::Vec<float>::lanes, strengths = Form::kStrengths;
  const Index done = sources.count / lanes * lanes, rest = sources.count - done;
  const SourceVectors whole{
      {sources.x, sources.y, sources.z, source_low}, sources.strengths, sources.strength_stride, 0, done};
  alignas(64) float x[lanes], y[lanes], z[lanes], strength[strengths][lanes], x_low[lanes], y_low[lanes],
      z_low[lanes];
  for (int l = 0; l < lanes && rest > 0; ++l) {
    const Index j = l < rest ? done + l : sources.count - 1;
    x[l] = sources.x[j];
    y[l] = sources.y[j];
    z[l] = sources.z[j];
    for (int s = 0; s < strengths; ++s)
      strength[s][l] = l < rest ? sources.strengths[s * sources.strength_stride + j] : 0.0F;
    x_low[l] = source_low.x[j];
    y_low[l] = source_low.y[j];
    z_low[l] = source_low.z[j];
  }
  const SourceVectors last{{x, y, z, {x_low, y_low, z_low}}, strength[0], lanes, done, rest};
  Index i = 0;
  for (; i + 2 <= count; i += 2) few_targets<2, Form>(kernel, targets, i, whole, last, out, close);
  if (i < count) few_targets<1, Form>(kernel, targets, i, whole, last, out, close);
}

template <class Form, class K>
void split_one_sided_loop(const K& kernel, const TargetArrays<float>& targets,
                          const LowParts<float>& target_low, const SourceArrays<float>& sources,
                          const LowParts<float>& source_low, const CloseGuard& close, float* const* results) {
  constexpr int lanes = isa::Vec<float>::lanes;
  // With low parts, one vector at a time is up to a third faster on the wide instruction sets.
  constexpr int width = lanes > 4 ? 1 : 2;
  const Coordinates<float> all{targets.x, targets.y, targets.z, target_low};
  Results<Form, float> out;
  for (int r = 0; r < Form::kResults; ++r) out.part[r] = results[r];
  if (lanes > 4 && sources.count >= 2 * lanes)
    return sources_in_lanes<Form>(kernel, all, targets.count, sources, source_low, out, close);
  Index i = 0;
  for (; i + width * lanes <= targets.count; i += width * lanes)
    targets_in_lanes<width, Form>(kernel, advance<true>(all, i), {i, width * lanes}, sources, source_low,
                                  out.from(i), close);
  for (; i + lanes <= targets.count; i += lanes)
    targets_in_lanes<1, Form>(kernel, advance<true>(all, i), {i, lanes}, sources, source_low, out.from(i),
                              close);
  if (i == targets.count) return;
  const Index count = targets.count - i;
  PartialBlock<Form, true, float> rest(advance<true>(all, i), count);
  targets_in_lanes<1, Form>(kernel, rest.targets(), {i, count}, sources, source_low, rest.results(), close);
  rest.add_to(out.from(i), count);
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

template <class K, class Real, std::size_t... task>
OneSidedLoops<Real> one_sided_loops(std::index_sequence<task...>) {
  return {{untyped<one_sided_loop<PairForm<K, task>, K, Real>>...}};
}

template <class K, std::size_t... task>
SplitLoops split_loops(std::index_sequence<task...>) {
  SplitLoops loops{{}, {untyped<split_symmetric_loop<PairForm<K, task>, K, float>>...}};
  loops.one_sided[0] = untyped<split_one_sided_loop<PairForm<K, 0>, K>>;
  loops.one_sided[1] = untyped<split_one_sided_loop<PairForm<K, 1>, K>>;
  if constexpr (VectorKernel<K> && sizeof...(task) > 2)
    loops.one_sided[2] = untyped<split_one_sided_loop<PairForm<K, 2>, K>>;
  return loops;
}

template <class K, std::size_t... task>
SymmetricLoops symmetric_loops(std::index_sequence<task...>) {
  return {{untyped<whole_symmetric_loop<PairForm<K, task>, K, double>>...}};
}

template <bool Estimate, class K, std::size_t... task>
LeafFrameLoops leaf_frame_loops(std::index_sequence<task...>) {
  return {{untyped<leaf_frame_loop<PairForm<K, task>, Estimate, K>>...},
          {untyped<leaf_frame_self_loop<PairForm<K, task>, Estimate, K>>...}};
}

template <TileForm form, class K, class Real>
TileLoops<Real> tile_loops() {
  return {{untyped<tile_loop<form, 0, K, Real>>, untyped<tile_loop<form, 1, K, Real>>,
           untyped<tile_loop<form, 2, K, Real>>, untyped<tile_loop<form, 3, K, Real>>}};
}

template <class K>
constexpr std::size_t task_count() {
  if constexpr (Kernel<K>)
    return kPairTaskCount;
  else
    return vector_tasks(K::has_pressure);
}

template <class K>
PairLoops pair_loops() {
  constexpr std::make_index_sequence<task_count<K>()> tasks;
  PairLoops loops{one_sided_loops<K, double>(tasks),
                  one_sided_loops<K, float>(tasks),
                  split_loops<K>(tasks),
                  symmetric_loops<K>(tasks),
                  {leaf_frame_loops<false, K>(tasks), leaf_frame_loops<true, K>(tasks)},
                  {},
                  {}};
  if constexpr (Kernel<K>) {
    loops.tiles_in_double = tile_loops<TileForm::any, K, double>();
    loops.tiles_in_single[0] = tile_loops<TileForm::any, K, float>();
    loops.tiles_in_single[1] = tile_loops<TileForm::two_floats, K, float>();
    loops.tiles_in_single[2] = tile_loops<TileForm::one_float, K, float>();
    loops.tiles_in_single[3] = tile_loops<TileForm::estimate, K, float>();
  }
  return loops;
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
