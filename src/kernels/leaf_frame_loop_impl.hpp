// The symmetric pair loops between leaves, with points in single precision relative to their leaf's centre.
// Included by the units of kernels only (pair_loop_impl.hpp).
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/symmetric_loop_impl.hpp"

namespace octopole {
namespace {

// The partners of a leaf are gathered into a dense row, whose vectors stay in registers; the loop runs over
// the leaf's own points, and their results are accumulated per lane until the end of the row. The unit of
// summation is therefore the whole row, independent of the division among ranks and threads.

OCTOPOLE_INLINE void add_four_to_doubles(const float* from, double scale, double* to) {
  using Floats [[gnu::vector_size(16)]] = float;
  using Doubles [[gnu::vector_size(32)]] = double;
  const Doubles value = __builtin_convertvector(simd::load<Floats>(from), Doubles);
  simd::store(to, simd::load<Doubles>(to) + scale * value);
}

/// to[j] += scale * from[j]; `from` must be readable up to a whole vector.
void add_all_to_doubles(const float* from, Index count, double scale, double* to) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes;
  Index j = 0;
  for (; j + lanes <= count; j += lanes) add_to_doubles(to + j, simd::load<V>(from + j), scale);
  if (j + lanes / 2 <= count) {
    add_half_to_doubles<0>(to + j, simd::load<V>(from + j), scale);
    j += lanes / 2;
  }
  if (lanes > 8 && j + 4 <= count) {
    add_four_to_doubles(from + j, scale, to + j);
    j += 4;
  }
  for (; j < count; ++j) to[j] += scale * static_cast<double>(from[j]);
}

/// Maximum number of points of a row. At most kPiece points of a leaf are processed together: two copies of
/// their results per lane fit in the L1 cache.
inline constexpr Index kLeafFrameRow = 512;

/// At most Size points with strengths, in the frame of the current leaf: charges, dipoles in its unit of
/// length, or both.
template <Index Size, class Form>
struct LeafFrameSet {
  static constexpr Index kSize = Size;
  using V = typename isa::Vec<float>::type;
  static constexpr int lanes = isa::Vec<float>::lanes;
  static constexpr int kStrengths = Form::kStrengths;

  alignas(64) float x[Size + lanes], y[Size + lanes], z[Size + lanes];
  alignas(64) float strengths[kStrengths][Size + lanes];
  alignas(64) float least[Size + lanes];  // pairs with smaller squared distances are too close
  Index count = 0;

