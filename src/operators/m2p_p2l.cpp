#include "operators/m2p_p2l.hpp"

#include "base/threads.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {

template <class Real>
void m2p(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves,
         const ListView& w, const Box* boxes, const PointsByNode& targets, const Real* multipoles,
         const TargetSums& sums, const std::uint8_t* octants) {
  const int vectors = sums.vectors * columns_of(kernel);
  const Index n = vectors * t.equivalent_size();
  parallel_for(
      static_cast<Index>(leaves.size()), 8, [] { return TargetBuffer<Real>(); },
      [&](TargetBuffer<Real>& buffer, Index l) {
        const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
        for (const NodeIndex source : w.of(leaf)) {
          buffer.load(targets, leaf, boxes[source]);
          const SourceArrays<Real> multipole =
              surface_sources(t.upward_equivalent, multipoles + source * n, vectors);
          if (kernel.components() > 1)
            buffer.evaluate_columns(kernel, multipole, boxes[source].half, octants[source], sums);
          else
            buffer.evaluate(kernel, multipole, boxes[source].half, sums);
        }
      });
}

template <class Real>
void p2l(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> nodes,
         const ListView& x, const Box* boxes, const PointsByNode& sources, StrengthsOf<Real> charges,
         CheckRowsOf<Real> checks, const std::uint8_t* octants) {
  const int vectors = charges.vectors * columns_of(kernel);
  const Index check = vectors * t.downward_check_size();
  struct State {
    SourceBuffer<Real> buffer;
    CheckSums<Real> check;
  };
  const auto make = [&] {
    return State{SourceBuffer<Real>(vectors, {1, charges.kind}), CheckSums<Real>(t.downward_check, vectors)};
  };
  parallel_for(static_cast<Index>(nodes.size()), 8, make, [&](State& state, Index i) {
    const NodeIndex node = nodes[static_cast<std::size_t>(i)];
    const AnyKernel scaled = kernel.translation_kernel().in_units_of(boxes[node].half);
    const auto flush = [&] {
      state.check.add(scaled, state.buffer.view(), checks.row(node, check));
      state.buffer.clear();
    };
    if (charges.components > 1)
      state.buffer.append_columns(sources, x.of(node), charges, boxes[node], octants[node], flush);
    else
      state.buffer.append(sources, x.of(node), charges, boxes[node], flush);
    if (!state.buffer.empty()) flush();
  });
}

#define OCTOPOLE_INSTANTIATE(Real)                                                                    \
  template void m2p(const AnyKernel&, const Translations<Real>&, std::span<const NodeIndex>,          \
                    const ListView&, const Box*, const PointsByNode&, const Real*, const TargetSums&, \
                    const std::uint8_t*);                                                             \
  template void p2l(const AnyKernel&, const Translations<Real>&, std::span<const NodeIndex>,          \
                    const ListView&, const Box*, const PointsByNode&, StrengthVectors<Real>,          \
                    CheckRows<Real>, const std::uint8_t*);
OCTOPOLE_INSTANTIATE(double)
OCTOPOLE_INSTANTIATE(float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
