// Buffers of a thread: batches of nodes for matrix products, and copies of points in a node's frame, rounded
// to the working precision.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <type_traits>
#include <vector>

#include "base/aligned.hpp"
#include "kernels/pair_loop.hpp"
#include "kernels/tile_sums.hpp"
#include "linalg/product.hpp"
#include "operators/columns.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

namespace octopole {

/// Maximum number of nodes (columns) per matrix product. Which nodes share a batch depends only on their
/// list, not on the threads.
inline constexpr Index kBatch = 64;

constexpr Index batch_count(Index items, Index per_batch) {
  return (items + per_batch - 1) / per_batch;
}

/// Per-thread columns to compute the densities of one batch from its check potentials.
template <class Real>
struct Projection {
  Projection(Index check_points, Index inner_rank, Index points)
      : check(check_points),
        rank(inner_rank),
        equivalent(points),
        potential(static_cast<std::size_t>(check * kBatch)),
        projected(static_cast<std::size_t>(rank * kBatch)),
        density(static_cast<std::size_t>(equivalent * kBatch)) {}

  /// density = second * (first * potential) for the first `columns` columns.
  void apply(const AlignedVector<Real>& first, const AlignedVector<Real>& second, Index columns) {
    linalg::multiply(rank, columns, check, first.data(), potential.data(), projected.data());
    linalg::multiply(equivalent, columns, rank, second.data(), projected.data(), density.data());
  }

  Index check, rank, equivalent;
  AlignedVector<Real> potential, projected, density;
};

/// Maximum number of sources that are gathered and evaluated at a time: 4 arrays stay in the L1 cache.
inline constexpr Index kSourceChunk = 1024;

/// The frame of absolute coordinates.
inline constexpr Box kAbsoluteFrame{0, 0, 0, 1};

/// scale^exponent for the small exponents of homogeneous kernels.
inline double integer_power(double scale, int exponent) {
  double result = 1;
  for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) result *= scale;
  return exponent < 0 ? 1 / result : result;
}

/// Wraps the function object sum(a, b), which must outlive the result, for a loop.
template <class Sum>
ClosePairs close_pairs(const Sum& sum) {
  return {[](void* to, Index a, Index b) { (*static_cast<const Sum*>(to))(a, b); },
          const_cast<void*>(static_cast<const void*>(&sum))};
}

/// Parts of a buffer whose points are also consecutive among all points.
class Segments {
 public:
  struct Segment {
    Index first, begin, count;  // positions among all points and in the buffer
  };
  void add(Index first, Index begin, Index count) { segments_.push_back({first, begin, count}); }
  void clear() { segments_.clear(); }
  auto begin() const { return segments_.begin(); }
  auto end() const { return segments_.end(); }
  /// The number among all points of the point at `place` of the buffer.
  Index number(Index place) const {
    const auto after = std::upper_bound(segments_.begin(), segments_.end(), place,
                                        [](Index at, const Segment& s) { return at < s.begin; });
    return (after - 1)->first + place - (after - 1)->begin;
  }

 private:
  std::vector<Segment> segments_;
};

/// Coordinates of points scaled to a frame, in three arrays; with Split also their rounding remainders.
template <class Real, bool Split>
class ScaledPoints {
 public:
  void reserve(std::size_t size) {
    for (auto* v : {&x_, &y_, &z_})
      if (v->size() < size) v->resize(size);
    if constexpr (Split)
      for (auto* v : {&x_low_, &y_low_, &z_low_})
        if (v->size() < size) v->resize(size);
  }
  /// Copies points first .. first + count - 1 to positions from `at` on.
  void copy(const PointsByNode& points, Index first, Index count, const Box& frame, Index at) {
    const double inverse = 1 / frame.half;
    scale(points.x + first, count, frame.x, inverse, x_.data() + at, Split ? x_low_.data() + at : nullptr);
    scale(points.y + first, count, frame.y, inverse, y_.data() + at, Split ? y_low_.data() + at : nullptr);
    scale(points.z + first, count, frame.z, inverse, z_.data() + at, Split ? z_low_.data() + at : nullptr);
  }
  /// Fills positions count .. end - 1 with point count - 1.
  void pad(Index count, Index end) {
    for (auto* v : {&x_, &y_, &z_})
      std::fill(v->begin() + count, v->begin() + end, (*v)[std::size_t(count) - 1]);
    if constexpr (Split)
      for (auto* v : {&x_low_, &y_low_, &z_low_})
        std::fill(v->begin() + count, v->begin() + end, (*v)[std::size_t(count) - 1]);
  }
  const Real* x() const { return x_.data(); }
  const Real* y() const { return y_.data(); }
  const Real* z() const { return z_.data(); }
  LowParts<Real> low() const { return {x_low_.data(), y_low_.data(), z_low_.data()}; }