  /// Appends `size` points from `start` on. `per_length` converts dipoles to the frame's unit.
  void append(const LeafFrameArrays& points, const LeafFramePartner& frame, Index start, Index size,
              float least_r2, [[maybe_unused]] float per_length) {
    const Index end = count + size;
    // Whole vectors may read on into the next leaf: what they write past the end is overwritten.
    for (; count < end && start + lanes <= points.count; count += lanes, start += lanes) {
      simd::store(x + count, simd::load<V>(points.x + start) * frame.ratio + frame.x);
      simd::store(y + count, simd::load<V>(points.y + start) * frame.ratio + frame.y);
      simd::store(z + count, simd::load<V>(points.z + start) * frame.ratio + frame.z);
#pragma GCC unroll 8
      for (int s = 0; s < kStrengths; ++s) {
        V strength = simd::load<V>(points.strengths + s * points.strength_stride + start);
        if (Form::length_of_strength(s) > 0) strength = strength * per_length;
        simd::store(strengths[s] + count, strength);
      }
      simd::store(least + count, simd::broadcast<V>(least_r2));
    }
    for (; count < end; ++count, ++start) {
      x[count] = points.x[start] * frame.ratio + frame.x;
      y[count] = points.y[start] * frame.ratio + frame.y;
      z[count] = points.z[start] * frame.ratio + frame.z;
      for (int s = 0; s < kStrengths; ++s) {
        const float strength = points.strengths[s * points.strength_stride + start];
        strengths[s][count] = Form::length_of_strength(s) > 0 ? strength * per_length : strength;
      }
      least[count] = least_r2;
    }
    count = end;
  }
  /// Pads the last vectors with zero strengths far away, to which no point is too close.
  void fill_up() {
    constexpr float away = 1e3F;
    for (Index i = count; i < count + lanes; ++i) {
      x[i] = away;
      y[i] = z[i] = least[i] = 0;
      for (auto& strength : strengths) strength[i] = 0;
    }
  }
};

/// The vectors at `at` against `count` points of b, and where the results go: those of the vectors' points to
/// `received` (results, points of the vectors' set); those of b, per lane, are read from `before` and
/// written to `after` (count, results, lanes); masks of the pairs that are not too close to `beyond` (count,
/// Width).
struct LeafFrameBlock {
  Index at, count;
  float* received;
  const float* before;
  float* after;
  std::uint16_t* beyond;
};

/// Sums both sides of the pairs, or (without Both) only that of the vectors' points. Returns false if a pair
/// is too close for Pairs::fast: the values written are then invalid.
template <int Width, Pairs pairs, bool Both, class Form, bool Estimate, Index Size>
OCTOPOLE_INLINE bool leaf_frame_block(const typename Form::KernelType& kernel,
                                      const LeafFrameSet<Size, Form>& a,
                                      const LeafFrameSet<kFormPiece<Form>, Form>& b,
                                      const LeafFrameBlock& block) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes, strengths = Form::kStrengths, results = Form::kResults;
  constexpr auto accuracy = Estimate ? simd::Accuracy::estimate : simd::Accuracy::step;
  V x[Width], y[Width], z[Width], least[Width], of_a[Width][strengths], to_a[Width][results];
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    const Index i = block.at + w * lanes;
    x[w] = simd::load<V>(a.x + i);
    y[w] = simd::load<V>(a.y + i);
    z[w] = simd::load<V>(a.z + i);
#pragma GCC unroll 8
    for (int s = 0; s < strengths; ++s) of_a[w][s] = simd::load<V>(a.strengths[s] + i);
    if constexpr (pairs != Pairs::fast) least[w] = simd::load<V>(a.least + i);
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) to_a[w][r] = V{};
  }
  // Local copies, because the compiler must assume that the stores below may change the members.
  const float *const b_x = b.x, *const b_y = b.y, *const b_z = b.z, *const b_strengths = b.strengths[0],
                     *const before = block.before;
  constexpr Index row = std::extent_v<decltype(b.strengths), 1>;
  float* const after = block.after;
  std::uint16_t* const beyond = block.beyond;
  const Index count = block.count;
  V nearest = simd::broadcast<V>(kNoDistance);
  for (Index j = 0; j < count; ++j) {
    const V bx = simd::broadcast<V>(b_x[j]), by = simd::broadcast<V>(b_y[j]), bz = simd::broadcast<V>(b_z[j]);
    V of_b[strengths], to_b[results];
#pragma GCC unroll 8
    for (int s = 0; s < strengths; ++s) of_b[s] = simd::broadcast<V>(b_strengths[s * row + j]);
    const Index sum = j * results * lanes;
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r)
      if constexpr (Both)
        to_b[r] = simd::load<V>(before + sum + r * lanes);
      else
        to_b[r] = V{};
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      const V d[3] = {x[w] - bx, y[w] - by, z[w] - bz};
      const V r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
      const V inverse_r = inverse_distance<pairs, accuracy>(r2, least[w], nearest, beyond, j * Width + w);
      Form::template add<Both>(kernel, d, r2, inverse_r, of_a[w], of_b, to_a[w], to_b);
    }
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r)
      if constexpr (Both) simd::store(after + sum + r * lanes, to_b[r]);
  }
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    const Index i = block.at + w * lanes;
    if (pairs == Pairs::fast && isa::any_below(nearest, simd::load<V>(a.least + i))) return false;
#pragma GCC unroll 16
    for (int r = 0; r < results; ++r) simd::store(block.received + r * Size + i, to_a[w][r]);
  }
  return true;
}

