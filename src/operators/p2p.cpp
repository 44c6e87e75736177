#include "operators/p2p.hpp"

#include <algorithm>
#include <array>
#include <type_traits>
#include <vector>

#include "base/threads.hpp"
#include "kernels/pair_loop.hpp"
#include "operators/p2p_sums.hpp"
#include "operators/p2p_tiles.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {
namespace {

/// How a thread processes parts of the near field's lists: its buffers, and functions. In double, coordinates
/// are absolute and symmetric pairs are summed in place.
template <class Real>
struct PairWorker;

template <>
struct PairWorker<double> {
  explicit PairWorker(const StrengthLayout& layout) : sources(1, layout) {}
  SourceBuffer<double> sources;
  TargetBuffer<double> targets;

  void one_sided(const AnyKernel& kernel, NodeIndex leaf, const ListView& list, const Box*,
                 const PointsByNode& points, const StrengthVectors<double>& charges, const TargetSums& sums) {
    sum_row(kernel, leaf, list.of(leaf), kAbsoluteFrame, points, points, charges, sums, sources, targets);
  }
  void symmetric(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box*,
                 const PointsByNode& points, const StrengthVectors<double>& charges, const TargetSums& sums) {
    const auto arrays_of = [&](NodeIndex node) {
      const Index i = points.begin[node];
      return SymmetricArrays<double>{points.x + i,         points.y + i,  points.z + i,   charges.data + i,
                                     points.end[node] - i, sums.of(0, i), charges.stride, charges.kind};
    };
    for (const NodeIndex other : others)
      pair_symmetric(kernel, arrays_of(leaf), arrays_of(other), kernel.constant());
  }
};

template <>
struct PairWorker<float> {
  /// Partners that are consecutive along the curve are loaded together, up to about this number of points.
  static constexpr Index kRun = 1024;
  explicit PairWorker(const StrengthLayout& layout) : sources(1, layout), one(layout), run(layout) {}
  SourceBuffer<float, true> sources;
  TargetBuffer<float, true> targets;
  SymmetricBuffer<double> one;  // sums in double, since they are over many pairs of leaves
  SymmetricBuffer<float> run;

  template <class Charge>
  void one_sided(const AnyKernel& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
                 const PointsByNode& points, const StrengthVectors<Charge>& charges, const TargetSums& sums) {
    one_sided(kernel, leaf, list.of(leaf), boxes, points, charges, sums);
  }
  template <class Charge>
  void one_sided(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> partners,
                 const Box* boxes, const PointsByNode& points, const StrengthVectors<Charge>& charges,
                 const TargetSums& sums) {
    sum_row(kernel, leaf, partners, boxes[leaf], points, points, charges, sums, sources, targets);
  }
  template <class Charge>
  void symmetric(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
                 const PointsByNode& points, const StrengthVectors<Charge>& charges, const TargetSums& sums) {
    const Box& frame = boxes[leaf];
    const AnyKernel scaled = kernel.in_units_of(frame.half);
    const std::array<double, 3> units = units_of(kernel, frame.half);
    const SumsInDouble<Charge> in_double{kernel, points, points, charges, sums};
    const Index first = points.begin[leaf], count = points.end[leaf] - first;
    one.load(points, first, count, charges, frame, sums.layout());
    for (std::size_t k = 0; k < others.size();) {
      const std::size_t begin = k;
      const Index start = points.begin[others[k]];
      Index end = points.end[others[k]];
      for (++k; k < others.size() && points.begin[others[k]] == end && end - start < kRun; ++k)
        end = points.end[others[k]];
      run.load(points, start, end - start, charges, frame, sums.layout());
      // Each partner's contribution is added in double separately, so that it does not depend on the other
      // leaves of the run.
      for (const NodeIndex other : others.subspan(begin, k - begin)) {
        const Index from = points.begin[other];
        const auto add_close = [&](Index a, Index b) { in_double.add(first + a, from + b, true); };
        pair_symmetric_split(scaled, one.arrays(first, count), one.low(first), one.results(),
                             run.arrays(from, points.end[other] - from), run.low(from),
                             guard_of_two_floats(close_pairs(add_close)));
      }
      run.add_to(sums, units);
    }
    one.add_to(sums, units);
  }
};

/// Worker for points relative to their own leaf.
class LeafFrameWorker {
 public:
  LeafFrameWorker(const LeafFramePoints& leaf_frame, const StrengthLayout& layout)
      : leaf_frame_(leaf_frame), two_floats_(layout) {}