 private:
  static void scale(const double* from, Index count, double centre, double inverse, Real* to,
                    [[maybe_unused]] Real* low) {
    if constexpr (Split)
      split_coordinates(from, count, centre, inverse, to, low);
    else
      for (Index k = 0; k < count; ++k) to[k] = static_cast<Real>((from[k] - centre) * inverse);
  }

  AlignedVector<Real> x_, y_, z_, x_low_, y_low_, z_low_;
};

/// Copies the strengths of `count` points from `first` on, number p of vector v to to + (p * vectors + v) *
/// stride; dipoles are multiplied by `dipole_factor`.
template <class Real, class Charge>
void copy_strengths(const StrengthVectors<Charge>& strengths, Index first, Index count, double dipole_factor,
                    Real* to, Index stride) {
  const int charges = strengths.layout().components > 1 ? 3 : strengths.kind == SourceKind::dipoles ? 0 : 1;
  for (int number = 0; number < strengths.layout().count(); ++number)
    for (int v = 0; v < strengths.vectors; ++v, to += stride) {
      const Charge* const from = strengths.of(number, v) + first;
      if (number < charges)
        for (Index i = 0; i < count; ++i) to[i] = static_cast<Real>(from[i]);
      else
        for (Index i = 0; i < count; ++i)
          to[i] = static_cast<Real>(static_cast<double>(from[i]) * dipole_factor);
    }
}

/// Up to kSourceChunk sources of one or several nodes, with their strengths as side b of tiles has them.
template <class Real, bool Split = false>
class SourceBuffer {
 public:
  explicit SourceBuffer(int vectors = 1, const StrengthLayout& layout = {})
      : vectors_(vectors),
        kind_(layout.kind),
        strengths_(static_cast<std::size_t>(layout.count() * vectors * kSourceChunk)) {
    points_.reserve(kSourceChunk);
  }

  /// Appends the sources of `nodes` in the frame of `frame`; whenever the buffer is full, flush() is called,
  /// which must evaluate and clear(). Nodes that are consecutive along the curve are copied together.
  template <class Charge, class Flush>
  void append(const PointsByNode& points, std::span<const NodeIndex> nodes,
              const StrengthVectors<Charge>& strengths, const Box& frame, const Flush& flush) {
    append_pieces(points, nodes, frame, flush, [&](Index first, Index count) {
      copy_strengths(strengths, first, count, -1 / frame.half, strengths_.data() + count_, kSourceChunk);
    });
  }
  /// As append, with the columns of a vector kernel's strengths instead of these, in the frame of a node that
  /// is this octant of its parent (operators/columns.hpp). The buffer's vectors are the columns.
  template <class Charge, class Flush>
  void append_columns(const PointsByNode& points, std::span<const NodeIndex> nodes,
                      const StrengthVectors<Charge>& strengths, const Box& frame, std::uint8_t octant,
                      const Flush& flush) {
    const std::array<double, 3> centre = octant_centre(octant);
    const auto x = static_cast<Real>(centre[0]), y = static_cast<Real>(centre[1]),
               z = static_cast<Real>(centre[2]);
    append_pieces(points, nodes, frame, flush, [&](Index first, Index count) {
      Real* const phi = strengths_.data() + count_;
      for (int c = 0; c < 3; ++c)
        for (Index i = 0; i < count; ++i)
          phi[c * kSourceChunk + i] = static_cast<Real>(strengths.of(c, 0)[first + i]);
      if (vectors_ <= kMomentColumn) return;
      const Real *const at_x = points_.x() + count_, *const at_y = points_.y() + count_,
                        *const at_z = points_.z() + count_;
      for (Index i = 0; i < count; ++i)
        phi[kMomentColumn * kSourceChunk + i] =
            Real(0.5) * ((at_x[i] + x) * phi[i] + (at_y[i] + y) * phi[kSourceChunk + i] +
                         (at_z[i] + z) * phi[2 * kSourceChunk + i]);
    });
  }

