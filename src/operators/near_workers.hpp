// How a thread works off parts of the near field's lists.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "octopole/operators/near_field.hpp"
#include "point_buffers.hpp"

namespace octopole {

/// In single precision a half side is 4096 units long. Laplace gradients then stay finite down to 4e-17 half
/// sides, less than double coordinates tell apart (but for a leaf around the origin), and pairs below 2.7e-23
/// half sides count as coincident; far away, gradient factors are normal numbers up to 1e9 half sides.
constexpr double kSingleUnit = 1.0 / 4096;

inline Box single_frame(const Box& box) {
  return {box.x, box.y, box.z, box.half * kSingleUnit};
}

/// Adds what all partners do to a leaf's targets, in the frame given.
template <class K, class Real, bool Split, class Charge>
void sum_row(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> partners, const Box& frame,
             const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
             const TargetSums& sums, SourceBuffer<Real, Split>& source_buffer,
             TargetBuffer<Real, Split>& target_buffer) {
  if (targets.begin[leaf] == targets.end[leaf] || partners.empty()) return;
  target_buffer.load(targets, leaf, frame);
  const auto flush = [&] {
    target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums, source_buffer.low());
    source_buffer.clear();
  };
  source_buffer.append(sources, partners, charges, frame, flush);
  if (!source_buffer.empty()) flush();
}

template <class K>
double single_scale(const Box& frame) {
  return K::constant * integer_power(frame.half, K::homogeneity);
}

/// A thread's buffers, and how it works off parts of the lists. In double leaves act where they lie.
template <class Real>
struct PairWorker;

template <>
struct PairWorker<double> {
  SourceBuffer<double> sources;
  TargetBuffer<double> targets;

  template <class K>
  void alone(const K& kernel, NodeIndex leaf, const ListView& list, const Box*, const PointsByNode& points,
             const double* charges, const TargetSums& sums) {
    sum_row(kernel, leaf, list.of(leaf), kAbsoluteFrame, points, points, charges, sums, sources, targets);
  }
  template <class K>
  void mutual(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box*,
              const PointsByNode& points, const double* charges, const TargetSums& sums) {
    const auto arrays_of = [&](NodeIndex node) {
      const Index i = points.begin[node];
      const bool gradient = sums.gradient();
      return MutualArrays<double>{points.x + i,
                                  points.y + i,
                                  points.z + i,
                                  charges + i,
                                  points.end[node] - i,
                                  sums.potential + i,
                                  gradient ? sums.gx + i : nullptr,
                                  gradient ? sums.gy + i : nullptr,
                                  gradient ? sums.gz + i : nullptr};
    };
    for (const NodeIndex other : others) pair_mutual(kernel, arrays_of(leaf), arrays_of(other), K::constant);
  }
};

template <>
struct PairWorker<float> {
  /// Partners that follow one another are taken in one piece of about so many points.
  static constexpr Index kRun = 1024;
  SourceBuffer<float, true> sources;
  TargetBuffer<float, true> targets;
  MutualBuffer<double> one;  // whose sums are in double: they are of many pairs of leaves
  MutualBuffer<float> run;

  template <class K, class Charge>
  void alone(const K& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
             const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    alone(kernel, leaf, list.of(leaf), boxes, points, charges, sums);
  }
  template <class K, class Charge>
  void alone(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> partners, const Box* boxes,
             const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    sum_row(kernel, leaf, partners, single_frame(boxes[leaf]), points, points, charges, sums, sources,
            targets);
  }
  template <class K, class Charge>
  void mutual(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
              const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    const Box frame = single_frame(boxes[leaf]);
    const double scale = single_scale<K>(frame);
    const bool gradient = sums.gradient();
    const Index first = points.begin[leaf], count = points.end[leaf] - first;
    one.load(points, first, count, charges, frame, gradient);
    for (std::size_t k = 0; k < others.size();) {
      const std::size_t begin = k;
      const Index start = points.begin[others[k]];
      Index end = points.end[others[k]];
      for (++k; k < others.size() && points.begin[others[k]] == end && end - start < kRun; ++k)
        end = points.end[others[k]];
      run.load(points, start, end - start, charges, frame, gradient);
      // Each leaf's share is rounded to double by itself, so that it does not depend on the leaves beside it.
      for (const NodeIndex other : others.subspan(begin, k - begin)) {
        const Index from = points.begin[other];
        pair_mutual_split(kernel, one.arrays(first, count, gradient), one.low(first), one.wide(gradient),
                          run.arrays(from, points.end[other] - from, gradient), run.low(from));
      }
      run.add_to(sums, scale, frame.half);
    }
    one.add_to(sums, scale, frame.half);
  }
};

/// For points relative to their own leaf.
class LocalWorker {
 public:
  explicit LocalWorker(const LocalPoints& local) : local_(local) {}

  template <class K>
  void alone(const K& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
             const PointsByNode& points, const float* charges, const TargetSums& sums) {
    const std::span<const NodeIndex> partners = list.of(leaf);
    const auto self = std::find(partners.begin(), partners.end(), leaf);
    two_floats_.alone(kernel, leaf, {partners.begin(), self}, boxes, points, charges, sums);
    if (self == partners.end() || points.begin[leaf] == points.end[leaf]) return;
    two_floats_.alone(kernel, leaf, {self + 1, partners.end()}, boxes, points, charges, sums);
    load(points, leaf, charges, sums.gradient());
    const Index first = points.begin[leaf];
    Pair<K> pair{kernel, points, charges, first, first, sums};
    pair_self_local(kernel, own_sources(), own_sums(sums.gradient()), frame_of<K>(boxes[leaf], boxes[leaf]),
                    estimate(), ClosePairs{&Pair<K>::take, &pair});
    add_to(sums, first);
  }

