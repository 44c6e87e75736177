#include "octopole/fmm/work.hpp"

#include "octopole/operators/m2l_fft_cost.hpp"
#include "octopole/operators/surface.hpp"

namespace octopole {
namespace {

double count_of(const std::vector<std::vector<NodeIndex>>& by_level, const PointSetup& s,
                const std::vector<std::uint8_t>& flag, std::size_t first_level) {
  double children = 0;
  for (std::size_t level = first_level; level < by_level.size(); ++level)
    for (const NodeIndex parent : by_level[level])
      for (std::size_t octant = 0; octant < 8; ++octant) {
        const NodeIndex child = s.tree.children[8 * at(parent) + octant];
        children += child != kNoNode && flag[at(child)];
      }
  return children;
}

/// Share of the rate of large products that M2L by SVD's many small ones reach, gathering included: 193 us a
/// box at order 6 were 53 at the full rate.
constexpr double kSvdShare = 0.27;

/// Share of the rate of pairs in single precision that P2P reaches where sources and targets differ: points
/// of two parts, one side of a pair at a time.
constexpr double kSplitShare = 0.7;

PhaseWork& of(Work& work, Phase phase) {
  return work[static_cast<std::size_t>(phase)];
}

}  // namespace

WorkCounts count_work(const PointSetup& s, const OperatorKey& key) {
  const auto& tree = s.tree;
  const auto sources = [&](NodeIndex node) { return static_cast<double>(tree.source_count[at(node)]); };
  const auto targets = [&](NodeIndex node) {
    return static_cast<double>(tree.target_end[at(node)] - tree.target_begin[at(node)]);
  };
  WorkCounts c;
  for (const NodeIndex leaf : s.work.source_leaves) c.sources += sources(leaf);
  c.source_leaves = static_cast<double>(s.work.source_leaves.size());
  c.m2m_children = count_of(s.work.source_parents, s, tree.has_source, 0);
  c.l2l_children = count_of(s.work.target_parents, s, tree.has_target, parallel::kFirstLevel);
  for (const M2lFftPlan& plan : s.m2l)
    for (const M2lFftBlock& block : plan.blocks) {
      c.families_in += block.sources;
      c.families_out += block.targets;
    }
  for (const M2lFftPlan& plan : s.m2l) c.family_pairs += static_cast<double>(plan.pair_target.size());
  for (const auto& nodes : s.work.target_nodes) {
    c.local_nodes += static_cast<double>(nodes.size());
    if (key.m2l == M2lMethod::svd)
      for (const NodeIndex node : nodes) c.v_pairs += static_cast<double>(s.lists.v.of(node).size());
  }
  for (const NodeIndex node : s.work.target_ends) c.targets += targets(node);
  for (const auto* leaves : {&s.work.interior_leaves, &s.work.boundary_leaves})
    for (const NodeIndex leaf : *leaves) {
      double around = 0;
      for (const NodeIndex other : s.partners.p2p.of(leaf)) around += sources(other);
      c.near_pairs += around * targets(leaf);
      c.near_gathers += around;
    }
  for (const NodeIndex leaf : s.work.w_leaves)
    c.m2p_targets += targets(leaf) * static_cast<double>(s.partners.m2p.of(leaf).size());
  for (const auto& nodes : s.work.x_nodes)
    for (const NodeIndex node : nodes)
      for (const NodeIndex other : s.partners.p2l.of(node)) c.p2l_sources += sources(other);
  return c;
}

Work work_of(const WorkCounts& c, const OperatorKey& key, double svd_rank) {
  const double n = static_cast<double>(surface_size(key.order)),
               up = static_cast<double>(surface_size(key.check_order)),
               down = static_cast<double>(surface_size(key.downward_check_order));
  Work work{};
  of(work, Phase::p2m) = {.pairs = c.sources * up, .gemm = c.source_leaves * 2 * n * (up + n)};
  of(work, Phase::m2m).gemm = c.m2m_children * 2 * n * n;
  if (key.m2l == M2lMethod::fft)
    of(work, Phase::m2l) = {
        .transform = (c.families_in + c.families_out) * m2l_fft_transform_flops(key.order),
        .sweep = c.family_pairs * m2l_fft_pair_flops(key.order)};
  else
    of(work, Phase::m2l).gemm = c.v_pairs * 2 * svd_rank * (n + down);
  of(work, Phase::l2l).gemm = c.l2l_children * 2 * n * n + c.local_nodes * 2 * n * (down + n);
  of(work, Phase::l2p).pairs = c.targets * n;
  of(work, Phase::m2p).pairs = c.m2p_targets * n;
  of(work, Phase::p2l).pairs = c.p2l_sources * down;
  of(work, Phase::p2p) = {.pairs = c.near_pairs, .gathers = c.near_gathers};
  return work;
}

double expected_svd_rank(const OperatorKey& key) {
  return static_cast<double>(surface_size(key.order)) / 7;
}

std::array<double, kPhases> seconds_of(const Work& work, const Parameters& parameters, const Rates& rates,
                                       bool same, bool gradient) {
  const Precision overall = parameters.operators.precision;
  std::array<double, kPhases> seconds{};
  for (std::size_t i = 0; i < kPhases; ++i) {
    const Phase phase = static_cast<Phase>(i);
    const bool near = phase == Phase::p2p;
    const bool at_targets = near || phase == Phase::l2p || phase == Phase::m2p;
    const bool mutual = near && same;
    const double share =
        near && !same && parameters.near_precision == Precision::single_precision ? kSplitShare : 1;
    const WorkKind pairs = mutual ? (gradient ? WorkKind::near_gradient_pairs : WorkKind::near_pairs)
                                  : (gradient && at_targets ? WorkKind::gradient_pairs : WorkKind::pairs);
    const Precision m2l = parameters.operators.m2l_precision;
    seconds[i] = work[i].pairs / rates.of(pairs, near ? parameters.near_precision : overall) / share +
                 work[i].gathers / rates.of(WorkKind::gathers, parameters.near_precision) +
                 work[i].gemm / rates.of(WorkKind::gemm, overall) / (phase == Phase::m2l ? kSvdShare : 1) +
                 work[i].transform / rates.of(WorkKind::transform, m2l) +
                 work[i].sweep / rates.of(WorkKind::sweep, m2l);
  }
  return seconds;
}

}  // namespace octopole
