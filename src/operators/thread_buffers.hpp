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

/// Copies the strengths of `count` points from `first` on, part p of vector v to to + (p * vectors + v) *
/// stride; dipoles are multiplied by `dipole_factor`.
template <class Real, class Charge>
void copy_strengths(const StrengthVectors<Charge>& strengths, Index first, Index count, double dipole_factor,
                    Real* to, Index stride) {
  const SourceParts parts(strengths.kind);
  for (int part = 0; part < parts.count(); ++part)
    for (int v = 0; v < strengths.vectors; ++v, to += stride) {
      const Charge* const from = strengths.of(part, v) + first;
      if (parts.first + part == 0)
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
  explicit SourceBuffer(int vectors = 1, SourceKind kind = SourceKind::charges)
      : vectors_(vectors),
        kind_(kind),
        strengths_(static_cast<std::size_t>(SourceParts(kind).count() * vectors * kSourceChunk)) {
    points_.reserve(kSourceChunk);
  }

  /// Appends the sources of `nodes` in the frame of `frame`; whenever the buffer is full, flush() is called,
  /// which must evaluate and clear(). Nodes that are consecutive along the curve are copied together.
  template <class Charge, class Flush>
  void append(const PointsByNode& points, std::span<const NodeIndex> nodes,
              const StrengthVectors<Charge>& strengths, const Box& frame, const Flush& flush) {
    for (std::size_t k = 0; k < nodes.size();) {
      Index i = points.begin[nodes[k]], end = points.end[nodes[k]];
      for (++k; k < nodes.size() && points.begin[nodes[k]] == end; ++k) end = points.end[nodes[k]];
      while (i < end) {
        const Index piece = std::min(end - i, kSourceChunk - count_);
        if constexpr (Split) segments_.add(i, count_, piece);
        points_.copy(points, i, piece, frame, count_);
        copy_strengths(strengths, i, piece, -1 / frame.half, strengths_.data() + count_, kSourceChunk);
        i += piece;
        count_ += piece;
        if (count_ == kSourceChunk) flush();
      }
    }
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
  int vectors_;
  SourceKind kind_;
  ScaledPoints<Real, Split> points_;
  AlignedVector<Real> strengths_;
  Index count_ = 0;
  Segments segments_;
};

/// The units of sums in a frame with half side `half`, by order of derivatives.
inline std::array<double, 3> units_of(double scale, double half) {
  return {scale, scale / half, scale / half / half};
}

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
    const AnyKernel scaled = kernel.in_units_of(half);
    const double scale = kernel.constant() * integer_power(half, kernel.homogeneity());
    const bool charges = sources.single_charges();
    // By loops of their own if there are no low parts: Hessians of charges, and potentials of dipoles.
    const bool has_loop = !Split && sources.vectors == 1 && (charges || sums.order() == 0);
    if (!has_loop && (!charges || sums.order() > 1)) {
      evaluate_tiles(scaled, sources, low, close, sums.order());
      add_tiles(sums, units_of(scale, half));
      return;
    }
    if (sums.order() > 1) {
      const Index end = padded(count_);
      tile_sums_.assign(static_cast<std::size_t>(10 * end), Real{0});
      std::array<Real*, 10> parts;
      for (std::size_t part = 0; part < parts.size(); ++part)
        parts[part] = tile_sums_.data() + static_cast<Index>(part) * end;
      pair_hessian(scaled, targets_, sources, parts.data());
      add_tiles(sums, units_of(scale, half));
      return;
    }
    std::fill_n(potential_.data(), count_, Real{0});
    if (!sums.gradient()) {
      if constexpr (Split)
        pair_potential_split(scaled, targets_, points_.low(), sources, low, close, potential_.data());
      else
        pair_potential(scaled, targets_, sources, potential_.data());
      add(potential_, scale, sums.potential);
      return;
    }
    for (auto* v : {&gx_, &gy_, &gz_}) std::fill_n(v->data(), count_, Real{0});
    if constexpr (Split)
      pair_gradient_split(scaled, targets_, points_.low(), sources, low, close, potential_.data(), gx_.data(),
                          gy_.data(), gz_.data());
    else
      pair_gradient(scaled, targets_, sources, potential_.data(), gx_.data(), gy_.data(), gz_.data());
    add(potential_, scale, sums.potential);
    add(gx_, scale / half, sums.gx);
    add(gy_, scale / half, sums.gy);
    add(gz_, scale / half, sums.gz);
  }

 private:
  void begin(const PointsByNode& points, NodeIndex leaf) {
    first_ = points.begin[leaf];
    count_ = points.end[leaf] - first_;
    const auto size = static_cast<std::size_t>(count_);
    for (auto* v : {&potential_, &gx_, &gy_, &gz_})
      if (v->size() < size) v->resize(size);
  }
  void add(const AlignedVector<Real>& values, double scale, double* sum) const {
    add(values.data(), scale, sum);
  }
  void add(const Real* values, double scale, double* sum) const {
    for (Index i = 0; i < count_; ++i) sum[first_ + i] += scale * static_cast<double>(values[i]);
  }

  /// Sets tile_sums_ to the sums of all vectors, with derivatives up to `order`.
  void evaluate_tiles(const AnyKernel& scaled, const SourceArrays<Real>& sources, const LowParts<Real>& low,
                      const CloseGuard& close, int order) {
    const Index end = padded(count_);
    if (count_ == 0) return;
    points_.pad(count_, end);
    if constexpr (Split) least_.assign(static_cast<std::size_t>(end), close.least);
    tile_sums_.assign(
        static_cast<std::size_t>(kPartsUpTo[static_cast<std::size_t>(order)] * sources.vectors * end),
        Real{0});
    const TileSide<Real> a{{points_.x(), points_.y(), points_.z(), end, points_.low(), least_.data()},
                           {nullptr, 0},
                           {tile_sums_.data(), end}};
    const TileSide<Real> b{{sources.x, sources.y, sources.z, sources.count, low, nullptr},
                           {sources.charge, sources.charge_stride},
                           {nullptr, 0}};
    const auto report = [&](Index target, Index source) {
      if (target < count_) close.pairs.take(close.pairs.to, target, source);  // otherwise padding
    };
    tiles_.add(scaled, Split ? TileForm::two_floats : TileForm::any, {sources.kind, sources.vectors, order},
               a, b, close_pairs(report));
  }
  void add_tiles(const TargetSums& sums, const std::array<double, 3>& units) const {
    const Index end = padded(count_);
    const Real* values = tile_sums_.data();
    for (int part = 0; part < kPartsUpTo[static_cast<std::size_t>(sums.order())]; ++part)
      for (int v = 0; v < sums.vectors; ++v, values += end)
        add(values, units[static_cast<std::size_t>(order_of_part(part))], sums.part(part, v));
  }

  Index first_ = 0, count_ = 0;
  ScaledPoints<Real, Split> points_;
  TargetArrays<Real> targets_{};
  AlignedVector<Real> potential_, gx_, gy_, gz_;
  TileSums<Real> tiles_;           // these only for what is not single charges' potential and gradient
  AlignedVector<Real> tile_sums_;  // (parts, vectors, padded points)
  AlignedVector<Real> least_;
};

