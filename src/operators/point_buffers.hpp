// A thread's copies of points, scaled to a node's frame and rounded to the working precision.
#pragma once

#include <algorithm>

#include "octopole/base/aligned.hpp"
#include "octopole/kernels/pair_loop.hpp"
#include "octopole/operators/views.hpp"

namespace octopole {

/// Sources are gathered and evaluated in pieces of at most this many: 4 arrays stay in the first-level cache.
inline constexpr Index kSourceChunk = 1024;

/// The frame in which points are what they are.
inline constexpr Box kAbsoluteFrame{0, 0, 0, 1};

/// scale^exponent for the small exponents of homogeneous kernels.
inline double integer_power(double scale, int exponent) {
  double result = 1;
  for (int i = 0; i < (exponent < 0 ? -exponent : exponent); ++i) result *= scale;
  return exponent < 0 ? 1 / result : result;
}

/// Up to kSourceChunk sources of one or several nodes.
template <class Real>
class SourceBuffer {
 public:
  SourceBuffer() : x_(kSourceChunk), y_(kSourceChunk), z_(kSourceChunk), charge_(kSourceChunk) {}

  /// Appends the sources of `node` in the frame of `frame`; whenever the buffer is full, flush() is called,
  /// which must evaluate and clear().
  template <class Flush>
  void append(const PointsByNode& points, NodeIndex node, const Real* charges, const Box& frame,
              const Flush& flush) {
    const double inverse = 1 / frame.half;
    for (Index i = points.begin[node]; i < points.end[node];) {
      const Index piece = std::min(points.end[node] - i, kSourceChunk - count_);
      for (Index k = 0; k < piece; ++k) {
        x_[count_ + k] = static_cast<Real>((points.x[i + k] - frame.x) * inverse);
        y_[count_ + k] = static_cast<Real>((points.y[i + k] - frame.y) * inverse);
        z_[count_ + k] = static_cast<Real>((points.z[i + k] - frame.z) * inverse);
        charge_[count_ + k] = charges[i + k];
      }
      i += piece;
      count_ += piece;
      if (count_ == kSourceChunk) flush();
    }
  }

  SourceArrays<Real> view() const { return {x_.data(), y_.data(), z_.data(), charge_.data(), count_}; }
  bool empty() const { return count_ == 0; }
  void clear() { count_ = 0; }

 private:
  AlignedVector<Real> x_, y_, z_, charge_;
  Index count_ = 0;
};

/// The targets of one leaf, with their results of one pair loop.
template <class Real>
class TargetBuffer {
 public:
  /// Copies the targets of `leaf` in the frame of `frame`.
  void load(const PointsByNode& points, NodeIndex leaf, const Box& frame) {
    first_ = points.begin[leaf];
    count_ = points.end[leaf] - first_;
    const auto size = static_cast<std::size_t>(count_);
    for (auto* v : {&x_, &y_, &z_, &potential_, &gx_, &gy_, &gz_})
      if (v->size() < size) v->resize(size);
    const double inverse = 1 / frame.half;
    for (Index i = 0; i < count_; ++i) {
      x_[i] = static_cast<Real>((points.x[first_ + i] - frame.x) * inverse);
      y_[i] = static_cast<Real>((points.y[first_ + i] - frame.y) * inverse);
      z_[i] = static_cast<Real>((points.z[first_ + i] - frame.z) * inverse);
    }
  }

  /// Adds the field of `sources`, given in the frame that load() was given with half side `half`, to `sums`.
  template <class K>
  void evaluate(const K& kernel, const SourceArrays<Real>& sources, double half, const TargetSums& sums) {
    const TargetArrays<Real> targets{x_.data(), y_.data(), z_.data(), count_};
    const double scale = K::constant * integer_power(half, K::homogeneity);
    std::fill_n(potential_.data(), count_, Real{0});
    if (!sums.gradient()) {
      pair_potential(kernel, targets, sources, potential_.data());
      add(potential_, scale, sums.potential);
      return;
    }
    for (auto* v : {&gx_, &gy_, &gz_}) std::fill_n(v->data(), count_, Real{0});
    pair_gradient(kernel, targets, sources, potential_.data(), gx_.data(), gy_.data(), gz_.data());
    add(potential_, scale, sums.potential);
    add(gx_, scale / half, sums.gx);
    add(gy_, scale / half, sums.gy);
    add(gz_, scale / half, sums.gz);
  }

 private:
  void add(const AlignedVector<Real>& values, double scale, double* sum) const {
    for (Index i = 0; i < count_; ++i) sum[first_ + i] += scale * static_cast<double>(values[i]);
  }

  Index first_ = 0, count_ = 0;
  AlignedVector<Real> x_, y_, z_, potential_, gx_, gy_, gz_;
};

/// A surface as sources with the densities `density`.
template <class Real, class Surface>
SourceArrays<Real> surface_sources(const Surface& surface, const Real* density) {
  return {surface.x.data(), surface.y.data(), surface.z.data(), density, surface.size()};
}

}  // namespace octopole
