#include "octopole/fmm/work.hpp"

#include "octopole/operators/m2l_fft_cost.hpp"
#include "octopole/operators/surface.hpp"

namespace octopole {
namespace {

double count_children(const std::vector<NodeIndex>& parents, const PointSetup& s,
                      const std::vector<std::uint8_t>& flag) {
  double children = 0;
  for (const NodeIndex parent : parents)
    for (std::size_t octant = 0; octant < 8; ++octant) {
      const NodeIndex child = s.tree.children[8 * at(parent) + octant];
      children += child != kNoNode && flag[at(child)];
    }
  return children;
}

void add_near(WorkCounts& c, const PointSetup& s, const std::vector<NodeIndex>& leaves,
              const tree::NodeLists& partners) {
  for (const NodeIndex leaf : leaves) {
    double around = 0;
    for (const NodeIndex other : partners.of(leaf))
      around += static_cast<double>(s.tree.source_count[at(other)]);
    c.near_pairs += around * static_cast<double>(s.tree.target_end[at(leaf)] - s.tree.target_begin[at(leaf)]);
    c.near_gathers += around;
  }
}

/// Adds what belongs to one level.
void add_level(WorkCounts& c, const PointSetup& s, const OperatorKey& key, std::size_t level) {
  const std::size_t first = static_cast<std::size_t>(parallel::kFirstLevel);
  c.m2m_children += count_children(s.work.source_parents[level], s, s.tree.has_source);
  if (level > first) c.l2l_children += count_children(s.work.target_parents[level - 1], s, s.tree.has_target);
  if (level < s.m2l.size()) {
    for (const M2lFftBlock& block : s.m2l[level].blocks) {
      c.families_in += block.sources;
      c.families_out += block.targets;
    }
    c.family_pairs += static_cast<double>(s.m2l[level].pair_target.size());
  }
  const std::vector<NodeIndex>& nodes = s.work.target_nodes[level];
  c.local_nodes += static_cast<double>(nodes.size());
  if (key.m2l == M2lMethod::svd)
    for (const NodeIndex node : nodes) c.v_pairs += static_cast<double>(s.lists.v.of(node).size());
  for (const NodeIndex node : s.work.x_nodes[level])
    for (const NodeIndex other : s.partners.p2l.of(node))
      c.p2l_sources += static_cast<double>(s.tree.source_count[at(other)]);
}

/// Adds P2M, L2P and M2P.
void add_at_leaves(WorkCounts& c, const PointSetup& s) {
  const auto targets = [&](NodeIndex node) {
    return static_cast<double>(s.tree.target_end[at(node)] - s.tree.target_begin[at(node)]);
  };
  for (const NodeIndex leaf : s.work.source_leaves)
    c.sources += static_cast<double>(s.tree.source_count[at(leaf)]);
  c.source_leaves += static_cast<double>(s.work.source_leaves.size());
  for (const NodeIndex node : s.work.target_ends) c.targets += targets(node);
  for (const NodeIndex leaf : s.work.w_leaves)
    c.m2p_targets += targets(leaf) * static_cast<double>(s.partners.m2p.of(leaf).size());
}

/// Share of the rate of large products that M2L by SVD's many small ones reach, gathering included: 193 us a
/// box at order 6 were 53 at the full rate.
constexpr double kSvdShare = 0.27;

PhaseWork& of(Work& work, Phase phase) {
  return work[static_cast<std::size_t>(phase)];
}

}  // namespace

WorkCounts count_work(const PointSetup& s, const OperatorKey& key) {
  WorkCounts c;
  add_at_leaves(c, s);
  for (std::size_t level = 0; level < s.work.target_nodes.size(); ++level) add_level(c, s, key, level);
  for (const auto* leaves : {&s.work.interior_leaves, &s.work.boundary_leaves})
    add_near(c, s, *leaves, s.partners.p2p);
  return c;
}

WorkCounts count_piece(const PointSetup& s, const OperatorKey& key, Phase phase, std::size_t part) {
  WorkCounts c;
  if (phase == Phase::p2p && part == 1) {
    add_near(c, s, s.work.boundary_leaves, s.near_pairs ? s.near_pairs->ghosts : s.partners.p2p);
  } else if (phase == Phase::p2p) {
    add_near(c, s, s.work.interior_leaves, s.partners.p2p);
    if (s.near_pairs) {  // what boundary leaves have of their own
      add_near(c, s, s.work.boundary_leaves, s.partners.p2p);
      const WorkCounts ghosts = count_piece(s, key, phase, 1);
      c.near_pairs -= ghosts.near_pairs;
      c.near_gathers -= ghosts.near_gathers;
    }
  } else if (phase == Phase::p2m || phase == Phase::l2p || phase == Phase::m2p) {
    add_at_leaves(c, s);
  } else if (part < s.work.target_nodes.size()) {
    add_level(c, s, key, part);
  }
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
    const bool near_kind = near && (same || parameters.near_precision == Precision::single_precision);
    const WorkKind pairs = near_kind ? (gradient ? WorkKind::near_gradient_pairs : WorkKind::near_pairs)
                                     : (gradient && at_targets ? WorkKind::gradient_pairs : WorkKind::pairs);
    const Precision m2l = parameters.operators.m2l_precision;
    seconds[i] = work[i].pairs / rates.of(pairs, near ? parameters.near_precision : overall) +
                 work[i].gathers / rates.of(WorkKind::gathers, parameters.near_precision) +
                 work[i].gemm / rates.of(WorkKind::gemm, overall) / (phase == Phase::m2l ? kSvdShare : 1) +
                 work[i].transform / rates.of(WorkKind::transform, m2l) +
                 work[i].sweep / rates.of(WorkKind::sweep, m2l);
  }
  return seconds;
}

}  // namespace octopole
