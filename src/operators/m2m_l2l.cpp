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
                         const std::uint8_t* flag, const Prepare& prepare, const Input& input,
                         const Output& output) {
  constexpr Index kParents = kBatch / 8;
  const Index count = static_cast<Index>(parents.size()), n = t.equivalent_size();
  struct State {
    AlignedVector<Real> in, out;
  };
  const auto make = [n] {
    const auto size = static_cast<std::size_t>(n * kBatch);
    return State{AlignedVector<Real>(size), AlignedVector<Real>(size)};
  };
  parallel_for(batch_count(count, kParents), 1, make, [&](State& state, Index batch) {
    AlignedVector<Real>&in = state.in, &out = state.out;
    const auto members =
        parents.subspan(static_cast<std::size_t>(batch * kParents),
                        static_cast<std::size_t>(std::min(kParents, count - batch * kParents)));
    const auto for_each_child = [&](const auto& f) {
      Index column = 0;
      for (const NodeIndex parent : members)
        for (int octant = 0; octant < 8; ++octant) {
          const NodeIndex child = children[Index(8) * parent + octant];
          if (child != kNoNode && flag[child]) f(column++, parent, child, t.mirror[octant]);
        }
      return column;
    };
    const Index size =
        for_each_child([&](Index column, NodeIndex parent, NodeIndex child, const auto& mirror) {
          permute(mirror, input(parent, child), in.data() + column * n);
        });
    for (const NodeIndex parent : members) prepare(parent);
    linalg::multiply(n, size, n, matrix.data(), in.data(), out.data());
    for_each_child([&](Index column, NodeIndex parent, NodeIndex child, const auto& mirror) {
      add_permuted(mirror, out.data() + column * n, output(parent, child));
    });
  });
}

}  // namespace

template <class Real>
void m2m(const Translations<Real>& t, std::span<const NodeIndex> parents, const NodeIndex* children,
         const std::uint8_t* has_source, Real* multipoles) {
  const Index n = t.equivalent_size();
  between_generations(
      t, t.m2m, parents, children, has_source,
      [&](NodeIndex parent) { std::fill_n(multipoles + parent * n, n, Real{0}); },
      [&](NodeIndex, NodeIndex child) { return multipoles + child * n; },
      [&](NodeIndex parent, NodeIndex) { return multipoles + parent * n; });
}

template <class Real>
void l2l(const Translations<Real>& t, std::span<const NodeIndex> parents, const NodeIndex* children,
         const std::uint8_t* has_target, Real* locals) {
  const Index n = t.equivalent_size();
  between_generations(
      t, t.l2l, parents, children, has_target, [](NodeIndex) {},
      [&](NodeIndex parent, NodeIndex) { return locals + parent * n; },
      [&](NodeIndex, NodeIndex child) { return locals + child * n; });
}

template <class Real>
void check_to_local(const Translations<Real>& t, std::span<const NodeIndex> nodes,
                    CheckRowsOf<const Real> checks, Real* locals) {
  const Index count = static_cast<Index>(nodes.size()), n = t.equivalent_size(),
              check = t.downward_check_size();
  const auto make = [&] { return Projection<Real>(check, t.downward_rank, n); };
  parallel_for(batch_count(count, kBatch), 1, make, [&](Projection<Real>& projection, Index batch) {
    const Index first = batch * kBatch, size = std::min(kBatch, count - first);
    for (Index b = 0; b < size; ++b)
      std::copy_n(checks.row(nodes[static_cast<std::size_t>(first + b)], check), check,
                  projection.potential.data() + b * check);
    projection.apply(t.downward_first, t.downward_second, size);
    for (Index b = 0; b < size; ++b)
      std::copy_n(projection.density.data() + b * n, n,
                  locals + nodes[static_cast<std::size_t>(first + b)] * n);
  });
}

#define OCTOPOLE_INSTANTIATE(Real)                                                                           \
  template void m2m(const Translations<Real>&, std::span<const NodeIndex>, const NodeIndex*,                 \
                    const std::uint8_t*, Real*);                                                             \
  template void l2l(const Translations<Real>&, std::span<const NodeIndex>, const NodeIndex*,                 \
                    const std::uint8_t*, Real*);                                                             \
  template void check_to_local(const Translations<Real>&, std::span<const NodeIndex>, CheckRows<const Real>, \
                               Real*);
OCTOPOLE_INSTANTIATE(double)
OCTOPOLE_INSTANTIATE(float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
