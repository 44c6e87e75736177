// P2P for several vectors of charges, if sources = targets.
#pragma once

#include <algorithm>
#include <span>
#include <type_traits>
#include <vector>

#include "operators/p2p_sums.hpp"

namespace octopole {

/// Points with the charges and sums of all vectors, one side of tiles: in double with absolute coordinates;
/// in single precision in the frame of a leaf, as two floats or as one float per coordinate.
template <class Real>
class TilePointBuffer {
 public:
  static constexpr bool kSingle = std::is_same_v<Real, float>;

  /// Empties the buffer, for at most `most` points. All sums are zero: add_to has been called since the last
  /// tiles.
  void begin(Index most, int vectors, bool gradient) {
    const int parts = gradient ? 4 : 1;
    count_ = 0;
    segments_.clear();
    if (padded(most) <= capacity_ && vectors == vectors_ && parts == parts_) return;
    capacity_ = std::max(capacity_, padded(most));
    vectors_ = vectors;
    parts_ = parts;
    const auto size = static_cast<std::size_t>(capacity_);
    points_.reserve(size);
    if constexpr (kSingle)
      for (auto* v : {&x_, &y_, &z_, &least_}) v->resize(size);
    charges_.resize(size * static_cast<std::size_t>(vectors_));
    sums_.assign(size * static_cast<std::size_t>(vectors_ * parts_), Real{0});
  }
  Index room() const { return capacity_ - count_; }
  Index count() const { return count_; }

  /// Appends `count` points from `first` on in the frame of `frame`; in single precision as two floats.
  template <class Charge>
  void append(const PointsByNode& points, Index first, Index count, const ChargeVectors<Charge>& charges,
              const Box& frame) {
    one_float_ = false;
    points_.copy(points, first, count, frame, count_);
    append(first, count, charges, kTwoFloatsMinSeparation * kTwoFloatsMinSeparation);
  }
  /// Appends points of a leaf with box `its` in the frame of `frame`, as one float per coordinate.
  template <class Charge>
  void append(const LeafFramePoints& points, Index first, Index count, const ChargeVectors<Charge>& charges,
              const Box& its, const Box& frame) requires kSingle {
    one_float_ = true;
    const double inverse = 1 / frame.half;
    const auto ratio = static_cast<float>(its.half * inverse);
    const auto copy = [&](const float* from, double offset, float* to) {
      const auto shift = static_cast<float>(offset * inverse);
      for (Index i = 0; i < count; ++i) to[i] = from[i] * ratio + shift;
    };
    copy(points.x + first, its.x - frame.x, x_.data() + count_);
    copy(points.y + first, its.y - frame.y, y_.data() + count_);
    copy(points.z + first, its.z - frame.z, z_.data() + count_);
    const auto separation = static_cast<float>(points.min_separation) * std::max(ratio, 1.0F);
    append(first, count, charges, separation * separation);
  }

  /// Points first to first + count - 1 as side b of tiles.
  TileSide<Real> part(Index first, Index count) {
    TilePoints<Real> points{points_.x(), points_.y(), points_.z(), count, points_.low(), nullptr};
    if (one_float_) points.x = x_.data(), points.y = y_.data(), points.z = z_.data();
    for (const Real** v : {&points.x, &points.y, &points.z, &points.low.x, &points.low.y, &points.low.z})
      if (*v) *v += first;
    return {points, {charges_.data() + first, capacity_}, {sums_.data() + first, capacity_}};
  }
  /// All points as side a of tiles, padded with copies of the last one without charge.
  TileSide<Real> whole() {
    const Index end = padded(count_);
    const auto last = static_cast<std::size_t>(count_ - 1);
    if (one_float_)
      for (auto* v : {&x_, &y_, &z_}) fill(*v, 0, (*v)[last]);
    else
      points_.pad(count_, end);
    if constexpr (kSingle) fill(least_, 0, least_[last]);
    for (int v = 0; v < vectors_; ++v) fill(charges_, v * capacity_, 0);
    TilePoints<Real> points{points_.x(), points_.y(), points_.z(), end, points_.low(), least_.data()};
    if (one_float_) points.x = x_.data(), points.y = y_.data(), points.z = z_.data();
    return {points, {charges_.data(), capacity_}, {sums_.data(), capacity_}};
  }

  /// The number among all points of the point at `place`.
  Index number(Index place) const { return segments_.number(place); }

  /// Adds the sums, in units of `scale` and `gradient_scale`, to those of all points, and sets them to zero.
  void add_to(const TargetSums& sums, double scale, double gradient_scale) {
    for (int v = 0; v < vectors_; ++v) {
      const TargetSums of_vector = sums.of(v);
      double* const results[] = {of_vector.potential, of_vector.gx, of_vector.gy, of_vector.gz};
      for (int part = 0; part < parts_; ++part) {
        const double unit = part == 0 ? scale : gradient_scale;
        Real* const from = sums_.data() + (part * vectors_ + v) * capacity_;
        for (const Segments::Segment& s : segments_)
          for (Index i = 0; i < s.count; ++i)
            results[part][s.first + i] += unit * static_cast<double>(from[s.begin + i]);
        std::fill_n(from, padded(count_), Real{0});
      }
    }
  }

