#include "octopole/operators/leaf.hpp"

#include "batches.hpp"
#include "octopole/base/threads.hpp"
#include "octopole/kernels/laplace.hpp"
#include "point_buffers.hpp"

namespace octopole {
namespace {

/// Inside a parallel region: how many consecutive leaves a thread takes at a time. Few turns of many: two
/// threads on neighbouring leaves slow each other down, since each also fetches what lies ahead of it, where
/// the other is at work (L2P at 3 digits lost a third by it). Enough turns to share out what is uneven.
/// Builds without OpenMP never ask.
[[maybe_unused]] Index leaves_of_a_turn(Index leaves) {
  constexpr Index kTurns = 64;  // of each thread
  return std::max(Index{1}, leaves / (kTurns * team_size()));
}

}  // namespace

template <Kernel K, class Real>
void p2m(const K& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves, const Box* boxes,
         const PointsByNode& sources, const Real* charges, Real* multipoles) {
  const Index count = static_cast<Index>(leaves.size()), n = t.equivalent_size(),
              check = t.upward_check_size();
  const TargetArrays<Real> check_points{t.upward_check.x.data(), t.upward_check.y.data(),
                                        t.upward_check.z.data(), check};
#pragma omp parallel
  {
    SourceBuffer<Real> buffer;
    AlignedVector<Real> potential(static_cast<std::size_t>(check * kBatch)),
        projected(static_cast<std::size_t>(t.upward_rank * kBatch)),
        density(static_cast<std::size_t>(n * kBatch));
#pragma omp for schedule(dynamic)
    for (Index batch = 0; batch < batch_count(count, kBatch); ++batch) {
      const Index first = batch * kBatch, size = std::min(kBatch, count - first);
      for (Index b = 0; b < size; ++b) {
        Real* column = potential.data() + b * check;
        std::fill_n(column, check, Real{0});
        const auto flush = [&] {
          pair_potential(kernel, check_points, buffer.view(), column);
          buffer.clear();
        };
        const NodeIndex leaf = leaves[static_cast<std::size_t>(first + b)];
        buffer.append(sources, std::span(&leaf, 1), charges, boxes[leaf], flush);
        if (!buffer.empty()) flush();
      }
      check_to_equivalent(check, t.upward_rank, n, t.upward_first, t.upward_second, size, potential.data(),
                          projected.data(), density.data());
      for (Index b = 0; b < size; ++b)
        std::copy_n(density.data() + b * n, n, multipoles + leaves[static_cast<std::size_t>(first + b)] * n);
    }
  }
}

template <Kernel K, class Real>
void l2p(const K& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves, const Box* boxes,
         const PointsByNode& targets, const Real* locals, const TargetSums& sums) {
  const Index count = static_cast<Index>(leaves.size()), n = t.equivalent_size();
#pragma omp parallel
  {
    TargetBuffer<Real> buffer;
#pragma omp for schedule(dynamic, leaves_of_a_turn(count))
    for (Index l = 0; l < count; ++l) {
      const NodeIndex leaf = leaves[static_cast<std::size_t>(l)];
      buffer.load(targets, leaf, boxes[leaf]);
      buffer.evaluate(kernel, surface_sources(t.downward_equivalent, locals + leaf * n), boxes[leaf].half,
                      sums);
    }
  }
}

#define OCTOPOLE_INSTANTIATE(K, Real)                                                            \
  template void p2m(const K&, const Translations<Real>&, std::span<const NodeIndex>, const Box*, \
                    const PointsByNode&, const Real*, Real*);                                    \
  template void l2p(const K&, const Translations<Real>&, std::span<const NodeIndex>, const Box*, \
                    const PointsByNode&, const Real*, const TargetSums&);
OCTOPOLE_INSTANTIATE(Laplace, double)
OCTOPOLE_INSTANTIATE(Laplace, float)
#undef OCTOPOLE_INSTANTIATE

}  // namespace octopole