  template <class K>
  void mutual(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
              const PointsByNode& points, const float* charges, const TargetSums& sums) {
    load(points, leaf, charges, sums.gradient());
    for (const NodeIndex other : others) {
      Pair<K> pair{kernel, points, charges, points.begin[leaf], points.begin[other], sums};
      act(pair, leaf, other, boxes, from(sums, points.begin[other]));
    }
    add_to(sums, points.begin[leaf]);
  }

 private:
  /// Two leaves that act on each other.
  template <class K>
  struct Pair {
    const K& kernel;
    const PointsByNode& points;
    const float* charges;
    Index a_first, b_first;
    const TargetSums& sums;

    /// A pair that the loop has left out: in double.
    static void take(void* to, Index i, Index j) {
      const Pair& pair = *static_cast<const Pair*>(to);
      const PointsByNode& p = pair.points;
      const Index a = pair.a_first + i, b = pair.b_first + j;
      const double dx = p.x[a] - p.x[b], dy = p.y[a] - p.y[b], dz = p.z[a] - p.z[b];
      const double r2 = dx * dx + dy * dy + dz * dz;
      if (r2 < std::numeric_limits<double>::min()) return;
      const double inverse_r = 1 / std::sqrt(r2), value = K::constant * pair.kernel.potential(r2, inverse_r);
      const double factor = K::constant * pair.kernel.gradient_factor(r2, inverse_r);
      const TargetSums& sums = pair.sums;
      const auto add = [&](Index target, double charge, double sign) {
        sums.potential[target] += value * charge;
        if (!sums.gradient()) return;
        sums.gx[target] += sign * factor * charge * dx;
        sums.gy[target] += sign * factor * charge * dy;
        sums.gz[target] += sign * factor * charge * dz;
      };
      add(a, static_cast<double>(pair.charges[b]), 1);
      add(b, static_cast<double>(pair.charges[a]), -1);
    }
  };

  static WideSums from(const TargetSums& sums, Index first) {
    return {sums.potential + first, sums.gradient() ? sums.gx + first : nullptr,
            sums.gradient() ? sums.gy + first : nullptr, sums.gradient() ? sums.gz + first : nullptr};
  }

  /// The first leaf of pairs, padded; its sums are zero.
  void load(const PointsByNode& points, NodeIndex leaf, const float* charges, bool gradient) {
    const Index first = points.begin[leaf], end = padded(points.end[leaf] - first);
    count_ = points.end[leaf] - first;
    const auto size = static_cast<std::size_t>(end);
    if (x_.size() < size) {
      for (auto* v : {&x_, &y_, &z_, &charge_}) v->resize(size);
      for (auto& v : sums_) v.resize(size);
    }
    const auto copy = [&](AlignedVector<float>& to, const float* source, bool repeat) {
      std::copy_n(source + first, count_, to.begin());
      std::fill(to.begin() + count_, to.begin() + end,
                repeat ? to[static_cast<std::size_t>(count_ - 1)] : 0.0F);
    };
    if (count_ == 0) return;
    copy(x_, local_.x, true);
    copy(y_, local_.y, true);
    copy(z_, local_.z, true);
    copy(charge_, charges, false);
    for (std::size_t k = 0; k < (gradient ? 4 : 1); ++k) std::fill_n(sums_[k].data(), end, 0.0);
  }

  /// How the first leaf lies to the second.
  template <class K>
  static LocalFrame frame_of(const Box& first, const Box& second) {
    const double unit = second.half, ratio = first.half / unit, reach = kLocalReach * std::max(1.0, ratio);
    const double scale = K::constant * integer_power(unit, K::homogeneity);
    const auto place = [unit](double from, double to) { return static_cast<float>((from - to) / unit); };
    return {static_cast<float>(ratio),
            place(first.x, second.x),
            place(first.y, second.y),
            place(first.z, second.z),
            static_cast<float>(reach * reach),
            scale,
            scale / unit};
  }

  SourceArrays<float> own_sources() const {
    return {x_.data(), y_.data(), z_.data(), charge_.data(), count_};
  }
  WideSums own_sums(bool gradient) {
    return {sums_[0].data(), gradient ? sums_[1].data() : nullptr, gradient ? sums_[2].data() : nullptr,
            gradient ? sums_[3].data() : nullptr};
  }
  bool estimate() const { return local_.form == NearForm::estimate; }

  template <class K>
  void act(Pair<K>& pair, NodeIndex a, NodeIndex b, const Box* boxes, const WideSums& to_b) {
    const Index i = pair.b_first;
    pair_mutual_local(pair.kernel, own_sources(), own_sums(pair.sums.gradient()),
                      SourceArrays<float>{local_.x + i, local_.y + i, local_.z + i, pair.charges + i,
                                          pair.points.end[b] - i},
                      to_b, frame_of<K>(boxes[a], boxes[b]), estimate(), ClosePairs{&Pair<K>::take, &pair});
  }

  void add_to(const TargetSums& sums, Index first) const {
    double* const to[] = {sums.potential, sums.gx, sums.gy, sums.gz};
    for (std::size_t k = 0; k < (sums.gradient() ? 4 : 1); ++k)
      for (Index i = 0; i < count_; ++i) to[k][first + i] += sums_[k][static_cast<std::size_t>(i)];
  }

  LocalPoints local_;
  PairWorker<float> two_floats_;  // for one side of other leaves
  Index count_ = 0;
  AlignedVector<float> x_, y_, z_, charge_;
  std::array<AlignedVector<double>, 4> sums_;
};

}  // namespace octopole
