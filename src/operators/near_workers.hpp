// Workers: how a thread processes parts of the near field's lists.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "operators/close_pairs.hpp"
#include "operators/near_field.hpp"
#include "operators/point_buffers.hpp"

namespace octopole {

/// With two floats per coordinate, differences are accurate to 2^-48 half sides: pairs closer than this
/// distance (in half sides) are summed in double.
inline constexpr float kTwoFloatsReach = 0x1p-20F;

inline CloseGuard guard_of_two_floats(const ClosePairs& pairs) {
  return {kTwoFloatsReach * kTwoFloatsReach, pairs};
}

/// Adds the field of all partners' sources to a leaf's targets, in the given frame.
template <class K, class Real, bool Split, class Charge>
void sum_row(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> partners, const Box& frame,
             const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
             const TargetSums& sums, SourceBuffer<Real, Split>& source_buffer,
             TargetBuffer<Real, Split>& target_buffer) {
  const Index first = targets.begin[leaf];
  if (first == targets.end[leaf] || partners.empty()) return;
  target_buffer.load(targets, leaf, frame);
  const SumsInDouble<K, Charge> in_double{kernel, targets, sources, charges, sums};
  const auto add_close = [&](Index target, Index source) {
    in_double.add(first + target, source_buffer.number(source), false);
  };
  const CloseGuard close = guard_of_two_floats(close_pairs(add_close));
  const auto flush = [&] {
    target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums, source_buffer.low(), close);
    source_buffer.clear();
  };
  source_buffer.append(sources, partners, charges, frame, flush);
  if (!source_buffer.empty()) flush();
}

/// One thread's buffers, and functions to process parts of the lists. In double, coordinates are absolute and
/// symmetric pairs are summed in place.
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
  /// Partners that are consecutive along the curve are loaded together, up to about this number of points.
  static constexpr Index kRun = 1024;
  SourceBuffer<float, true> sources;
  TargetBuffer<float, true> targets;
  MutualBuffer<double> one;  // sums in double, since they are over many pairs of leaves
  MutualBuffer<float> run;

  template <class K, class Charge>
  void alone(const K& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
             const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    alone(kernel, leaf, list.of(leaf), boxes, points, charges, sums);
  }
  template <class K, class Charge>
  void alone(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> partners, const Box* boxes,
             const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    sum_row(kernel, leaf, partners, boxes[leaf], points, points, charges, sums, sources, targets);
  }
  template <class K, class Charge>
  void mutual(const K& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
              const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    const Box& frame = boxes[leaf];
    const double scale = K::constant * integer_power(frame.half, K::homogeneity);
    const SumsInDouble<K, Charge> in_double{kernel, points, points, charges, sums};
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
      // Each partner's contribution is added in double separately, so that it does not depend on the other
      // leaves of the run.
      for (const NodeIndex other : others.subspan(begin, k - begin)) {
        const Index from = points.begin[other];
        const auto add_close = [&](Index a, Index b) { in_double.add(first + a, from + b, true); };
        pair_mutual_split(kernel, one.arrays(first, count, gradient), one.low(first), one.wide(gradient),
                          run.arrays(from, points.end[other] - from, gradient), run.low(from),
                          guard_of_two_floats(close_pairs(add_close)));
      }
      run.add_to(sums, scale, frame.half);
    }
    one.add_to(sums, scale, frame.half);
  }
};

/// Worker for points relative to their own leaf.
class LocalWorker {
 public:
  explicit LocalWorker(const LeafFramePoints& local) : local_(local) {}

  template <class K>
  void alone(const K& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
             const PointsByNode& points, const float* charges, const TargetSums& sums) {
    const std::span<const NodeIndex> partners = list.of(leaf);
    const auto self = std::find(partners.begin(), partners.end(), leaf);
    two_floats_.alone(kernel, leaf, {partners.begin(), self}, boxes, points, charges, sums);
    if (self == partners.end() || points.begin[leaf] == points.end[leaf]) return;
    two_floats_.alone(kernel, leaf, {self + 1, partners.end()}, boxes, points, charges, sums);
    const auto add_close = in_double(kernel, points, charges, sums);
    pair_self_local(kernel, arrays(charges), wide(sums), leaf_of<K>(points, leaf, boxes[leaf]), estimate(),
                    close_pairs(add_close));
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
    const auto add_close = in_double(kernel, points, charges, sums);
    pair_mutual_local(kernel, arrays(charges), wide(sums), leaf_of<K>(points, leaf, box), partners_.data(),
                      static_cast<Index>(partners_.size()), estimate(), close_pairs(add_close));
  }

 private:
  /// Returns a function object that sums both sides of a pair.
  template <class K>
  static auto in_double(const K& kernel, const PointsByNode& points, const float* charges,
                        const TargetSums& sums) {
    return [in_double = SumsInDouble<K, float>{kernel, points, points, charges, sums}](Index a, Index b) {
      in_double.add(a, b, true);
    };
  }

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

  LeafFramePoints local_;
  PairWorker<float> two_floats_;  // for one-sided sums over other leaves
  std::vector<LocalPartner> partners_;
};

}  // namespace octopole
