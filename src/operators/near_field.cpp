#include "octopole/operators/near_field.hpp"

#include <type_traits>

#include "octopole/kernels/laplace.hpp"
#include "point_buffers.hpp"

namespace octopole {

template <Kernel K, class Real>
void p2p(const K& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const Real* charges,
         const TargetSums& sums) {
#pragma omp parallel
  {
    SourceBuffer<Real> source_buffer;
    TargetBuffer<Real> target_buffer;
#pragma omp for schedule(dynamic, 8)
    for (std::size_t l = 0; l < leaves.size(); ++l) {
      const NodeIndex leaf = leaves[l];
      if (targets.begin[leaf] == targets.end[leaf]) continue;
      // In double, differences of absolute coordinates are as exact as the coordinates.
      const Box frame = std::is_same_v<Real, double> ? kAbsoluteFrame : boxes[leaf];
      target_buffer.load(targets, leaf, frame);
      const auto flush = [&] {
        target_buffer.evaluate(kernel, source_buffer.view(), frame.half, sums);
        source_buffer.clear();
      };
      for (const NodeIndex source : u.of(leaf)) source_buffer.append(sources, source, charges, frame, flush);
      if (!source_buffer.empty()) flush();
    }
  }
}

#define OCTOPOLE_INSTANTIATE(K, Real)                                                                       \
  template void p2p(const K&, std::span<const NodeIndex>, const ListView&, const Box*, const PointsByNode&, \
                    const PointsByNode&, const Real*, const TargetSums&);
OCTOPOLE_INSTANTIATE(Laplace, double)
OCTOPOLE_INSTANTIATE(Laplace, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