/// The pairs of a leaf with other leaves, and within it.
template <class Form, bool Estimate>
class LeafFramePairs {
 public:
  using K = typename Form::KernelType;
  LeafFramePairs(const K& kernel, const LeafFrameArrays& points, const ResultArrays<double>& sums,
                 const LeafFrame& leaf, const ClosePairs& close)
      : kernel_(kernel),
        points_(points),
        leaf_(leaf),
        per_length_(static_cast<float>(leaf.gradient_scale / leaf.scale)),
        close_(close) {
    for (int r = 0; r < results; ++r) to_[r] = sums.parts[static_cast<std::size_t>(r)];
  }

  /// Sums all pairs of the leaf with its partners.
  void with(const LeafFramePartner* partners, Index partner_count) {
    for (Index i = 0; i < leaf_.count; i += mine_.kSize) {
      load_mine(i);
      for (Index p = 0; p < partner_count; ++p) append(partners[p]);
      finish_row();
      fold();
    }
  }

  /// Sums all pairs within the leaf.
  void within() {
    for (Index i = 0; i < leaf_.count; i += mine_.kSize) {
      load_mine(i);
      own();
      LeafFramePartner after = kOwnFrame;
      after.first = leaf_.first + i + mine_.count;
      after.count = leaf_.count - i - mine_.count;
      append(after);
      finish_row();
      fold();
    }
  }

 private:
  using V = typename isa::Vec<float>::type;
  using Mine = LeafFrameSet<kFormPiece<Form>, Form>;
  static constexpr int lanes = isa::Vec<float>::lanes, results = Form::kResults;
  static constexpr int width = kFormWidth<Form>;  // vectors of a row that stay in registers
  static constexpr LeafFramePartner kOwnFrame{0, 0, 1, 0, 0, 0};
  static constexpr Index kSums = kFormPiece<Form> * results * lanes;
  alignas(64) static constexpr float kZeros[kSums]{};

  /// Points that are contiguous both in the row and in the array of all points.
  struct Segment {
    Index first, begin, count;  // first point in the array of all points; begin in the row
  };

  double scale(int result) const {
    const int order = Form::order_of_result(result);
    return order == 0   ? leaf_.scale
           : order == 1 ? leaf_.gradient_scale
                        : leaf_.gradient_scale * (leaf_.gradient_scale / leaf_.scale);
  }
  static Index filled(Index count) { return (count + lanes - 1) / lanes * lanes; }

  void load_mine(Index from) {
    const Index left = leaf_.count - from;
    mine_.count = 0;
    mine_first_ = leaf_.first + from;
    mine_.append(points_, kOwnFrame, mine_first_, left < mine_.kSize ? left : mine_.kSize, leaf_.least,
                 per_length_);
    before_ = kZeros;
    after_ = sums_[0];
    other_ = sums_[1];
  }

  void append(const LeafFramePartner& partner) {
    const float ratio = partner.ratio > 1 ? partner.ratio : 1.0F;
    for (Index done = 0; done < partner.count;) {
      if (row_.count == row_.kSize || segment_count_ == kSegments) finish_row();
      const Index left = partner.count - done, room = row_.kSize - row_.count,
                  count = left < room ? left : room;
      segments_[segment_count_++] = {partner.first + done, row_.count, count};
      row_.append(points_, partner, partner.first + done, count, leaf_.least * ratio * ratio, per_length_);
      done += count;
    }
  }

  /// Sums the whole row against the leaf's piece, and empties it.
  void finish_row() {
    row_.fill_up();
    Index at = 0;
    for (; at + width * lanes <= filled(row_.count); at += width * lanes) act<width>(at);
    if (at < row_.count) act<1>(at);
    for (Index s = 0; s < segment_count_; ++s) {
      const Segment& segment = segments_[s];
      for (int r = 0; r < results; ++r)
        add_all_to_doubles(row_received_ + r * row_.kSize + segment.begin, segment.count, scale(r),
                           to_[r] + segment.first);
    }
    row_.count = segment_count_ = 0;
  }

  template <int Width>
  void act(Index at) {
    const LeafFrameBlock block{at, mine_.count, row_received_, before_, after_, beyond_};
    if (!leaf_frame_block<Width, Pairs::fast, true, Form, Estimate>(kernel_, row_, mine_, block))
      guarded<Width, true>(row_, block);
    before_ = after_;
    after_ = other_;
    other_ = const_cast<float*>(before_);
  }