  void one_sided(const AnyKernel& kernel, NodeIndex leaf, const ListView& list, const Box* boxes,
                 const PointsByNode& points, const StrengthVectors<float>& charges, const TargetSums& sums) {
    const std::span<const NodeIndex> partners = list.of(leaf);
    const auto self = std::find(partners.begin(), partners.end(), leaf);
    two_floats_.one_sided(kernel, leaf, {partners.begin(), self}, boxes, points, charges, sums);
    if (self == partners.end() || points.begin[leaf] == points.end[leaf]) return;
    two_floats_.one_sided(kernel, leaf, {self + 1, partners.end()}, boxes, points, charges, sums);
    const BothSides add_close = in_double(kernel, points, charges, sums);
    pair_self_leaf_frame(kernel.in_units_of(boxes[leaf].half), arrays(charges), sums.of(0),
                         leaf_of(kernel, points, leaf, boxes[leaf]), estimate(), close_pairs(add_close));
  }

  void symmetric(const AnyKernel& kernel, NodeIndex leaf, std::span<const NodeIndex> others, const Box* boxes,
                 const PointsByNode& points, const StrengthVectors<float>& charges, const TargetSums& sums) {
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
    const BothSides add_close = in_double(kernel, points, charges, sums);
    pair_symmetric_leaf_frame(kernel.in_units_of(box.half), arrays(charges), sums.of(0),
                              leaf_of(kernel, points, leaf, box), partners_.data(),
                              static_cast<Index>(partners_.size()), estimate(), close_pairs(add_close));
  }

 private:
  /// A function object that sums both sides of a pair.
  struct BothSides {
    SumsInDouble<float> in_double;
    void operator()(Index a, Index b) const { in_double.add(a, b, true); }
  };
  static BothSides in_double(const AnyKernel& kernel, const PointsByNode& points,
                             const StrengthVectors<float>& charges, const TargetSums& sums) {
    return {{kernel, points, points, charges, sums}};
  }

  LeafFrameArrays arrays(const StrengthVectors<float>& charges) const {
    return {leaf_frame_.x,     leaf_frame_.y,  leaf_frame_.z,   charges.data,
            leaf_frame_.count, charges.stride, charges.vectors, charges.kind};
  }
  bool estimate() const { return leaf_frame_.form == NearForm::estimate; }

  LeafFrame leaf_of(const AnyKernel& kernel, const PointsByNode& points, NodeIndex leaf,
                    const Box& box) const {
    const std::array<double, 3> units = units_of(kernel, box.half);
    return {points.begin[leaf], points.end[leaf] - points.begin[leaf],
            static_cast<float>(leaf_frame_.min_separation * leaf_frame_.min_separation), units[0], units[1]};
  }

  LeafFramePoints leaf_frame_;
  PairWorker<float> two_floats_;  // for one-sided sums over other leaves
  std::vector<LeafFramePartner> partners_;
};

/// One per thread; that of thread 0 calls the function after every kLeavesPerPoll leaves.
class ProgressPoller {
 public:
  explicit ProgressPoller(const std::function<void()>& function)
      : function_(thread_number() == 0 && function ? &function : nullptr) {}
  void after_leaf() {
    if (function_ == nullptr || ++leaves_ % kLeavesPerPoll != 0) return;
    (*function_)();
  }

 private:
  const std::function<void()>* function_;
  int leaves_ = 0;
};

/// Calls work(worker) with the kind of worker for the form of the points, the strengths and the results.
template <class Real, class Charge, class Work>
void with_worker(const LeafFramePoints& leaf_frame, const StrengthVectors<Charge>& strengths, int order,
                 const Work& work) {
  // Derivatives of the field of dipoles, and several vectors, are summed by tiles.
  if (strengths.vectors > 1 || (order > 0 && strengths.kind != SourceKind::charges))
    return work(TileWorker<Real>(leaf_frame, {strengths.kind, strengths.vectors, order}));
  if constexpr (std::is_same_v<Real, float> && std::is_same_v<Charge, float>)
    if (leaf_frame.form != NearForm::two_floats) return work(LeafFrameWorker(leaf_frame, strengths.layout()));
  work(PairWorker<Real>(strengths.layout()));
}

}  // namespace

template <class Real, class Charge>
void p2p(const AnyKernel& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const StrengthVectors<Charge>& charges,
         const TargetSums& sums, const std::function<void()>& poll) {
  // In double, differences of absolute coordinates are as exact as the coordinates; in single precision
  // coordinates are relative to the leaf and split in two floats.
  constexpr bool split = std::is_same_v<Real, float>;
  struct State {
    ProgressPoller poller;
    SourceBuffer<Real, split> sources;
    TargetBuffer<Real, split> targets;
  };
  const auto make = [&] {
    return State{ProgressPoller(poll), SourceBuffer<Real, split>(charges.vectors, charges.layout()), {}};
  };
  parallel_for(static_cast<Index>(leaves.size()), 8, make, [&](State& state, Index l) {
    const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
    sum_row(kernel, leaf, u.of(leaf), split ? boxes[leaf] : kAbsoluteFrame, targets, sources, charges, sums,
            state.sources, state.targets);
    state.poller.after_leaf();
  });
}