 private:
  template <class Charge>
  void append(Index first, Index count, const ChargeVectors<Charge>& charges, float least) {
    for (int v = 0; v < vectors_; ++v) {
      const Charge* const from = charges.of(v) + first;
      Real* const to = charges_.data() + v * capacity_ + count_;
      for (Index i = 0; i < count; ++i) to[i] = static_cast<Real>(from[i]);
    }
    if constexpr (kSingle) std::fill_n(least_.begin() + count_, count, least);
    segments_.add(first, count_, count);
    count_ += count;
  }
  /// Sets the values from the last point to the end of its vector.
  void fill(AlignedVector<Real>& values, Index begin, Real value) const {
    std::fill(values.begin() + begin + count_, values.begin() + begin + padded(count_), value);
  }

  ScaledPoints<Real, kSingle> points_;
  AlignedVector<Real> x_, y_, z_;  // with one float per coordinate
  AlignedVector<Real> least_, charges_, sums_;
  Segments segments_;
  Index count_ = 0, capacity_ = 0;
  int vectors_ = 0, parts_ = 0;
  bool one_float_ = false;
};

/// How a thread processes parts of the near field's lists for several vectors: partners are gathered in rows,
/// whose pairs with the leaf are evaluated once for both sides and all vectors.
template <class Real>
class VectorWorker {
 public:
  VectorWorker(const LeafFramePoints& leaf_frame, int vectors)
      : leaf_frame_(leaf_frame),
        form_(form_of(leaf_frame.x ? leaf_frame.form : NearForm::two_floats)),
        sources_(vectors) {}

  template <class Charge>
  void one_sided(const AnyKernel& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
                 const PointsByNode& points, const ChargeVectors<Charge>& charges, const TargetSums& sums) {
    sum_row(kernel, leaf, list.of(leaf), frame_of(boxes[leaf]), points, points, charges, sums, sources_,
            targets_);
  }

  template <class Charge>
  void symmetric(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
                 const PointsByNode& points, const ChargeVectors<Charge>& charges, const TargetSums& sums) {
    const Index first = points.begin[leaf], count = points.end[leaf] - first;
    if (count == 0) return;
    const Box frame = frame_of(boxes[leaf]);
    const AnyKernel scaled = kernel.in_units_of(frame.half);
    const double scale = kernel.constant() * integer_power(frame.half, kernel.homogeneity()),
                 gradient_scale = scale / frame.half;
    const SumsInDouble<Charge> in_double{kernel, points, points, charges, sums};
    const auto append = [&](TilePointBuffer<Real>& buffer, NodeIndex node, Index i, Index size) {
      if constexpr (TilePointBuffer<Real>::kSingle)
        if (form_ != TileForm::two_floats)
          return buffer.append(leaf_frame_, i, size, charges, boxes[node], frame);
      buffer.append(points, i, size, charges, frame);
    };
    const auto finish_row = [&] {
      if (row_.count() == 0) return;
      const TileSide<Real> row = row_.whole();
      for (Index begin = 0; begin < count; begin += kPiece) {
        const auto add_close = [&](Index a, Index b) {
          if (a < row_.count()) in_double.add(first + begin + b, row_.number(a), true);  // otherwise padding
        };
        tiles_.add(scaled, form_, charges.vectors, sums.gradient(), row,
                   leaf_.part(begin, std::min(kPiece, count - begin)), close_pairs(add_close));
        row_.add_to(sums, scale, gradient_scale);
      }
      row_.begin(kRow, charges.vectors, sums.gradient());
    };
    leaf_.begin(count, charges.vectors, sums.gradient());
    append(leaf_, leaf, first, count);
    row_.begin(kRow, charges.vectors, sums.gradient());
    for (const NodeIndex other : others) {
      for (Index i = points.begin[other], end = points.end[other]; i < end;) {
        const Index size = std::min(end - i, row_.room());
        append(row_, other, i, size);
        i += size;
        if (row_.room() == 0) finish_row();
      }
      if (form_ != TileForm::two_floats) continue;
      // With two floats per coordinate, lists are divided between what waits for ghosts and what does not:
      // each partner's contribution is added in double separately, so that results do not depend on that. (In
      // double they do, to rounding.)
      finish_row();
      leaf_.add_to(sums, scale, -gradient_scale);
    }
    finish_row();
    leaf_.add_to(sums, scale, -gradient_scale);
  }

 private:
  /// Maximum number of points of a row, and of the leaf's points whose contributions to a row are summed in
  /// this precision: longer sums lose digits.
  static constexpr Index kRow = 512, kPiece = 256;

  static TileForm form_of(NearForm form) {
    if (!TilePointBuffer<Real>::kSingle) return TileForm::any;
    return form == NearForm::two_floats  ? TileForm::two_floats
           : form == NearForm::one_float ? TileForm::one_float
                                         : TileForm::estimate;
  }
  /// In double, differences of absolute coordinates are as exact as the coordinates.
  static const Box& frame_of(const Box& box) { return TilePointBuffer<Real>::kSingle ? box : kAbsoluteFrame; }

  LeafFramePoints leaf_frame_;
  TileForm form_;
  SourceBuffer<Real, TilePointBuffer<Real>::kSingle> sources_;
  TargetBuffer<Real, TilePointBuffer<Real>::kSingle> targets_;
  TilePointBuffer<Real> leaf_, row_;
  TileSums<Real> tiles_;
};

}  // namespace octopole