  /// Sums pairs within the piece, each side separately: summing over lanes would cost more.
  void own() {
    mine_.fill_up();
    Index at = 0;
    for (; at + width * lanes <= filled(mine_.count); at += width * lanes) own_block<width>(at);
    if (at < mine_.count) own_block<1>(at);
    for (int r = 0; r < results; ++r)
      add_all_to_doubles(row_received_ + r * mine_.kSize, mine_.count, scale(r), to_[r] + mine_first_);
  }

  template <int Width>
  void own_block(Index at) {
    guarded<Width, false>(mine_, {at, mine_.count, row_received_, nullptr, nullptr, beyond_});
  }

  /// Guarded sums with a row, or (without Both) within the piece; reports the pairs that are left out.
  template <int Width, bool Both, Index Size>
  [[gnu::noinline]] void guarded(const LeafFrameSet<Size, Form>& a, const LeafFrameBlock& block) {
    leaf_frame_block<Width, Pairs::guarded, Both, Form, Estimate>(kernel_, a, mine_, block);
    if constexpr (!Both)
      for (int l = 0; l < Width * lanes; ++l)  // a point with itself is not a pair
        if (const Index j = block.at + l; j < block.count)
          beyond_[j * Width + l / lanes] |= static_cast<std::uint16_t>(1U << l % lanes);
    each_left_out(beyond_, block.count * Width, [&](Index mask, Index lane) {
      const Index i = block.at + mask % Width * lanes + lane, j = mask / Width;
      if constexpr (Both)
        close_.take(close_.to, mine_first_ + j, number_in_row(i));
      else if (j < i)  // occurs also as (i, j)
        close_.take(close_.to, mine_first_ + j, mine_first_ + i);
    });
  }

  Index number_in_row(Index place) const {
    Index s = 0;
    while (s + 1 < segment_count_ && segments_[s + 1].begin <= place) ++s;
    return segments_[s].first + place - segments_[s].begin;
  }

  /// Adds the piece's results per lane, summed over lanes, to the global sums.
  void fold() {
    if (before_ == kZeros) return;
    for (Index j = 0; j < mine_.count; j += lanes)
      for (int r = 0; r < results; ++r) {
        alignas(64) float sums[lanes];
        simd::store(sums, sums_of_lanes(before_ + (j * results + r) * lanes, results));
        add_all_to_doubles(sums, mine_.count - j < lanes ? mine_.count - j : lanes, scale(r),
                           to_[r] + mine_first_ + j);
      }
  }

  static constexpr Index kSegments = 128;

  const K& kernel_;
  const LeafFrameArrays& points_;
  const LeafFrame& leaf_;
  float per_length_;
  const ClosePairs& close_;
  double* to_[results];
  Mine mine_;
  Index mine_first_ = 0;  // in the array of all points
  LeafFrameSet<kLeafFrameRow, Form> row_;
  Segment segments_[kSegments];
  Index segment_count_ = 0;
  const float* before_ = kZeros;  // the piece's results per lane so far
  float *after_ = nullptr, *other_ = nullptr;
  alignas(64) float sums_[2][kSums];
  alignas(64) float row_received_[results * kLeafFrameRow + lanes];
  std::uint16_t beyond_[kFormPiece<Form> * 2];  // a multiple of kMasksTogether
};

template <class Form, bool Estimate, class K>
void leaf_frame_loop(const K& kernel, const LeafFrameArrays& points, const ResultArrays<double>& sums,
                     const LeafFrame& leaf, const LeafFramePartner* partners, Index partner_count,
                     const ClosePairs& close) {
  LeafFramePairs<Form, Estimate>(kernel, points, sums, leaf, close).with(partners, partner_count);
}

template <class Form, bool Estimate, class K>
void leaf_frame_self_loop(const K& kernel, const LeafFrameArrays& points, const ResultArrays<double>& sums,
                          const LeafFrame& leaf, const ClosePairs& close) {
  LeafFramePairs<Form, Estimate>(kernel, points, sums, leaf, close).within();
}

}  // namespace
}  // namespace octopole
