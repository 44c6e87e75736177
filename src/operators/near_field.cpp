#include "octopole/operators/near_field.hpp"

#include <type_traits>
#include <vector>

#include "octopole/base/threads.hpp"
#include "octopole/kernels/laplace.hpp"
#include "point_buffers.hpp"

namespace octopole {
namespace {

/// In single precision a half side is 4096 units long. Laplace gradients then stay finite down to 4e-17 half
/// sides, less than double coordinates tell apart (but for a leaf around the origin), and pairs below 2.7e-23
/// half sides count as coincident; far away, gradient factors are normal numbers up to 1e9 half sides.
constexpr double kSingleUnit = 1.0 / 4096;

/// Of each thread; the first one's calls the function now and then.
class Meanwhile {
 public:
  explicit Meanwhile(const std::function<void()>& function)
      : function_(thread_number() == 0 && function ? &function : nullptr) {}
  void after_leaf() {
    if (function_ == nullptr || ++leaves_ % kMeanwhileLeaves != 0) return;
    (*function_)();
  }

 private:
  const std::function<void()>* function_;
  int leaves_ = 0;
};

Box single_frame(const Box& box) {
  return {box.x, box.y, box.z, box.half * kSingleUnit};
}

/// Adds what all partners in a leaf's row do to its targets, in the frame given.
template <class K, class Real, bool Split, class Charge>
void sum_row(const K& kernel, NodeIndex leaf, const ListView& list, const Box& frame,
             const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
             const TargetSums& sums, SourceBuffer<Real, Split>& source_buffer,
             TargetBuffer<Real, Split>& target_buffer) {
  if (targets.begin[leaf] == targets.end[leaf] || list.of(leaf).empty()) return;
  target_buffer.load(targets, leaf, frame);
  const auto flush = [&] {
    target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums, source_buffer.low());
    source_buffer.clear();
  };
  source_buffer.append(sources, list.of(leaf), charges, frame, flush);
  if (!source_buffer.empty()) flush();
}

}  // namespace

template <class Real, Kernel K, class Charge>
void p2p(const K& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
         const TargetSums& sums, const std::function<void()>& meanwhile) {
#pragma omp parallel
  {
    Meanwhile between(meanwhile);
    // In double, differences of absolute coordinates are as exact as the coordinates; in single precision
    // coordinates are relative to the leaf and in two parts.
    constexpr bool split = std::is_same_v<Real, float>;
    SourceBuffer<Real, split> source_buffer;
    TargetBuffer<Real, split> target_buffer;
#pragma omp for schedule(dynamic, 8)
    for (std::size_t l = 0; l < leaves.size(); ++l) {
      Box frame = kAbsoluteFrame;
      if constexpr (split) {
        frame = single_frame(boxes[leaves[l]]);
      }
      sum_row(kernel, leaves[l], u, frame, targets, sources, charges, sums, source_buffer, target_buffer);
      between.after_leaf();
    }
  }
}

namespace {

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
    sum_row(kernel, leaf, list, kAbsoluteFrame, points, points, charges, sums, sources, targets);
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
    sum_row(kernel, leaf, list, single_frame(boxes[leaf]), points, points, charges, sums, sources, targets);
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
  /// Adds to the sums of `leaf` what mutual() of it and `other` would add, in the frame of the first of them.
  template <class K, class Charge>
  void one_side(const K& kernel, NodeIndex leaf, NodeIndex other, bool leaf_first, const Box* boxes,
                const PointsByNode& points, const Charge* charges, const TargetSums& sums) {
    const Box frame = single_frame(boxes[leaf_first ? leaf : other]);
    const bool gradient = sums.gradient();
    const NodeIndex a = leaf_first ? leaf : other, b = leaf_first ? other : leaf;
    const Index a_first = points.begin[a], a_count = points.end[a] - a_first, b_first = points.begin[b],
                b_count = points.end[b] - b_first;
    one.load(points, a_first, a_count, charges, frame, gradient);
    run.load(points, b_first, b_count, charges, frame, gradient);
    pair_mutual_split(kernel, one.arrays(a_first, a_count, gradient), one.low(a_first), one.wide(gradient),
                      run.arrays(b_first, b_count, gradient), run.low(b_first));
    if (leaf_first)
      one.add_to(sums, single_scale<K>(frame), frame.half);
    else
      run.add_to(sums, single_scale<K>(frame), frame.half);
  }
};

}  // namespace

