// The pair loop for leaves that act on each other, points in single precision relative to their own leaf.
// Included once by each instruction set's unit, behind mutual_loop_impl.hpp.
//
// One of two leaves gives vectors, which stay in registers; the other one's points come one by one, and what
// they receive is kept by lane. Nothing of a pair of leaves depends on the leaves around them.
#pragma once

#include "mutual_loop_impl.hpp"

namespace octopole {
namespace {

OCTOPOLE_INLINE void add_four_wide(const float* from, double scale, double* to) {
  typedef float Floats __attribute__((vector_size(16)));
  typedef double Doubles __attribute__((vector_size(32)));
  const Doubles value = __builtin_convertvector(simd::load<Floats>(from), Doubles);
  simd::store(to, simd::load<Doubles>(to) + scale * value);
}

/// to[j] += scale * from[j], with from readable up to a whole vector.
void add_to_wide(const float* from, Index count, double scale, double* to) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes;
  Index j = 0;
  for (; j + lanes <= count; j += lanes) add_wide(to + j, simd::load<V>(from + j), scale);
  if (j + lanes / 2 <= count) {
    add_half_wide<0>(to + j, simd::load<V>(from + j), scale);
    j += lanes / 2;
  }
  if (lanes > 8 && j + 4 <= count) {
    add_four_wide(from + j, scale, to + j);
    j += 4;
  }
  for (; j < count; ++j) to[j] += scale * static_cast<double>(from[j]);
}

/// Points of a leaf, or a piece of one, that are treated together: what one side receives by lane, twice,
/// should stay in the first-level cache.
inline constexpr Index kLocalPiece = 128;

/// One side of pairs, in a frame common to both. Behind the last point, charges of zero far away fill a
/// vector.
struct LocalSide {
  static constexpr Index kSize = kLocalPiece;

  alignas(64) float x[kSize], y[kSize], z[kSize], charge[kSize];
  Index first, count;  // among all points