  SourceArrays<Real> view() const {
    return {points_.x(), points_.y(), points_.z(), strengths_.data(), count_, kSourceChunk, vectors_, kind_};
  }
  LowParts<Real> low() const { return points_.low(); }
  bool empty() const { return count_ == 0; }
  void clear() {
    count_ = 0;
    segments_.clear();
  }
  /// The number among all points of the source at `place`. Only with Split.
  Index number(Index place) const { return segments_.number(place); }

 private:
  /// copy(first, count) copies the strengths of points to the end of the buffer.
  template <class Flush, class Copy>
  void append_pieces(const PointsByNode& points, std::span<const NodeIndex> nodes, const Box& frame,
                     const Flush& flush, const Copy& copy) {
    for (std::size_t k = 0; k < nodes.size();) {
      Index i = points.begin[nodes[k]], end = points.end[nodes[k]];
      for (++k; k < nodes.size() && points.begin[nodes[k]] == end; ++k) end = points.end[nodes[k]];
      while (i < end) {
        const Index piece = std::min(end - i, kSourceChunk - count_);
        if constexpr (Split) segments_.add(i, count_, piece);
        points_.copy(points, i, piece, frame, count_);
        copy(i, piece);
        i += piece;
        count_ += piece;
        if (count_ == kSourceChunk) flush();
      }
    }
  }

  int vectors_;
  SourceKind kind_;
  ScaledPoints<Real, Split> points_;
  AlignedVector<Real> strengths_;
  Index count_ = 0;
  Segments segments_;
};

/// The units of sums in a frame with half side `half`, by order of derivatives.
inline std::array<double, 3> units_of(const AnyKernel& kernel, double half) {
  const double scale = kernel.constant() * integer_power(half, kernel.homogeneity());
  return {scale, scale / half, scale / half / half};
}

/// The results of a vector kernel from the potentials of its columns and their derivatives at some targets,
/// in the frame of a node; see HarmonicColumns. Positions are relative to the parent's centre; the column psi
/// is in the parent's half sides, which are twice the node's.
template <class Real>
struct ColumnField {
  HarmonicColumns weights;
  const Real* parts;  // (derivatives as in kernels/derivatives.hpp, columns, targets): strides width and end
  Index width, end;
  std::array<const Real*, 3> at;  // of the targets, in the node's frame
  std::array<double, 3> centre;   // of the node

  /// to[t] += unit * result i.
  void add_result(int i, double unit, Index count, double* to) const {
    if (weights.b == 0)
      add_curl(1 + (i + 1) % 3, (i + 2) % 3, 1 + (i + 2) % 3, (i + 1) % 3, unit, count, to);
    else
      add_moving(unit * weights.a, part(0, i), -unit * weights.b, 1 + i, count, to);
  }
  /// to[t] += unit * the derivative of result i by x_k.
  void add_derivative(int i, int k, double unit, Index count, double* to) const {
    const int by_k = 1 + k;
    if (weights.b == 0) {
      const int j = (i + 1) % 3, l = (i + 2) % 3;
      return add_curl(product_of_parts(by_k, 1 + j), l, product_of_parts(by_k, 1 + l), j, unit, count, to);
    }
    add_moving(unit * weights.a, part(by_k, i), -unit * weights.b, product_of_parts(by_k, 1 + i), count, to);
    const Real* const turned = part(1 + i, k);
    for (Index t = 0; t < count; ++t) to[t] -= unit * weights.b * static_cast<double>(turned[t]);
  }
  /// to[t] -= unit * div phi.
  void add_pressure(double unit, Index count, double* to) const {
    const Real *const x = part(1, 0), *const y = part(2, 1), *const z = part(3, 2);
    for (Index t = 0; t < count; ++t)
      to[t] -= unit * (static_cast<double>(x[t]) + static_cast<double>(y[t]) + static_cast<double>(z[t]));
  }

 private:
  const Real* part(int derivative, int column) const { return parts + derivative * width + column * end; }

