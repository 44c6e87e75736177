#include "fmm/setup_work.hpp"

namespace octopole {
namespace {

/// P2P of boundary leaves with ghosts (without symmetric pairs, with all their partners). Symmetric pairs
/// with ghosts count for the leaf's own targets only: this rank sums half of the pairs, for both ends. The
/// other pairs in rows that wait for ghosts are included.
WorkCounts count_near_ghosts(const PointSetup& s) {
  WorkCounts c;
  for (const NodeIndex leaf : s.work.boundary_leaves) {
    double around = 0;
    for (const NodeIndex other : s.partners.p2p.of(leaf))
      if (!s.near_pairs || s.tree.source_end[at(other)] > s.owned_sources())
        around += static_cast<double>(s.tree.source_count[at(other)]);
    c.near_pairs += around * static_cast<double>(s.tree.target_end[at(leaf)] - s.tree.target_begin[at(leaf)]);
    c.near_gathers += around;
  }
  if (s.near_pairs)
    for (const NodeIndex leaf : s.border.here.row_leaves)
      for (const NodeIndex other : s.border.here.mutual.of(leaf)) {
        if (s.tree.source_end[at(other)] > s.owned_sources()) continue;
        const auto points = static_cast<double>(s.tree.source_count[at(leaf)]),
                   others = static_cast<double>(s.tree.source_count[at(other)]);
        c.near_pairs += 2 * points * others;
        c.near_gathers += points + others;
      }
  return c;
}

}  // namespace

WorkCounts count_work(const PointSetup& s, const OperatorKey& key) {
  return count_work(s.rank_lists(), s.work, s.m2l, key);
}

WorkCounts count_piece(const PointSetup& s, const OperatorKey& key, Phase phase, std::size_t part) {
  const std::vector<WorkCounts> by_node = count_by_node(s.rank_lists(), s.work, key);
  WorkCounts c;
  if (phase == Phase::p2p) {
    const WorkCounts ghosts = count_near_ghosts(s);
    if (part == 1) return ghosts;
    for (const WorkCounts& node : by_node) c += node;
    c.near_pairs -= ghosts.near_pairs;
    c.near_gathers -= ghosts.near_gathers;
    return c;
  }
  const bool whole = phase == Phase::p2m || phase == Phase::l2p || phase == Phase::m2p;
  const bool by_fft = phase == Phase::m2l && key.m2l == M2lMethod::fft;
  const std::size_t level = by_fft ? part - 1 : part;  // families are counted at the parent
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    if (whole || static_cast<std::size_t>(s.tree.anchors[at(node)].level) == level) c += by_node[at(node)];
  if (by_fft && part < s.m2l.size())
    c.families_in = count_families_in(s.rank_lists(), s.work, std::span(s.m2l).subspan(part, 1), key);
  return c;
}

}  // namespace octopole