  /// Takes points from `start` on, as many as `size`; `away` is where none are.
  void load(const LocalArrays& points, const LocalPartner& frame, Index start, Index size, float away) {
    using V = typename isa::Vec<float>::type;
    constexpr int lanes = isa::Vec<float>::lanes;
    first = start;
    count = size;
    Index i = 0;
    // Whole vectors may read on into the next leaf: what they write behind the end is written over.
    for (; i < size && start + i + lanes <= points.count; i += lanes) {
      const Index from = start + i;
      simd::store(x + i, simd::load<V>(points.x + from) * frame.ratio + frame.x);
      simd::store(y + i, simd::load<V>(points.y + from) * frame.ratio + frame.y);
      simd::store(z + i, simd::load<V>(points.z + from) * frame.ratio + frame.z);
      simd::store(charge + i, simd::load<V>(points.charge + from));
    }
    for (; i < size; ++i) {
      const Index from = start + i;
      x[i] = points.x[from] * frame.ratio + frame.x;
      y[i] = points.y[from] * frame.ratio + frame.y;
      z[i] = points.z[from] * frame.ratio + frame.z;
      charge[i] = points.charge[from];
    }
    for (i = size; i % lanes != 0; ++i) {
      x[i] = away;
      y[i] = z[i] = charge[i] = 0;
    }
  }
};

/// How pairs of a block are summed: for both sides, none too close (fast) or those left out (guarded); or so
/// for the vectors' points alone (one_sided).
enum class Pairs { fast, guarded, one_sided };

/// Vectors of a at `at` against `count` points of b from `from` on, and where what is found goes: what a
/// receives, to `sums`, by part; what b receives, by lane, from `before` to `after`, (count, parts, lanes);
/// and the lanes beyond the least distance, (count, Width).
struct LocalBlock {
  Index at, from, count;
  float least;
  float (*sums)[2 * 16];
  const float* before;
  float* after;
  std::uint16_t* beyond;
};

/// Is false where a pair is too close for fast ones: what has been written to `after` means nothing then.
template <int Width, Pairs pairs, bool Gradient, bool Estimate, class K>
OCTOPOLE_INLINE bool local_block(const K& kernel, const LocalSide& a, const LocalSide& b,
                                 const LocalBlock& block) {
  using V = typename isa::Vec<float>::type;
  constexpr int lanes = isa::Vec<float>::lanes, parts = Gradient ? 4 : 1;
  constexpr bool both = pairs != Pairs::one_sided;
  V x[Width], y[Width], z[Width], charge[Width], u[Width], gx[Width], gy[Width], gz[Width];
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    const Index i = block.at + w * lanes;
    x[w] = simd::load<V>(a.x + i);
    y[w] = simd::load<V>(a.y + i);
    z[w] = simd::load<V>(a.z + i);
    charge[w] = simd::load<V>(a.charge + i);
    u[w] = gx[w] = gy[w] = gz[w] = V{};
  }
  // Named, because the stores below might change them for all that the compiler knows.
  const float *const b_x = b.x + block.from, *const b_y = b.y + block.from, *const b_z = b.z + block.from,
                     *const b_charge = b.charge + block.from, *const before = block.before;
  float* const after = block.after;
  std::uint16_t* const beyond = block.beyond;
  const float least = block.least;
  const Index count = block.count;
  V least_r2 = simd::broadcast<V>(least);
  for (Index j = 0; j < count; ++j) {
    const V bx = simd::broadcast<V>(b_x[j]), by = simd::broadcast<V>(b_y[j]), bz = simd::broadcast<V>(b_z[j]),
            bq = simd::broadcast<V>(b_charge[j]);
    const Index sum = j * parts * lanes;
    V to_b{}, to_bx{}, to_by{}, to_bz{};
    if constexpr (both) to_b = simd::load<V>(before + sum);
    if constexpr (both && Gradient) {
      to_bx = simd::load<V>(before + sum + lanes);
      to_by = simd::load<V>(before + sum + 2 * lanes);
      to_bz = simd::load<V>(before + sum + 3 * lanes);
    }
#pragma GCC unroll 4
    for (int w = 0; w < Width; ++w) {
      const V dx = x[w] - bx, dy = y[w] - by, dz = z[w] - bz;
      const V r2 = dx * dx + dy * dy + dz * dz;
      V inverse_r;
      if constexpr (pairs == Pairs::fast) {
        inverse_r = isa::inverse_sqrt_of_normal<Estimate>(r2);
        least_r2 = isa::lesser(least_r2, r2);
      } else {
        inverse_r = isa::inverse_sqrt_beyond<Estimate>(r2, least, beyond[j * Width + w]);
      }
      const V value = kernel.potential(r2, inverse_r);
      u[w] += value * bq;
      to_b += value * charge[w];
      if constexpr (Gradient) {
        const V f = -kernel.gradient_factor(r2, inverse_r);  // most kernels fall with r: two signs less
        const V fa = f * bq, fb = f * charge[w];
        gx[w] -= fa * dx;
        gy[w] -= fa * dy;
        gz[w] -= fa * dz;
        to_bx += fb * dx;
        to_by += fb * dy;
        to_bz += fb * dz;
      }
    }
    if constexpr (both) simd::store(after + sum, to_b);
    if constexpr (both && Gradient) {
      simd::store(after + sum + lanes, to_bx);
      simd::store(after + sum + 2 * lanes, to_by);
      simd::store(after + sum + 3 * lanes, to_bz);
    }
  }
  if (pairs == Pairs::fast && isa::any_below(least_r2, least)) return false;
#pragma GCC unroll 4
  for (int w = 0; w < Width; ++w) {
    const V received[] = {u[w], gx[w], gy[w], gz[w]};
#pragma GCC unroll 4
    for (int part = 0; part < parts; ++part) simd::store(block.sums[part] + w * lanes, received[part]);
  }
  return true;
}

/// A leaf's pairs with others, and within. Of the two sides at work a gives the vectors.
template <bool Gradient, bool Estimate, class K>
class LocalLeaves {
 public:
  LocalLeaves(const K& kernel, const LocalArrays& points, const WideSums& sums, const LocalLeaf& leaf,
              const ClosePairs& close)
      : kernel_(kernel), points_(points), leaf_(leaf), close_(close) {
    to_[0] = sums.potential;
    if constexpr (Gradient) to_[1] = sums.gx, to_[2] = sums.gy, to_[3] = sums.gz;
  }

