// P2P for several vectors, dipoles and Hessians, if sources = targets.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include "operators/p2p_sums.hpp"

namespace octopole {

/// Points with strengths and sums, one side of tiles: in double with absolute coordinates; in single
/// precision in the frame of a leaf, as two floats or as one float per coordinate.
template <class Real>
class TilePointBuffer {
 public:
  static constexpr bool kSingle = std::is_same_v<Real, float>;

  /// `dipole_sign`: 1 for side a of tiles, -1 for side b.
  explicit TilePointBuffer(double dipole_sign) : dipole_sign_(dipole_sign) {}

  /// Empties the buffer, for at most `most` points. All sums are zero: add_to has been called since the last
  /// tiles. A buffer serves one task.
  void begin(Index most, const TileTask& task) {
    count_ = 0;
    segments_.clear();
    if (padded(most) <= capacity_) return;
    capacity_ = padded(most);
    vectors_ = task.vectors;
    parts_ = kPartsUpTo[static_cast<std::size_t>(task.order)];
    strength_rows_ = SourceParts(task.kind).count() * task.vectors;
    const auto size = static_cast<std::size_t>(capacity_);
    points_.reserve(size);
    if constexpr (kSingle)
      for (auto* v : {&x_, &y_, &z_, &least_}) v->resize(size);
    strengths_.resize(size * static_cast<std::size_t>(strength_rows_));
    sums_.assign(size * static_cast<std::size_t>(vectors_ * parts_), Real{0});
  }
  Index room() const { return capacity_ - count_; }
  Index count() const { return count_; }

  /// Appends `count` points from `first` on in the frame of `frame`; in single precision as two floats.
  template <class Charge>
  void append(const PointsByNode& points, Index first, Index count, const StrengthVectors<Charge>& strengths,
              const Box& frame) {
    one_float_ = false;
    points_.copy(points, first, count, frame, count_);
    append(first, count, strengths, frame, kTwoFloatsMinSeparation * kTwoFloatsMinSeparation);
  }
  /// Appends points of a leaf with box `its` in the frame of `frame`, as one float per coordinate.
  template <class Charge>
  void append(const LeafFramePoints& points, Index first, Index count,
              const StrengthVectors<Charge>& strengths, const Box& its, const Box& frame) requires kSingle {
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
    append(first, count, strengths, frame, separation * separation);
  }

  /// Points first to first + count - 1 as side b of tiles.
  TileSide<Real> part(Index first, Index count) {
    TilePoints<Real> points{points_.x(), points_.y(), points_.z(), count, points_.low(), nullptr};
    if (one_float_) points.x = x_.data(), points.y = y_.data(), points.z = z_.data();
    for (const Real** v : {&points.x, &points.y, &points.z, &points.low.x, &points.low.y, &points.low.z})
      if (*v) *v += first;
    return {points, {strengths_.data() + first, capacity_}, {sums_.data() + first, capacity_}};
  }
  /// All points as side a of tiles, padded with copies of the last one without strength.
  TileSide<Real> whole() {
    const Index end = padded(count_);
    const auto last = static_cast<std::size_t>(count_ - 1);
    if (one_float_)
      for (auto* v : {&x_, &y_, &z_}) fill(*v, 0, (*v)[last]);
    else
      points_.pad(count_, end);
    if constexpr (kSingle) fill(least_, 0, least_[last]);
    for (int row = 0; row < strength_rows_; ++row) fill(strengths_, row * capacity_, 0);
    TilePoints<Real> points{points_.x(), points_.y(), points_.z(), end, points_.low(), least_.data()};
    if (one_float_) points.x = x_.data(), points.y = y_.data(), points.z = z_.data();
    return {points, {strengths_.data(), capacity_}, {sums_.data(), capacity_}};
  }

  /// The number among all points of the point at `place`.
  Index number(Index place) const { return segments_.number(place); }