template <class Real, Kernel K, class Charge>
void p2p_mutual(const K& kernel, const NearPairsView& pairs, const Box* boxes, const PointsByNode& points,
                const Charge* charges, const TargetSums& sums, const std::function<void()>& meanwhile) {
  Meanwhile between(meanwhile);  // of the calling thread
  const auto after_leaf = [&] {
    if (thread_number() == 0) between.after_leaf();
  };
  std::vector<PairWorker<Real>> workers(static_cast<std::size_t>(max_threads()));
  std::vector<char> ranges(pairs.ranges.size());  // what tasks depend on
  const auto work_off = [&](std::size_t task) {
    PairWorker<Real>& worker = workers[static_cast<std::size_t>(thread_number())];
    const auto [first, second] = pairs.tasks[task];
    if (first == second) {
      const auto range = static_cast<std::size_t>(first);
      for (Index l = pairs.ranges[range]; l < pairs.ranges[range + 1]; ++l) {
        worker.alone(kernel, pairs.leaves[static_cast<std::size_t>(l)], pairs.alone, boxes, points, charges,
                     sums);
        after_leaf();
      }
    }
    for (Index row = pairs.task_rows[task]; row < pairs.task_rows[task + 1]; ++row) {
      const auto r = static_cast<std::size_t>(row);
      worker.mutual(kernel, pairs.row_leaves[r],
                    {pairs.mutual.items + pairs.row_begins[r], pairs.mutual.items + pairs.row_ends[r]}, boxes,
                    points, charges, sums);
      after_leaf();
    }
  };
#pragma omp parallel
#pragma omp single
  for (std::size_t task = 0; task < pairs.tasks.size(); ++task) {
    [[maybe_unused]] char* const first = ranges.data() + pairs.tasks[task][0];
    [[maybe_unused]] char* const second = ranges.data() + pairs.tasks[task][1];
    if (first == second) {
#pragma omp task depend(inout : first[0]) firstprivate(task)
      work_off(task);
    } else {
#pragma omp task depend(inout : first[0]) depend(inout : second[0]) firstprivate(task)
      work_off(task);
    }
  }
}

template <Kernel K, class Charge>
void p2p_one_side(const K& kernel, std::span<const NodeIndex> leaves, const ListView& partners,
                  bool leaf_first, const Box* boxes, const PointsByNode& points, const Charge* charges,
                  const TargetSums& sums) {
#pragma omp parallel
  {
    PairWorker<float> worker;
#pragma omp for schedule(dynamic, 8)
    for (std::size_t l = 0; l < leaves.size(); ++l)
      for (const NodeIndex other : partners.of(leaves[l]))
        worker.one_side(kernel, leaves[l], other, leaf_first, boxes, points, charges, sums);
  }
}

#define OCTOPOLE_INSTANTIATE(K, Real, Charge)                                                         \
  template void p2p<Real>(const K&, std::span<const NodeIndex>, const ListView&, const Box*,          \
                          const PointsByNode&, const PointsByNode&, const Charge*, const TargetSums&, \
                          const std::function<void()>&);                                              \
  template void p2p_mutual<Real>(const K&, const NearPairsView&, const Box*, const PointsByNode&,     \
                                 const Charge*, const TargetSums&, const std::function<void()>&);
OCTOPOLE_INSTANTIATE(Laplace, double, double)
OCTOPOLE_INSTANTIATE(Laplace, float, double)
OCTOPOLE_INSTANTIATE(Laplace, float, float)
#undef OCTOPOLE_INSTANTIATE
template void p2p_one_side(const Laplace&, std::span<const NodeIndex>, const ListView&, bool, const Box*,
                           const PointsByNode&, const double*, const TargetSums&);
template void p2p_one_side(const Laplace&, std::span<const NodeIndex>, const ListView&, bool, const Box*,
                           const PointsByNode&, const float*, const TargetSums&);

}  // namespace octopole
