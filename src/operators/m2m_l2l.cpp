#include "operators/m2m_l2l.hpp"

#include "base/threads.hpp"
#include "operators/thread_buffers.hpp"

namespace octopole {
namespace {

/// to[i] = from[map[i]]
template <class Real>
void permute(const std::vector<std::int32_t>& map, const Real* from, Real* to) {
  for (std::size_t i = 0; i < map.size(); ++i) to[i] = from[map[i]];
}

template <class Real>
void add_permuted(const std::vector<std::int32_t>& map, const Real* from, Real* to) {
  for (std::size_t i = 0; i < map.size(); ++i) to[i] += from[map[i]];
}

/// Applies `matrix` (octant 0's) for every child whose flag is set, in octant order: multiplies the row
/// input(parent, child) and adds the result to the row output(parent, child). prepare(parent) is called
/// before rows are added.
template <class Real, class Prepare, class Input, class Output>
void between_generations(const Translations<Real>& t, const AlignedVector<Real>& matrix,
                         std::span<const NodeIndex> parents, const NodeIndex* children,
                         const std::uint8_t* flag, int vectors, const Prepare& prepare, const Input& input,
                         const Output& output) {
  static_assert(kBatch >= 8 * kMaxVectors);
  const Index parents_a_batch = kBatch / 8 / vectors, count = static_cast<Index>(parents.size()),
              n = t.equivalent_size();
  struct State {
    AlignedVector<Real> in, out;
  };
  const auto make = [n] {
    const auto size = static_cast<std::size_t>(n * kBatch);
    return State{AlignedVector<Real>(size), AlignedVector<Real>(size)};
  };
  parallel_for(batch_count(count, parents_a_batch), 1, make, [&](State& state, Index batch) {
    AlignedVector<Real>&in = state.in, &out = state.out;
    const Index begin = batch * parents_a_batch;
    const auto members = parents.subspan(static_cast<std::size_t>(begin),
                                         static_cast<std::size_t>(std::min(parents_a_batch, count - begin)));
    const auto for_each_child = [&](const auto& f) {
      Index column = 0;
      for (const NodeIndex parent : members)
        for (int octant = 0; octant < 8; ++octant) {
          const NodeIndex child = children[Index(8) * parent + octant];
          if (child != kNoNode && flag[child])
            for (int v = 0; v < vectors; ++v) f(column++, parent, child, v, t.mirror[octant]);
        }
      return column;
    };
    const Index size =
        for_each_child([&](Index column, NodeIndex parent, NodeIndex child, int v, const auto& mirror) {
          permute(mirror, input(parent, child) + v * n, in.data() + column * n);
        });
    for (const NodeIndex parent : members) prepare(parent);
    linalg::multiply(n, size, n, matrix.data(), in.data(), out.data());
    for_each_child([&](Index column, NodeIndex parent, NodeIndex child, int v, const auto& mirror) {
      add_permuted(mirror, out.data() + column * n, output(parent, child) + v * n);
    });
  });
}

}  // namespace

template <class Real>
void m2m(const Translations<Real>& t, std::span<const NodeIndex> parents, const NodeIndex* children,
         const std::uint8_t* has_source, Real* multipoles, int vectors) {
  const Index n = vectors * t.equivalent_size();
  between_generations(
      t, t.m2m, parents, children, has_source, vectors,
      [&](NodeIndex parent) { std::fill_n(multipoles + parent * n, n, Real{0}); },
      [&](NodeIndex, NodeIndex child) { return multipoles + child * n; },
      [&](NodeIndex parent, NodeIndex) { return multipoles + parent * n; });
}

template <class Real>
void l2l(const Translations<Real>& t, std::span<const NodeIndex> parents, const NodeIndex* children,
         const std::uint8_t* has_target, Real* locals, int vectors) {
  const Index n = vectors * t.equivalent_size();
  between_generations(
      t, t.l2l, parents, children, has_target, vectors, [](NodeIndex) {},
      [&](NodeIndex parent, NodeIndex) { return locals + parent * n; },
      [&](NodeIndex, NodeIndex child) { return locals + child * n; });
}

template <class Real>
void check_to_local(const Translations<Real>& t, std::span<const NodeIndex> nodes,
                    CheckRowsOf<const Real> checks, Real* locals, int vectors) {
  const Index count = static_cast<Index>(nodes.size()), n = vectors * t.equivalent_size(),
              check = vectors * t.downward_check_size(), per_batch = kBatch / vectors;
  const auto make = [&] {
    return Projection<Real>(t.downward_check_size(), t.downward_rank, t.equivalent_size());
  };
  parallel_for(batch_count(count, per_batch), 1, make, [&](Projection<Real>& projection, Index batch) {
    const Index first = batch * per_batch, size = std::min(per_batch, count - first);
    for (Index b = 0; b < size; ++b)
      std::copy_n(checks.row(nodes[static_cast<std::size_t>(first + b)], check), check,
                  projection.potential.data() + b * check);
    projection.apply(t.downward_first, t.downward_second, size * vectors);
    for (Index b = 0; b < size; ++b)
      std::copy_n(projection.density.data() + b * n, n,
                  locals + nodes[static_cast<std::size_t>(first + b)] * n);
  });
}

#define OCTOPOLE_INSTANTIATE(Real)                                                                           \
  template void m2m(const Translations<Real>&, std::span<const NodeIndex>, const NodeIndex*,                 \
                    const std::uint8_t*, Real*, int);                                                        \
  template void l2l(const Translations<Real>&, std::span<const NodeIndex>, const NodeIndex*,                 \
                    const std::uint8_t*, Real*, int);                                                        \
  template void check_to_local(const Translations<Real>&, std::span<const NodeIndex>, CheckRows<const Real>, \
                               Real*, int);
OCTOPOLE_INSTANTIATE(double)
OCTOPOLE_INSTANTIATE(float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
