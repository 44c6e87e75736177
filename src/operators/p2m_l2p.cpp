#include "operators/p2m_l2p.hpp"

#include <algorithm>
#include <type_traits>

#include "base/threads.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {
namespace {

/// Number of consecutive leaves that a thread takes at a time. Few large chunks: two threads on neighbouring
/// leaves slow each other down, since each also prefetches the data ahead of it, on which the other works
/// (L2P at 3 digits took a third longer). Enough chunks to balance uneven work.
Index leaves_of_a_turn(Index leaves) {
  constexpr Index kTurns = 64;  // per thread
  return std::max(Index{1}, leaves / (kTurns * max_threads()));
}

/// Sources by leaf, each in its leaf's frame.
template <class Real>
struct LeafSources {
  const AnyKernel& kernel;
  const PointsByNode& points;
  const StrengthVectors<Real>& charges;
  const Box* boxes;
  const LeafFramePoints& leaf_frame;
  const std::uint8_t* octants;

  /// Adds the potential of the leaf's sources on the surface of `check`.
  void add_potential(NodeIndex leaf, CheckSums<Real>& check, SourceBuffer<Real>& buffer,
                     Real* potential) const {
    const AnyKernel scaled = kernel.translation_kernel().in_units_of(boxes[leaf].half);
    if constexpr (std::is_same_v<Real, float>)
      if (charges.kind == SourceKind::charges && charges.components == 1 && leaf_frame.has(leaf)) {
        const Index end = points.end[leaf];
        for (Index i = points.begin[leaf]; i < end; i += kSourceChunk)  // longer sums lose digits
          check.add(
              scaled,
              SourceArrays<float>{leaf_frame.x + i, leaf_frame.y + i, leaf_frame.z + i, charges.data + i,
                                  std::min(end - i, kSourceChunk), charges.stride, charges.vectors},
              potential);
        return;
      }
    const auto flush = [&] {
      check.add(scaled, buffer.view(), potential);
      buffer.clear();
    };
    if (charges.components > 1)
      buffer.append_columns(points, std::span(&leaf, 1), charges, boxes[leaf], octants[leaf], flush);
    else
      buffer.append(points, std::span(&leaf, 1), charges, boxes[leaf], flush);
    if (!buffer.empty()) flush();
  }
};

}  // namespace

template <class Real>
void p2m(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves,
         const Box* boxes, const PointsByNode& sources, StrengthsOf<Real> charges, Real* multipoles,
         const LeafFramePoints& leaf_frame, const std::uint8_t* octants) {
  const int vectors = charges.vectors * columns_of(kernel);
  const Index count = static_cast<Index>(leaves.size()), n = vectors * t.equivalent_size(),
              check = vectors * t.upward_check_size(), per_batch = kBatch / vectors;
  const LeafSources<Real> leaf_sources{kernel, sources, charges, boxes, leaf_frame, octants};
  struct State {
    SourceBuffer<Real> buffer;
    CheckSums<Real> check;
    Projection<Real> projection;
  };
  const auto make = [&] {
    return State{SourceBuffer<Real>(vectors, {1, charges.kind}), CheckSums<Real>(t.upward_check, vectors),
                 Projection<Real>(t.upward_check_size(), t.upward_rank, t.equivalent_size())};
  };
  parallel_for(batch_count(count, per_batch), 1, make, [&](State& state, Index batch) {
    const Index first = batch * per_batch, size = std::min(per_batch, count - first);
    for (Index b = 0; b < size; ++b) {
      Real* column = state.projection.potential.data() + b * check;
      std::fill_n(column, check, Real{0});
      leaf_sources.add_potential(leaves[static_cast<std::size_t>(first + b)], state.check, state.buffer,
                                 column);
    }
    state.projection.apply(t.upward_first, t.upward_second, size * vectors);
    for (Index b = 0; b < size; ++b)
      std::copy_n(state.projection.density.data() + b * n, n,
                  multipoles + leaves[static_cast<std::size_t>(first + b)] * n);
  });
}

template <class Real>
void l2p(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> nodes,
         const Box* boxes, const PointsByNode& targets, const Real* locals, const TargetSums& sums,
         [[maybe_unused]] const LeafFramePoints& leaf_frame, const std::uint8_t* octants) {
  const int vectors = sums.vectors * columns_of(kernel);
  const Index count = static_cast<Index>(nodes.size()), n = vectors * t.equivalent_size();
  parallel_for(
      count, leaves_of_a_turn(count), [] { return TargetBuffer<Real>(); },
      [&](TargetBuffer<Real>& buffer, Index l) {
        const NodeIndex node = nodes[static_cast<std::size_t>(l)];
        bool loaded = false;
        if constexpr (std::is_same_v<Real, float>)
          if ((loaded = vectors == 1 && leaf_frame.has(node)))
            buffer.take(targets, node, leaf_frame.x, leaf_frame.y, leaf_frame.z);
        if (!loaded) buffer.load(targets, node, boxes[node]);
        const SourceArrays<Real> local = surface_sources(t.downward_equivalent, locals + node * n, vectors);
        if (kernel.components() > 1)
          buffer.evaluate_columns(kernel, local, boxes[node].half, octants[node], sums);
        else
          buffer.evaluate(kernel, local, boxes[node].half, sums);
      });
}

#define OCTOPOLE_INSTANTIATE(Real)                                                                       \
  template void p2m(const AnyKernel&, const Translations<Real>&, std::span<const NodeIndex>, const Box*, \
                    const PointsByNode&, StrengthVectors<Real>, Real*, const LeafFramePoints&,           \
                    const std::uint8_t*);                                                                \
  template void l2p(const AnyKernel&, const Translations<Real>&, std::span<const NodeIndex>, const Box*, \
                    const PointsByNode&, const Real*, const TargetSums&, const LeafFramePoints&,         \
                    const std::uint8_t*);
OCTOPOLE_INSTANTIATE(double)
OCTOPOLE_INSTANTIATE(float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