  /// to[t] += unit c (derivative `first` of column m - derivative `second` of column n).
  void add_curl(int first, int m, int second, int n, double unit, Index count, double* to) const {
    const Real *const plus = part(first, m), *const minus = part(second, n);
    for (Index t = 0; t < count; ++t)
      to[t] += unit * weights.c * (static_cast<double>(plus[t]) - static_cast<double>(minus[t]));
  }
  /// to[t] += a value[t] + b (sum of x_j D phi_j - 2 D psi) for the derivative D.
  void add_moving(double a, const Real* value, double b, int derivative, Index count, double* to) const {
    const Real *const d0 = part(derivative, 0), *const d1 = part(derivative, 1),
                      *const d2 = part(derivative, 2), *const moment = part(derivative, kMomentColumn);
    for (Index t = 0; t < count; ++t) {
      const double x = static_cast<double>(at[0][t]) + centre[0],
                   y = static_cast<double>(at[1][t]) + centre[1],
                   z = static_cast<double>(at[2][t]) + centre[2];
      const double along = x * static_cast<double>(d0[t]) + y * static_cast<double>(d1[t]) +
                           z * static_cast<double>(d2[t]) - 2 * static_cast<double>(moment[t]);
      to[t] += a * static_cast<double>(value[t]) + b * along;
    }
  }
};

/// The targets of one leaf, with their results of one pair loop; with Split, of a loop over points split in
/// two floats.
template <class Real, bool Split = false>
class TargetBuffer {
 public:
  /// Copies the targets of `leaf` in the frame of `frame`.
  void load(const PointsByNode& points, NodeIndex leaf, const Box& frame) {
    begin(points, leaf);
    points_.reserve(static_cast<std::size_t>(padded(count_)));
    points_.copy(points, first_, count_, frame, 0);
    targets_ = {points_.x(), points_.y(), points_.z(), count_};
  }
  /// As load, for targets already in the leaf's frame, which are used in place, and single charges.
  void take(const PointsByNode& points, NodeIndex leaf, const Real* x, const Real* y, const Real* z) {
    begin(points, leaf);
    targets_ = {x + first_, y + first_, z + first_, count_};
  }

  /// Adds the field of `sources`, given in the frame of the targets with half side `half`, to `sums`. With
  /// Split, `low` has the low parts of the sources, and `close` receives pairs with targets numbered within
  /// the leaf.
  void evaluate(const AnyKernel& kernel, const SourceArrays<Real>& sources, double half,
                const TargetSums& sums, const LowParts<Real>& low = {},
                [[maybe_unused]] const CloseGuard& close = {}) {
    if (count_ == 0) return;
    const AnyKernel scaled = kernel.in_units_of(half);
    const Index end = padded(count_);
    const bool charges = sources.kind == SourceKind::charges;
    sums_.assign(static_cast<std::size_t>(sums.count() * sources.vectors * end), Real{0});
    // Single vectors have loops, except for derivatives of dipoles, and over low parts except for potential
    // and gradient of charges; the rest is summed by tiles.
    if (sources.vectors > 1 || (!charges && sums.order() > 0) || (Split && (!charges || sums.order() > 1))) {
      evaluate_tiles(scaled, sources, low, close, sums.order());
    } else {
      std::array<Real*, kMaxResults> parts;
      for (int r = 0; r < sums.count(); ++r) parts[static_cast<std::size_t>(r)] = sums_.data() + r * end;
      if constexpr (Split)
        pair_sums_split(scaled, targets_, points_.low(), sources, low, close, sums.layout(), parts.data());
      else
        pair_sums(scaled, targets_, sources, sums.layout(), parts.data());
    }
    add_to(sums, units_of(kernel, half));
  }

  /// Adds the results of a vector kernel due to `columns` (operators/columns.hpp), given in the frame of a
  /// node with half side `half` that is this octant of its parent.
  void evaluate_columns(const AnyKernel& kernel, const SourceArrays<Real>& columns, double half,
                        std::uint8_t octant, const TargetSums& sums) {
    if (count_ == 0) return;
    const ResultLayout& layout = sums.layout();
    const int order = layout.order + 1;
    const Index end = padded(count_), width = columns.vectors * end;  // of a derivative of all columns
    sums_.assign(static_cast<std::size_t>(kPartsUpTo[static_cast<std::size_t>(order)] * width), Real{0});
    evaluate_tiles(kernel.translation_kernel().in_units_of(half), columns, {}, {}, order);
    ColumnField<Real> field{kernel.columns(), sums_.data(), width, end, {}, octant_centre(octant)};
    field.at = {points_.x(), points_.y(), points_.z()};
    const std::array<double, 3> units = units_of(kernel, half);
    for (int r = 0; r < layout.count(); ++r) {
      double* const to = sums.part(r) + first_;
      const double unit = units[static_cast<std::size_t>(layout.order_of(r))];
      if (r < layout.components)
        field.add_result(r, unit, count_, to);
      else if (layout.pressure && r == layout.first_of_pressure())
        field.add_pressure(unit, count_, to);
      else
        field.add_derivative((r - layout.first_of_gradient()) / 3, (r - layout.first_of_gradient()) % 3, unit,
                             count_, to);
    }
  }

