// The pair loop for two leaves that act on each other, points in single precision relative to their own leaf.
// Included once by each instruction set's unit, behind mutual_loop_impl.hpp.
#pragma once

#include "mutual_loop_impl.hpp"

namespace octopole {
namespace {

/// to[j] += scale * what `count` points of b have received by lane.
void add_sums_wide(const float* sums, Index count, double scale, double* to) {
  constexpr int lanes = isa::Vec<float>::lanes;
  Index j = 0;
  for (; j + lanes <= count; j += lanes) add_wide(to + j, sums_of_lanes(sums + j * lanes), scale);
  if (j == count) return;
  const auto rest = sums_of_lanes(sums + j * lanes);
  for (Index l = 0; j + l < count; ++l) to[j + l] += scale * static_cast<double>(rest[l]);
}

/// Tells of the pairs that mutual_block has left out, of `vectors` vectors of a from point a_first and
/// `count` points of b from b_first. Copies that pad a do not count; with Self, where b is a, no pair counts
/// twice.
template <bool Self>
void tell_close_pairs(const std::uint16_t* beyond, int vectors, Index a_first, Index a_count, Index b_first,
                      Index count, const ClosePairs& close) {
  constexpr int lanes = isa::Vec<float>::lanes;
  constexpr auto all = static_cast<std::uint16_t>((1U << lanes) - 1);
  std::uint16_t common = all;
  for (Index k = 0; k < count * vectors; ++k) common &= beyond[k];
  if (common == all) return;
  for (Index j = 0; j < count; ++j)
    for (int w = 0; w < vectors; ++w)
      for (int l = 0; l < lanes; ++l) {
        const Index i = a_first + w * lanes + l;
        if ((beyond[j * vectors + w] >> l & 1) == 0 && i < (Self ? b_first + j : a_count))
          close.take(close.to, i, b_first + j);
      }
}

/// Leaves that act on each other, and room for what one piece of the second receives.
template <bool Gradient, bool Estimate, bool Self, class K>
struct LocalLeaves {
  static constexpr Form form = Estimate ? Form::estimate : Form::local;
  static constexpr int lanes = isa::Vec<float>::lanes, parts = Gradient ? 4 : 1, width = kMutualWidth<form>;

  const K& kernel;
  const SourceArrays<float>& a;
  const WideSums& to_a;
  const LocalFrame& frame;
  const ClosePairs& close;
  float* sums;            // (parts, kMutualPiece, lanes)
  std::uint16_t* beyond;  // (kMutualPiece * width)

  static MutualSide<float> side(const SourceArrays<float>& p, const WideSums& to) {
    return {{p.x, p.y, p.z, p.charge, p.count, nullptr, nullptr, nullptr, nullptr}, {}, to};
  }

  template <int Width, bool First>
  void block(Index v, const MutualSide<float>& piece, Index first, Index count) {
    mutual_block<Width, First, Gradient, form>(kernel, advance<Gradient, false>(side(a, to_a), v * lanes),
                                               piece, count, 1.0F, sums, LocalBlock{&frame, beyond});
    tell_close_pairs<Self>(beyond, Width, v * lanes, a.count, first, count, close);
  }

  /// The first `vectors` of a, at least one, and `count` points of b from point `first`.
  void act(Index vectors, const MutualSide<float>& piece, Index first, Index count) {
    Index v = vectors < width ? 1 : width;
    if (v == width)
      block<width, true>(0, piece, first, count);
    else
      block<1, true>(0, piece, first, count);
    for (; v + width <= vectors; v += width) block<width, false>(v, piece, first, count);
    for (; v < vectors; ++v) block<1, false>(v, piece, first, count);
    for (Index j = count; j % lanes != 0; ++j)  // add_sums_wide looks at whole vectors of them
      for (int part = 0; part < parts; ++part)
        simd::store(sums + (part * kMutualPiece + j) * lanes, typename isa::Vec<float>::type{});
    add_sums_wide(sums, count, frame.scale, piece.wide.potential);
    if constexpr (Gradient) {
      add_sums_wide(sums + kMutualPiece * lanes, count, frame.gradient_scale, piece.wide.gx);
      add_sums_wide(sums + 2 * kMutualPiece * lanes, count, frame.gradient_scale, piece.wide.gy);
      add_sums_wide(sums + 3 * kMutualPiece * lanes, count, frame.gradient_scale, piece.wide.gz);
    }
  }
};

template <bool Gradient, bool Estimate, class K>
void local_loop(const K& kernel, const SourceArrays<float>& a, const WideSums& to_a,
                const SourceArrays<float>& b, const WideSums& to_b, const LocalFrame& frame,
                const ClosePairs& close) {
  using Leaves = LocalLeaves<Gradient, Estimate, false, K>;
  alignas(64) float sums[kMutualPiece * Leaves::lanes * Leaves::parts];
  alignas(64) std::uint16_t beyond[kMutualPiece * Leaves::width];
  Leaves leaves{kernel, a, to_a, frame, close, sums, beyond};
  const MutualSide<float> all_of_b = Leaves::side(b, to_b);
  const Index vectors = (a.count + Leaves::lanes - 1) / Leaves::lanes;
  if (vectors == 0) return;
  for (Index first = 0; first < b.count; first += kMutualPiece)
    leaves.act(vectors, advance<Gradient, false>(all_of_b, first), first,
               b.count - first < kMutualPiece ? b.count - first : kMutualPiece);
}

/// All pairs within a leaf: each vector of points with those before it, then with itself.
template <bool Gradient, bool Estimate, class K>
void local_self_loop(const K& kernel, const SourceArrays<float>& a, const WideSums& to_a,
                     const LocalFrame& frame, const ClosePairs& close) {
  using Leaves = LocalLeaves<Gradient, Estimate, true, K>;
  alignas(64) float sums[kMutualPiece * Leaves::lanes * Leaves::parts];
  alignas(64) std::uint16_t beyond[kMutualPiece * Leaves::width];
  Leaves leaves{kernel, a, to_a, frame, close, sums, beyond};
  constexpr int lanes = Leaves::lanes;
  for (Index v = 0; v * lanes < a.count; ++v) {
    const Index first = v * lanes, count = a.count - first < lanes ? a.count - first : lanes;
    const MutualSide<float> own = advance<Gradient, false>(Leaves::side(a, to_a), first);
    if (v > 0) leaves.act(v, own, first, count);
    // What the points receive as a's is enough here, and a point and itself are not a close pair.
    mutual_block<1, true, Gradient, Leaves::form>(kernel, own, own, count, 1.0F, sums,
                                                  LocalBlock{&frame, beyond});
    for (Index j = 0; j < count; ++j) beyond[j] |= static_cast<std::uint16_t>(1U << j);
    tell_close_pairs<true>(beyond, 1, first, a.count, first, count, close);
  }
}

}  // namespace
}  // namespace octopole
