#include "octopole/operators/near_field.hpp"

#include <omp.h>

#include <type_traits>

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
      : function_(omp_get_thread_num() == 0 && function ? &function : nullptr) {}
  void after_leaf() {
    if (function_ == nullptr || ++leaves_ % kMeanwhileLeaves != 0) return;
    (*function_)();
  }

 private:
  const std::function<void()>* function_;
  int leaves_ = 0;
};

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
        frame = boxes[leaves[l]];
        frame.half *= kSingleUnit;
      }
      sum_row(kernel, leaves[l], u, frame, targets, sources, charges, sums, source_buffer, target_buffer);
      between.after_leaf();
    }
  }
}

template <Kernel K>
void p2p_mutual(const K& kernel, std::span<const NodeIndex> leaves, std::span<const Index> ranges,
                const ListView& mutual, const ListView& alone, const PointsByNode& points,
                const double* charges, const TargetSums& sums, const std::function<void()>& meanwhile) {
  const auto arrays_of = [&](NodeIndex leaf) {
    const Index i = points.begin[leaf];
    const bool gradient = sums.gradient();
    return MutualArrays<double>{points.x + i,
                                points.y + i,
                                points.z + i,
                                charges + i,
                                points.end[leaf] - i,
                                sums.potential + i,
                                gradient ? sums.gx + i : nullptr,
                                gradient ? sums.gy + i : nullptr,
                                gradient ? sums.gz + i : nullptr};
  };
  const std::size_t count = ranges.size() - 1;
#pragma omp parallel
  {
    Meanwhile between(meanwhile);
    SourceBuffer<double> source_buffer;
    TargetBuffer<double> target_buffer;
#pragma omp for schedule(dynamic)
    for (std::size_t range = 0; range < count; ++range)
      for (Index l = ranges[range]; l < ranges[range + 1]; ++l) {
        const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
        sum_row(kernel, leaf, alone, kAbsoluteFrame, points, points, charges, sums, source_buffer,
                target_buffer);
        for (const NodeIndex other : mutual.of(leaf))
          pair_mutual(kernel, arrays_of(leaf), arrays_of(other), K::constant);
        between.after_leaf();
      }
  }
}

template void p2p_mutual(const Laplace&, std::span<const NodeIndex>, std::span<const Index>, const ListView&,
                         const ListView&, const PointsByNode&, const double*, const TargetSums&,
                         const std::function<void()>&);

#define OCTOPOLE_INSTANTIATE(K, Real, Charge)                                                         \
  template void p2p<Real>(const K&, std::span<const NodeIndex>, const ListView&, const Box*,          \
                          const PointsByNode&, const PointsByNode&, const Charge*, const TargetSums&, \
                          const std::function<void()>&);
OCTOPOLE_INSTANTIATE(Laplace, double, double)
OCTOPOLE_INSTANTIATE(Laplace, float, double)
OCTOPOLE_INSTANTIATE(Laplace, float, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
