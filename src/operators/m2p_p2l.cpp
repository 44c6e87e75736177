#include "operators/m2p_p2l.hpp"

#include "base/threads.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {

template <class Real>
void m2p(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves,
         const ListView& w, const Box* boxes, const PointsByNode& targets, const Real* multipoles,
         const TargetSums& sums) {
  const Index n = t.equivalent_size();
  parallel_for(
      static_cast<Index>(leaves.size()), 8, [] { return TargetBuffer<Real>(); },
      [&](TargetBuffer<Real>& buffer, Index l) {
        const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
        for (const NodeIndex source : w.of(leaf)) {
          buffer.load(targets, leaf, boxes[source]);
          buffer.evaluate(kernel, surface_sources(t.upward_equivalent, multipoles + source * n),
                          boxes[source].half, sums);
        }
      });
}

template <class Real>
void p2l(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> nodes,
         const ListView& x, const Box* boxes, const PointsByNode& sources, const Real* charges,
         CheckRowsOf<Real> checks) {
  const Index check = t.downward_check_size();
  const TargetArrays<Real> check_points{t.downward_check.x.data(), t.downward_check.y.data(),
                                        t.downward_check.z.data(), check};
  parallel_for(
      static_cast<Index>(nodes.size()), 8, [] { return SourceBuffer<Real>(); },
      [&](SourceBuffer<Real>& buffer, Index i) {
        const NodeIndex node = nodes[static_cast<std::size_t>(i)];
        const AnyKernel scaled = kernel.in_units_of(boxes[node].half);
        const auto flush = [&] {
          pair_potential(scaled, check_points, buffer.view(), checks.row(node, check));
          buffer.clear();
        };
        buffer.append(sources, x.of(node), charges, boxes[node], flush);
        if (!buffer.empty()) flush();
      });
}

#define OCTOPOLE_INSTANTIATE(Real)                                                                     \
  template void m2p(const AnyKernel&, const Translations<Real>&, std::span<const NodeIndex>,           \
                    const ListView&, const Box*, const PointsByNode&, const Real*, const TargetSums&); \
  template void p2l(const AnyKernel&, const Translations<Real>&, std::span<const NodeIndex>,           \
                    const ListView&, const Box*, const PointsByNode&, const Real*, CheckRows<Real>);
OCTOPOLE_INSTANTIATE(double)
OCTOPOLE_INSTANTIATE(float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
