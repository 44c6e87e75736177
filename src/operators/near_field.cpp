#include "operators/near_field.hpp"

#include <type_traits>
#include <vector>

#include "base/threads.hpp"
#include "octopole/kernels.hpp"
#include "operators/near_workers.hpp"

namespace octopole {
namespace {

/// One per thread; that of thread 0 calls the function after every kMeanwhileLeaves leaves.
class ProgressPoller {
 public:
  explicit ProgressPoller(const std::function<void()>& function)
      : function_(thread_number() == 0 && function ? &function : nullptr) {}
  void after_leaf() {
    if (function_ == nullptr || ++leaves_ % kMeanwhileLeaves != 0) return;
    (*function_)();
  }

 private:
  const std::function<void()>* function_;
  int leaves_ = 0;
};

/// Calls work(worker) with the kind of worker for the form of the points.
template <class Real, class Charge, class Work>
void with_worker(const LeafFramePoints& local, const Work& work) {
  if constexpr (std::is_same_v<Real, float> && std::is_same_v<Charge, float>)
    if (local.form != NearForm::two_floats) return work(LocalWorker(local));
  work(PairWorker<Real>());
}

}  // namespace

template <class Real, Kernel K, class Charge>
void p2p(const K& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
         const TargetSums& sums, const std::function<void()>& meanwhile) {
  // In double, differences of absolute coordinates are as exact as the coordinates; in single precision
  // coordinates are relative to the leaf and split in two floats.
  constexpr bool split = std::is_same_v<Real, float>;
  struct State {
    ProgressPoller between;
    SourceBuffer<Real, split> sources;
    TargetBuffer<Real, split> targets;
  };
  const auto make = [&] { return State{ProgressPoller(meanwhile), {}, {}}; };
  parallel_for(static_cast<Index>(leaves.size()), 8, make, [&](State& state, Index l) {
    const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
    sum_row(kernel, leaf, u.of(leaf), split ? boxes[leaf] : kAbsoluteFrame, targets, sources, charges, sums,
            state.sources, state.targets);
    state.between.after_leaf();
  });
}

namespace {

template <class K, class Worker, class Charge>
void work_off_tasks(const K& kernel, const Worker& idle, const NearPairsView& pairs, const Box* boxes,
                    const PointsByNode& points, const Charge* charges, const TargetSums& sums,
                    const std::function<void()>& meanwhile) {
  ProgressPoller between(meanwhile);  // for the calling thread
  const auto after_leaf = [&] {
    if (thread_number() == 0) between.after_leaf();
  };
  std::vector<Worker> workers(static_cast<std::size_t>(max_threads()), idle);
  std::vector<char> in_use(pairs.ranges.size());  // by range: addresses for task dependences
  const auto work_off = [&](std::size_t task) {
    Worker& worker = workers[static_cast<std::size_t>(thread_number())];
    const std::span ranges = pairs.ranges_of(task);
    if (ranges.size() == 1) {
      const auto range = static_cast<std::size_t>(ranges[0]);
      for (Index l = pairs.ranges[range]; l < pairs.ranges[range + 1]; ++l) {
        worker.alone(kernel, pairs.leaves[static_cast<std::size_t>(l)], pairs.alone, boxes, points, charges,
                     sums);
        after_leaf();
      }
    }
    for (Index row = pairs.task_rows[task]; row < pairs.task_rows[task + 1]; ++row) {
      const NodeIndex leaf = pairs.row_leaves[static_cast<std::size_t>(row)];
      worker.mutual(kernel, leaf, pairs.mutual.of(leaf), boxes, points, charges, sums);
      after_leaf();
    }
  };
  ThreadErrors errors;
#pragma omp parallel
#pragma omp single
  for (std::size_t task = 0; task < pairs.task_count(); ++task) {
    [[maybe_unused]] char* const range = in_use.data();
    [[maybe_unused]] const std::int32_t* const met = pairs.ranges_of(task).data();
    [[maybe_unused]] const std::size_t count = pairs.ranges_of(task).size();
#pragma omp task depend(iterator(std::size_t k = 0 : count), inout : range[met[k]]) firstprivate(task)
    errors.keep([&] { work_off(task); });
  }
  errors.rethrow();
}

}  // namespace

void localize(std::span<const NodeIndex> leaves, const Box* boxes, const PointsByNode& points, float* x,
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

template <class Real, Kernel K, class Charge>
void p2p_mutual(const K& kernel, const NearPairsView& pairs, const Box* boxes, const PointsByNode& points,
                const Charge* charges, const TargetSums& sums, const std::function<void()>& meanwhile,
                const LeafFramePoints& local) {
  with_worker<Real, Charge>(local, [&](const auto& worker) {
    work_off_tasks(kernel, worker, pairs, boxes, points, charges, sums, meanwhile);
  });
}

#define OCTOPOLE_INSTANTIATE(K, Real, Charge)                                                         \
  template void p2p<Real>(const K&, std::span<const NodeIndex>, const ListView&, const Box*,          \
                          const PointsByNode&, const PointsByNode&, const Charge*, const TargetSums&, \
                          const std::function<void()>&);                                              \
  template void p2p_mutual<Real>(const K&, const NearPairsView&, const Box*, const PointsByNode&,     \
                                 const Charge*, const TargetSums&, const std::function<void()>&,      \
                                 const LeafFramePoints&);
OCTOPOLE_INSTANTIATE(Laplace, double, double)
OCTOPOLE_INSTANTIATE(Laplace, float, double)
OCTOPOLE_INSTANTIATE(Laplace, float, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