  /// All pairs of the leaf and others.
  void with(const LocalPartner* partners, Index partner_count) {
    keeps_ = true;
    for (Index i = 0; i < leaf_.count; i += size) {
      load_mine(i);
      for (Index p = 0; p < partner_count; ++p) {
        const LocalPartner& partner = partners[p];
        least_ = partner.ratio > 1 ? leaf_.least * partner.ratio * partner.ratio : leaf_.least;
        for (Index j = 0; j < partner.count; j += size) {
          its_.load(points_, partner, partner.first + j, piece(partner.count, j), -kAway);
          // Vectors are filled up: those of the side that wastes less.
          b_is_first_ = filled(its_.count) * mine_.count <= filled(mine_.count) * its_.count;
          a_ = b_is_first_ ? &its_ : &mine_;
          b_ = b_is_first_ ? &mine_ : &its_;
          mutual();
        }
      }
      unload_mine();
    }
  }

  /// All pairs within the leaf.
  void within() {
    least_ = leaf_.least;
    b_is_first_ = true;
    for (Index i = 0; i < leaf_.count; i += size) {
      mine_.load(points_, kOwnFrame, leaf_.first + i, piece(leaf_.count, i), kAway);
      a_ = b_ = &mine_;
      own();
      a_ = &its_;
      for (Index j = i + size; j < leaf_.count; j += size) {
        its_.load(points_, kOwnFrame, leaf_.first + j, piece(leaf_.count, j), -kAway);
        mutual();
      }
    }
  }

 private:
  using V = typename isa::Vec<float>::type;
  static constexpr int lanes = isa::Vec<float>::lanes, parts = Gradient ? 4 : 1;
  static constexpr Index size = kLocalPiece;
  static constexpr LocalPartner kOwnFrame{0, 0, 1, 0, 0, 0};
  static constexpr float kAway = 1e3F;
  static constexpr Index kSums = size * parts * lanes;
  alignas(64) static constexpr float kZeros[kSums]{};

  static Index piece(Index count, Index from) { return count - from < size ? count - from : size; }
  static Index filled(Index count) { return (count + lanes - 1) / lanes * lanes; }
  double scale(int part) const { return part == 0 ? leaf_.scale : leaf_.gradient_scale; }

  /// All of a against all of b.
  void mutual() {
    const float* before = kZeros;
    float *after = sums_[0], *other = sums_[1];
    const auto act = [&]<int Width>(Index at) {
      const LocalBlock block{at, 0, b_->count, least_, received_, before, after, beyond_};
      if (!local_block<Width, Pairs::fast, Gradient, Estimate>(kernel_, *a_, *b_, block))
        guarded<Width, Pairs::guarded>(block);
      deliver<Width>(at);
      before = after;
      after = other;
      other = const_cast<float*>(before);
    };
    Index at = 0;
    for (; at + 2 * lanes <= filled(a_->count); at += 2 * lanes) act.template operator()<2>(at);
    if (at < a_->count) act.template operator()<1>(at);
    fold(before);
  }

  /// Pairs within a piece, which a and b both are.
  void own() {
    if constexpr (Gradient) {
      // Either side by itself: to add up lanes would cost more.
      Index at = 0;
      for (; at + 2 * lanes <= filled(a_->count); at += 2 * lanes) own_block<2>(at, 0, a_->count);
      if (at < a_->count) own_block<1>(at, 0, a_->count);
    } else {
      for (Index i = 0; i < filled(b_->count) * lanes; i += lanes) simd::store(sums_[0] + i, V{});
      for (Index at = 0; at < a_->count; at += lanes) {
        if (at > 0) {
          guarded<1, Pairs::guarded>({at, 0, at, least_, received_, sums_[0], sums_[0], beyond_});
          deliver<1>(at);
        }
        own_block<1>(at, at, a_->count - at < lanes ? a_->count - at : lanes);
      }
      fold(sums_[0]);
    }
  }

  /// Vectors of a with `count` points from `from` on, which they are among.
  template <int Width>
  void own_block(Index at, Index from, Index count) {
    guarded<Width, Pairs::one_sided>({at, from, count, least_, received_, nullptr, nullptr, beyond_});
    deliver<Width>(at);
  }