/// Points that are both sources and targets, as two floats per coordinate, padded, with strengths in one
/// vector. Their sums are of type Sum, float or double.
template <class Sum>
class SymmetricBuffer {
 public:
  explicit SymmetricBuffer(SourceKind kind) : kind_(kind) {}

  /// Copies points first .. first + count - 1 (at least one) in the frame of `frame`; sets the sums, with
  /// derivatives up to `order`, to zero.
  template <class Charge>
  void load(const PointsByNode& points, Index first, Index count, const StrengthVectors<Charge>& strengths,
            const Box& frame, int order) {
    first_ = first;
    count_ = count;
    const Index end = padded(count);
    const auto size = static_cast<std::size_t>(end + kPaddedPoints);
    points_.reserve(size);
    if (capacity_ < end + kPaddedPoints) {
      capacity_ = end + kPaddedPoints;
      strengths_.resize(size * static_cast<std::size_t>(SourceParts(kind_).count()));
      for (auto& part : sums_) part.clear();
    }
    points_.copy(points, first, count, frame, 0);
    points_.pad(count, end);
    copy_strengths(strengths, first, count, 1 / frame.half, strengths_.data(), capacity_);
    for (int s = 0; s < SourceParts(kind_).count(); ++s)
      std::fill_n(strengths_.data() + s * capacity_ + count, end - count, 0.0F);
    for (int part = 0; part < kPartsUpTo[static_cast<std::size_t>(order)]; ++part) {
      AlignedVector<Sum>& sums = sums_[static_cast<std::size_t>(part)];
      sums.resize(static_cast<std::size_t>(capacity_));
      std::fill_n(sums.data(), end, Sum{0});
    }
  }
  /// The arrays of points first .. first + count - 1 among all points, with their sums if Sum is float.
  SymmetricArrays<float> arrays(Index first, Index count, [[maybe_unused]] int order) {
    const Index i = first - first_;
    SymmetricArrays<float> arrays{points_.x() + i, points_.y() + i,
                                  points_.z() + i, strengths_.data() + i,
                                  count,           nullptr,
                                  nullptr,         nullptr,
                                  nullptr,         {},
                                  capacity_,       kind_};
    if constexpr (std::is_same_v<Sum, float>) set_results(arrays, order, i);
    return arrays;
  }
  DoubleSums double_sums(int order) {
    DoubleSums sums{};
    set_results(sums, order, 0);
    return sums;
  }
  LowParts<float> low(Index first) const {
    const Index i = first - first_;
    const LowParts<float> all = points_.low();
    return {all.x + i, all.y + i, all.z + i};
  }
  /// Adds the points' sums, in these units by order of derivatives, to `sums`.
  void add_to(const TargetSums& sums, const std::array<double, 3>& units) const {
    for (int part = 0; part < kPartsUpTo[static_cast<std::size_t>(sums.order())]; ++part) {
      const double unit = units[static_cast<std::size_t>(order_of_part(part))];
      const Sum* const from = sums_[static_cast<std::size_t>(part)].data();
      double* const to = sums.part(part, 0) + first_;
      for (Index i = 0; i < count_; ++i) to[i] += unit * static_cast<double>(from[i]);
    }
  }

 private:
  /// Sets the pointers to results, from point i on.
  template <class Results>
  void set_results(Results& results, int order, Index i) {
    const auto part = [this, i](std::size_t p) { return sums_[p].data() + i; };
    results.potential = part(0);
    if (order >= 1) results.gx = part(1), results.gy = part(2), results.gz = part(3);
    for (std::size_t c = 0; order >= 2 && c < 6; ++c) results.hessian[c] = part(4 + c);
  }

  SourceKind kind_;
  Index first_ = 0, count_ = 0, capacity_ = 0;
  ScaledPoints<float, true> points_;
  AlignedVector<float> strengths_;
  std::array<AlignedVector<Sum>, 10> sums_;  // by part
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
                {sources.charge, sources.charge_stride},
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