 private:
  void begin(const PointsByNode& points, NodeIndex leaf) {
    first_ = points.begin[leaf];
    count_ = points.end[leaf] - first_;
  }

  /// Adds the sums of all vectors, with derivatives up to `order`, to sums_.
  void evaluate_tiles(const AnyKernel& scaled, const SourceArrays<Real>& sources, const LowParts<Real>& low,
                      const CloseGuard& close, int order) {
    const Index end = padded(count_);
    points_.pad(count_, end);
    if constexpr (Split) least_.assign(static_cast<std::size_t>(end), close.least);
    const TileSide<Real> a{{points_.x(), points_.y(), points_.z(), end, points_.low(), least_.data()},
                           {nullptr, 0},
                           {sums_.data(), end}};
    const TileSide<Real> b{{sources.x, sources.y, sources.z, sources.count, low, nullptr},
                           {sources.strengths, sources.strength_stride},
                           {nullptr, 0}};
    const auto report = [&](Index target, Index source) {
      if (target < count_) close.pairs.take(close.pairs.to, target, source);  // otherwise padding
    };
    tiles_.add(scaled, Split ? TileForm::two_floats : TileForm::any, {sources.kind, sources.vectors, order},
               a, b, close_pairs(report));
  }
  /// Adds sums_, in these units by order of derivatives, to `sums`.
  void add_to(const TargetSums& sums, const std::array<double, 3>& units) const {
    const Real* from = sums_.data();
    for (int r = 0; r < sums.count(); ++r) {
      const double unit = units[static_cast<std::size_t>(sums.layout().order_of(r))];
      for (int v = 0; v < sums.vectors; ++v, from += padded(count_)) {
        double* const to = sums.part(r, v) + first_;
        for (Index i = 0; i < count_; ++i) to[i] += unit * static_cast<double>(from[i]);
      }
    }
  }

  Index first_ = 0, count_ = 0;
  ScaledPoints<Real, Split> points_;
  TargetArrays<Real> targets_{};
  AlignedVector<Real> sums_;  // (results, vectors, padded points)
  TileSums<Real> tiles_;      // these only for what is summed by tiles
  AlignedVector<Real> least_;
};

/// Points that are both sources and targets, as two floats per coordinate, padded, with strengths in one
/// vector. Their sums are of type Sum, float or double.
template <class Sum>
class SymmetricBuffer {
 public:
  explicit SymmetricBuffer(const StrengthLayout& layout) : layout_(layout) {}