  /// Tells of the pairs it leaves out.
  template <int Width, Pairs pairs>
  [[gnu::noinline]] void guarded(const LocalBlock& block) {
    local_block<Width, pairs, Gradient, Estimate>(kernel_, *a_, *b_, block);
    constexpr bool own = pairs == Pairs::one_sided;
    constexpr auto all = static_cast<std::uint16_t>((1U << lanes) - 1);
    if constexpr (own)
      for (int l = 0; l < Width * lanes; ++l)  // a point and itself are no pair
        if (const Index j = block.at + l - block.from; j < block.count)
          beyond_[j * Width + l / lanes] |= static_cast<std::uint16_t>(1U << l % lanes);
    std::uint16_t common = all;
    for (Index k = 0; k < block.count * Width; ++k) common &= beyond_[k];
    if (common == all) return;
    for (Index k = 0; k < block.count * Width; ++k)
      for (unsigned left_out = all & ~beyond_[k]; left_out != 0; left_out &= left_out - 1) {
        const Index lane = block.at + k % Width * lanes + __builtin_ctz(left_out);
        if (lane >= a_->count) continue;  // fills up: a partner of many times the size may reach there
        const Index a = a_->first + lane;
        const Index b = b_->first + block.from + k / Width;
        if (own && a < b) continue;  // comes the other way round, too
        close_.take(close_.to, b_is_first_ ? b : a, b_is_first_ ? a : b);
      }
  }

  /// What vectors of a have received goes to its places.
  template <int Width>
  void deliver(Index at) {
    const Index left = a_->count - at, count = left < Width * lanes ? left : Width * lanes;
    for (int part = 0; part < parts; ++part) add(received_[part], *a_, at, count, part);
  }

  /// What b has received by lane, too.
  void fold(const float* sums) {
    for (Index j = 0; j < b_->count; j += lanes)
      for (int part = 0; part < parts; ++part) {
        simd::store(received_[part], sums_of_lanes(sums + (j * parts + part) * lanes, parts));
        add(received_[part], *b_, j, b_->count - j < lanes ? b_->count - j : lanes, part);
      }
  }

  /// To `count` of a side's points. For many partners the leaf's own are added up here, in whole vectors.
  void add(const float* received, const LocalSide& side, Index at, Index count, int part) {
    if (keeps_ && &side == &mine_)
      for (Index i = 0; i < count; i += lanes)
        add_wide(mine_sums_[part] + at + i, simd::load<V>(received + i), scale(part));
    else
      add_to_wide(received, count, scale(part), to_[part] + side.first + at);
  }

  void load_mine(Index from) {
    mine_.load(points_, kOwnFrame, leaf_.first + from, piece(leaf_.count, from), kAway);
    for (int part = 0; part < parts; ++part)
      for (Index i = 0; i < filled(mine_.count); ++i) mine_sums_[part][i] = 0;
  }
  void unload_mine() {
    for (int part = 0; part < parts; ++part)
      for (Index i = 0; i < mine_.count; ++i) to_[part][mine_.first + i] += mine_sums_[part][i];
  }

  const K& kernel_;
  const LocalArrays& points_;
  const LocalLeaf& leaf_;
  const ClosePairs& close_;
  double* to_[4];
  float least_ = 0;
  bool keeps_ = false;
  bool b_is_first_ = true;  // of the leaf, or nearer to its first point
  LocalSide mine_, its_;
  const LocalSide *a_ = nullptr, *b_ = nullptr;
  alignas(64) double mine_sums_[parts][size];
  alignas(64) float sums_[2][kSums];
  alignas(64) float received_[4][2 * 16];
  std::uint16_t beyond_[size * 2];
};

template <bool Gradient, bool Estimate, class K>
void local_loop(const K& kernel, const LocalArrays& points, const WideSums& sums, const LocalLeaf& leaf,
                const LocalPartner* partners, Index partner_count, const ClosePairs& close) {
  LocalLeaves<Gradient, Estimate, K>(kernel, points, sums, leaf, close).with(partners, partner_count);
}

template <bool Gradient, bool Estimate, class K>
void local_self_loop(const K& kernel, const LocalArrays& points, const WideSums& sums, const LocalLeaf& leaf,
                     const ClosePairs& close) {
  LocalLeaves<Gradient, Estimate, K>(kernel, points, sums, leaf, close).within();
}

}  // namespace
}  // namespace octopole