  /// Adds the sums, in these units by order of derivatives, to those of all points, and sets them to zero.
  void add_to(const TargetSums& sums, const std::array<double, 3>& units) {
    Real* from = sums_.data();
    for (int part = 0; part < parts_; ++part)
      for (int v = 0; v < vectors_; ++v, from += capacity_) {
        const double unit = units[static_cast<std::size_t>(order_of_part(part))];
        double* const to = sums.part(part, v);
        for (const Segments::Segment& s : segments_)
          for (Index i = 0; i < s.count; ++i)
            to[s.first + i] += unit * static_cast<double>(from[s.begin + i]);
        std::fill_n(from, padded(count_), Real{0});
      }
  }

 private:
  template <class Charge>
  void append(Index first, Index count, const StrengthVectors<Charge>& strengths, const Box& frame,
              float least) {
    copy_strengths(strengths, first, count, dipole_sign_ / frame.half, strengths_.data() + count_, capacity_);
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
  AlignedVector<Real> least_, strengths_, sums_;
  Segments segments_;
  Index count_ = 0, capacity_ = 0;
  int vectors_ = 0, parts_ = 0, strength_rows_ = 0;
  double dipole_sign_;
  bool one_float_ = false;
};

/// How a thread processes parts of the near field's lists by tiles: partners are gathered in rows, whose
/// pairs with the leaf are evaluated once for both sides, all vectors and all derivatives.
template <class Real>
class TileWorker {
 public:
  TileWorker(const LeafFramePoints& leaf_frame, const TileTask& task)
      : leaf_frame_(leaf_frame),
        form_(form_of(leaf_frame.x ? leaf_frame.form : NearForm::two_floats)),
        task_(task),
        sources_(task.vectors, {1, task.kind}) {}

  template <class Charge>
  void one_sided(const AnyKernel& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
                 const PointsByNode& points, const StrengthVectors<Charge>& strengths,
                 const TargetSums& sums) {
    sum_row(kernel, leaf, list.of(leaf), frame_of(boxes[leaf]), points, points, strengths, sums, sources_,
            targets_);
  }

  template <class Charge>
  void symmetric(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
                 const PointsByNode& points, const StrengthVectors<Charge>& strengths,
                 const TargetSums& sums) {
    const Index first = points.begin[leaf], count = points.end[leaf] - first;
    if (count == 0) return;
    const Box frame = frame_of(boxes[leaf]);
    const AnyKernel scaled = kernel.in_units_of(frame.half);
    const std::array<double, 3> units = units_of(kernel, frame.half);
    const std::array<double, 3> leaf_units = {units[0], -units[1], units[2]};  // of side b
    const SumsInDouble<Charge> in_double{kernel, points, points, strengths, sums};
    const auto append = [&](TilePointBuffer<Real>& buffer, NodeIndex node, Index i, Index size) {
      if constexpr (TilePointBuffer<Real>::kSingle)
        if (form_ != TileForm::two_floats)
          return buffer.append(leaf_frame_, i, size, strengths, boxes[node], frame);
      buffer.append(points, i, size, strengths, frame);
    };
    const auto finish_row = [&] {
      if (row_.count() == 0) return;
      const TileSide<Real> row = row_.whole();
      for (Index begin = 0; begin < count; begin += kPiece) {
        const auto add_close = [&](Index a, Index b) {
          if (a < row_.count()) in_double.add(first + begin + b, row_.number(a), true);  // otherwise padding
        };
        tiles_.add(scaled, form_, task_, row, leaf_.part(begin, std::min(kPiece, count - begin)),
                   close_pairs(add_close));
        row_.add_to(sums, units);
      }
      row_.begin(kRow, task_);
    };
    leaf_.begin(count, task_);
    append(leaf_, leaf, first, count);
    row_.begin(kRow, task_);
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
      leaf_.add_to(sums, leaf_units);
    }
    finish_row();
    leaf_.add_to(sums, leaf_units);
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
  TileTask task_;
  SourceBuffer<Real, TilePointBuffer<Real>::kSingle> sources_;
  TargetBuffer<Real, TilePointBuffer<Real>::kSingle> targets_;
  TilePointBuffer<Real> leaf_{-1}, row_{1};
  TileSums<Real> tiles_;
};

}  // namespace octopole
