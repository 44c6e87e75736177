#include "octopole/operators/near_field.hpp"

#include <type_traits>

#include "octopole/kernels/laplace.hpp"
#include "point_buffers.hpp"

namespace octopole {
namespace {

/// In single precision a half side is 4096 units long. Laplace gradients then stay finite down to 4e-17 half
/// sides, less than double coordinates tell apart (but for a leaf around the origin), and pairs below 2.7e-23
/// half sides count as coincident; far away, gradient factors are normal numbers up to 1e9 half sides.
constexpr double kSingleUnit = 1.0 / 4096;

}  // namespace

template <class Real, Kernel K, class Charge>
void p2p(const K& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
         const TargetSums& sums) {
#pragma omp parallel
  {
    // In double, differences of absolute coordinates are as exact as the coordinates; in single precision
    // coordinates are relative to the leaf and in two parts.
    constexpr bool split = std::is_same_v<Real, float>;
    SourceBuffer<Real, split> source_buffer;
    TargetBuffer<Real, split> target_buffer;
#pragma omp for schedule(dynamic, 8)
    for (std::size_t l = 0; l < leaves.size(); ++l) {
      const NodeIndex leaf = leaves[l];
      if (targets.begin[leaf] == targets.end[leaf]) continue;
      Box frame = kAbsoluteFrame;
      if constexpr (split) {
        frame = boxes[leaf];
        frame.half *= kSingleUnit;
      }
      target_buffer.load(targets, leaf, frame);
      const auto flush = [&] {
        target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums, source_buffer.low());
        source_buffer.clear();
      };
      for (const NodeIndex source : u.of(leaf)) source_buffer.append(sources, source, charges, frame, flush);
      if (!source_buffer.empty()) flush();
    }
  }
}

#define OCTOPOLE_INSTANTIATE(K, Real, Charge)                                                \
  template void p2p<Real>(const K&, std::span<const NodeIndex>, const ListView&, const Box*, \
                          const PointsByNode&, const PointsByNode&, const Charge*, const TargetSums&);
OCTOPOLE_INSTANTIATE(Laplace, double, double)
OCTOPOLE_INSTANTIATE(Laplace, float, double)
OCTOPOLE_INSTANTIATE(Laplace, float, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
