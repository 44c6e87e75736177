#include "octopole/operators/adaptive.hpp"

#include "octopole/kernels/laplace.hpp"
#include "point_buffers.hpp"

namespace octopole {

template <Kernel K, class Real>
void m2p(const K& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves, const ListView& w,
         const Box* boxes, const PointsByNode& targets, const Real* multipoles, const TargetSums& sums) {
  const Index n = t.equivalent_size();
#pragma omp parallel
  {
    TargetBuffer<Real> buffer;
#pragma omp for schedule(dynamic, 8)
    for (std::size_t l = 0; l < leaves.size(); ++l)
      for (const NodeIndex source : w.of(leaves[l])) {
        buffer.load(targets, leaves[l], boxes[source]);
        buffer.evaluate(kernel, surface_sources(t.upward_equivalent, multipoles + source * n),
                        boxes[source].half, sums);
      }
  }
}

template <Kernel K, class Real>
void p2l(const K& kernel, const Translations<Real>& t, std::span<const NodeIndex> nodes, const ListView& x,
         const Box* boxes, const PointsByNode& sources, const Real* charges, CheckRowsOf<Real> checks) {
  const Index check = t.downward_check_size();
  const TargetArrays<Real> check_points{t.downward_check.x.data(), t.downward_check.y.data(),
                                        t.downward_check.z.data(), check};
#pragma omp parallel
  {
    SourceBuffer<Real> buffer;
#pragma omp for schedule(dynamic, 8)
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const NodeIndex node = nodes[i];
      const auto flush = [&] {
        pair_potential(kernel, check_points, buffer.view(), checks.row(node, check));
        buffer.clear();
      };
      buffer.append(sources, x.of(node), charges, boxes[node], flush);
      if (!buffer.empty()) flush();
    }
  }
}

#define OCTOPOLE_INSTANTIATE(K, Real)                                                                 \
  template void m2p(const K&, const Translations<Real>&, std::span<const NodeIndex>, const ListView&, \
                    const Box*, const PointsByNode&, const Real*, const TargetSums&);                 \
  template void p2l(const K&, const Translations<Real>&, std::span<const NodeIndex>, const ListView&, \
                    const Box*, const PointsByNode&, const Real*, CheckRows<Real>);
OCTOPOLE_INSTANTIATE(Laplace, double)
OCTOPOLE_INSTANTIATE(Laplace, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