namespace {

/// Creates the task work(number), which runs after every earlier one that shares one of its ranges; `in_use`
/// has an element per range, and `work` has to outlive the tasks. A function of its own, because
/// tests/long/threads.txt names it. Without OpenMP the tasks run at once and in order.
template <class Work>
void create_near_task(const Work& work, std::size_t number, std::span<const std::int32_t> ranges,
                      [[maybe_unused]] const char* in_use) {
  const Work* const call = &work;  // firstprivate in the task, as `number` is
  [[maybe_unused]] const std::int32_t* const met = ranges.data();
  [[maybe_unused]] const std::size_t count = ranges.size();
#pragma omp task depend(iterator(std::size_t k = 0 : count), inout : in_use[met[k]])
  (*call)(number);
}

template <class Worker, class Charge>
void work_off_tasks(const AnyKernel& kernel, const Worker& idle, const NearPairsView& pairs, const Box* boxes,
                    const PointsByNode& points, const StrengthVectors<Charge>& charges,
                    const TargetSums& sums, const std::function<void()>& poll) {
  ProgressPoller poller(poll);  // for the calling thread
  const auto after_leaf = [&] {
    if (thread_number() == 0) poller.after_leaf();
  };
  std::vector<Worker> workers(static_cast<std::size_t>(max_threads()), idle);
  std::vector<char> in_use(pairs.ranges.size());  // by range: addresses for task dependences
  const auto work_off = [&](std::size_t task) {
    Worker& worker = workers[static_cast<std::size_t>(thread_number())];
    const std::span ranges = pairs.ranges_of(task);
    if (ranges.size() == 1) {
      const auto range = static_cast<std::size_t>(ranges[0]);
      for (Index l = pairs.ranges[range]; l < pairs.ranges[range + 1]; ++l) {
        worker.one_sided(kernel, pairs.leaves[static_cast<std::size_t>(l)], pairs.one_sided, boxes, points,
                         charges, sums);
        after_leaf();
      }
    }
    for (Index row = pairs.task_rows[task]; row < pairs.task_rows[task + 1]; ++row) {
      const NodeIndex leaf = pairs.row_leaves[static_cast<std::size_t>(row)];
      worker.symmetric(kernel, leaf, pairs.symmetric.of(leaf), boxes, points, charges, sums);
      after_leaf();
    }
  };
  ThreadErrors errors;
  const auto work_off_and_keep_errors = [&](std::size_t task) { errors.keep([&] { work_off(task); }); };
#pragma omp parallel
#pragma omp single
  for (std::size_t task = 0; task < pairs.task_count(); ++task)
    create_near_task(work_off_and_keep_errors, task, pairs.ranges_of(task), in_use.data());
  errors.rethrow();
}

}  // namespace

void to_leaf_frames(std::span<const NodeIndex> leaves, const Box* boxes, const PointsByNode& points, float* x,
                    float* y, float* z) {
#pragma omp parallel for schedule(static)
  for (const NodeIndex leaf : leaves) {
    const Box& box = boxes[leaf];
    const double inverse = 1 / box.half;
    for (Index i = points.begin[leaf]; i < points.end[leaf]; ++i) {
      x[i] = static_cast<float>((points.x[i] - box.x) * inverse);
      y[i] = static_cast<float>((points.y[i] - box.y) * inverse);
      z[i] = static_cast<float>((points.z[i] - box.z) * inverse);
    }
  }
}

template <class Real, class Charge>
void p2p_symmetric(const AnyKernel& kernel, const NearPairsView& pairs, const Box* boxes,
                   const PointsByNode& points, const StrengthVectors<Charge>& charges, const TargetSums& sums,
                   const std::function<void()>& poll, const LeafFramePoints& leaf_frame) {
  const auto sum = [&](const StrengthVectors<Charge>& q, const TargetSums& to) {
    with_worker<Real, Charge>(leaf_frame, q, to.order(), [&](const auto& worker) {
      work_off_tasks(kernel, worker, pairs, boxes, points, q, to, poll);
    });
  };
  const bool together =
      sums.order() != 1 || charges.vectors >= kFewestGradientVectors || charges.components > 1;
  if (together || charges.kind != SourceKind::charges) return sum(charges, sums);
  for (int v = 0; v < charges.vectors; ++v) sum(charges.of(0, v), {sums.of(v), 0, 1});
}

#define OCTOPOLE_INSTANTIATE(Real, Charge)                                                                   \
  template void p2p<Real>(const AnyKernel&, std::span<const NodeIndex>, const ListView&, const Box*,         \
                          const PointsByNode&, const PointsByNode&, const StrengthVectors<Charge>&,          \
                          const TargetSums&, const std::function<void()>&);                                  \
  template void p2p_symmetric<Real>(const AnyKernel&, const NearPairsView&, const Box*, const PointsByNode&, \
                                    const StrengthVectors<Charge>&, const TargetSums&,                       \
                                    const std::function<void()>&, const LeafFramePoints&);
OCTOPOLE_INSTANTIATE(double, double)
OCTOPOLE_INSTANTIATE(float, double)
OCTOPOLE_INSTANTIATE(float, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