  /// Copies points first .. first + count - 1 (at least one) in the frame of `frame`; sets the sums to zero.
  template <class Charge>
  void load(const PointsByNode& points, Index first, Index count, const StrengthVectors<Charge>& strengths,
            const Box& frame, const ResultLayout& results) {
    first_ = first;
    count_ = count;
    const Index end = padded(count);
    const auto size = static_cast<std::size_t>(end + kPaddedPoints);
    points_.reserve(size);
    if (capacity_ < end + kPaddedPoints) {
      capacity_ = end + kPaddedPoints;
      strengths_.resize(size * static_cast<std::size_t>(layout_.count()));
      for (auto& part : sums_) part.clear();
    }
    points_.copy(points, first, count, frame, 0);
    points_.pad(count, end);
    copy_strengths(strengths, first, count, 1 / frame.half, strengths_.data(), capacity_);
    for (int s = 0; s < layout_.count(); ++s)
      std::fill_n(strengths_.data() + s * capacity_ + count, end - count, 0.0F);
    results_ = results;
    for (int r = 0; r < results.count(); ++r) {
      AlignedVector<Sum>& sums = sums_[static_cast<std::size_t>(r)];
      sums.resize(static_cast<std::size_t>(capacity_));
      std::fill_n(sums.data(), end, Sum{0});
    }
  }
  /// The arrays of points first .. first + count - 1 among all points, with their sums if Sum is float.
  SymmetricArrays<float> arrays(Index first, Index count) {
    const Index i = first - first_;
    SymmetricArrays<float> arrays{
        points_.x() + i, points_.y() + i, points_.z() + i, strengths_.data() + i, count, {},
        capacity_,       layout_.kind};
    if constexpr (std::is_same_v<Sum, float>) arrays.results = results(i);
    return arrays;
  }
  /// The arrays of sums from the point `i` of the buffer on.
  ResultArrays<Sum> results(Index i = 0) {
    ResultArrays<Sum> all{{}, results_};
    for (int r = 0; r < results_.count(); ++r)
      all.parts[static_cast<std::size_t>(r)] = sums_[static_cast<std::size_t>(r)].data() + i;
    return all;
  }
  LowParts<float> low(Index first) const {
    const Index i = first - first_;
    const LowParts<float> all = points_.low();
    return {all.x + i, all.y + i, all.z + i};
  }
  /// Adds the points' sums, in these units by order of derivatives, to `sums`.
  void add_to(const TargetSums& sums, const std::array<double, 3>& units) const {
    for (int r = 0; r < results_.count(); ++r) {
      const double unit = units[static_cast<std::size_t>(results_.order_of(r))];
      const Sum* const from = sums_[static_cast<std::size_t>(r)].data();
      double* const to = sums.part(r) + first_;
      for (Index i = 0; i < count_; ++i) to[i] += unit * static_cast<double>(from[i]);
    }
  }

 private:
  StrengthLayout layout_;
  ResultLayout results_;
  Index first_ = 0, count_ = 0, capacity_ = 0;
  ScaledPoints<float, true> points_;
  AlignedVector<float> strengths_;
  std::array<AlignedVector<Sum>, kMaxResults> sums_;  // by result
};

/// A surface as sources with the densities `density`, (vectors, surface points).
template <class Real, class Surface>
SourceArrays<Real> surface_sources(const Surface& surface, const Real* density, int vectors = 1) {
  const Index n = surface.size();
  return {surface.x.data(), surface.y.data(), surface.z.data(), density, n, n, vectors};
}

/// Check potentials on a surface due to sources of any kind, in one or several vectors.
template <class Real>
class CheckSums {
 public:
  CheckSums(const Surface<Real>& surface, int vectors) : surface_(surface), vectors_(vectors) {
    if (vectors_ == 1) return;
    const auto end = static_cast<std::size_t>(padded(surface.size()));
    for (auto [from, to] :
         {std::pair(&surface.x, &x_), std::pair(&surface.y, &y_), std::pair(&surface.z, &z_)}) {
      to->assign(from->begin(), from->end());
      to->resize(end, from->back());
    }
    sums_.resize(end * static_cast<std::size_t>(vectors_));
  }

  /// Adds to potential[v * surface.size() + i] the potential of the sources, given in the frame of the
  /// surface.
  void add(const AnyKernel& kernel, const SourceArrays<Real>& sources, Real* potential) {
    const Index n = surface_.size(), end = padded(n);
    if (vectors_ == 1)
      return pair_potential(kernel,
                            TargetArrays<Real>{surface_.x.data(), surface_.y.data(), surface_.z.data(), n},
                            sources, potential);
    std::fill(sums_.begin(), sums_.end(), Real{0});
    tiles_.add(kernel, TileForm::any, {sources.kind, vectors_, 0},
               {{x_.data(), y_.data(), z_.data(), end, {}, nullptr}, {nullptr, 0}, {sums_.data(), end}},
               {{sources.x, sources.y, sources.z, sources.count, {}, nullptr},
                {sources.strengths, sources.strength_stride},
                {nullptr, 0}});
    for (Index v = 0; v < vectors_; ++v)
      for (Index i = 0; i < n; ++i) potential[v * n + i] += sums_[static_cast<std::size_t>(v * end + i)];
  }

 private:
  const Surface<Real>& surface_;
  int vectors_;
  AlignedVector<Real> x_, y_, z_, sums_;  // padded; only with several vectors
  TileSums<Real> tiles_;
};

}  // namespace octopole
