// How a thread works off parts of the near field's lists.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

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
    Pair<K> pair{kernel, points, charges, sums};
    pair_self_local(kernel, arrays(charges), wide(sums), leaf_of<K>(points, leaf, boxes[leaf]), estimate(),
                    ClosePairs{&Pair<K>::take, &pair});
  }

  template <class K>
  void mutual(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
              const PointsByNode& points, const float* charges, const TargetSums& sums) {
    const Box& box = boxes[leaf];
    const double inverse = 1 / box.half;
    partners_.clear();
    for (const NodeIndex other : others) {
      const Box& its = boxes[other];
      const auto place = [&](double from, double to) { return static_cast<float>((from - to) * inverse); };
      const double ratio = its.half * inverse;
      partners_.push_back({points.begin[other], points.end[other] - points.begin[other],
                           static_cast<float>(ratio), place(its.x, box.x), place(its.y, box.y),
                           place(its.z, box.z)});
    }
    Pair<K> pair{kernel, points, charges, sums};
    pair_mutual_local(kernel, arrays(charges), wide(sums), leaf_of<K>(points, leaf, box), partners_.data(),
                      static_cast<Index>(partners_.size()), estimate(), ClosePairs{&Pair<K>::take, &pair});
  }

 private:
  /// What is needed to sum a pair that the loop has left out: in double.
  template <class K>
  struct Pair {
    const K& kernel;
    const PointsByNode& points;
    const float* charges;
    const TargetSums& sums;

    static void take(void* to, Index a, Index b) {
      const Pair& pair = *static_cast<const Pair*>(to);
      const PointsByNode& p = pair.points;
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

  LocalArrays arrays(const float* charges) const {
    return {local_.x, local_.y, local_.z, charges, local_.count};
  }
  static WideSums wide(const TargetSums& sums) {
    return {sums.potential, sums.gradient() ? sums.gx : nullptr, sums.gradient() ? sums.gy : nullptr,
            sums.gradient() ? sums.gz : nullptr};
  }
  bool estimate() const { return local_.form == NearForm::estimate; }

  template <class K>
  LocalLeaf leaf_of(const PointsByNode& points, NodeIndex leaf, const Box& box) const {
    const double scale = K::constant * integer_power(box.half, K::homogeneity);
    return {points.begin[leaf], points.end[leaf] - points.begin[leaf],
            static_cast<float>(local_.reach * local_.reach), scale, scale / box.half};
  }

  LocalPoints local_;
  PairWorker<float> two_floats_;  // for one side of other leaves
  std::vector<LocalPartner> partners_;
};

}  // namespace octopole
