// The nodes each operator is applied to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tree/partners.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The tree and lists of one rank, real or virtual.
struct RankLists {
  const tree::EssentialTree& tree;
  const tree::InteractionLists& lists;  // as they are defined
  const tree::Partners& partners;       // as they are worked off
  int rank;
};

/// The nodes each operator is applied to, on one rank.
struct WorkLists {
  std::vector<NodeIndex> source_leaves;                // P2M: leaves that this rank owns, with sources
  std::vector<std::vector<NodeIndex>> source_parents;  // M2M by level: nodes with sources that this rank owns
  std::vector<std::vector<NodeIndex>> target_nodes;    // M2L, P2L by level: nodes with targets
  std::vector<std::vector<NodeIndex>>
      target_parents;  // L2L, M2L by FFT by level: those whose children have locals
  std::vector<NodeIndex>
      target_ends;  // L2P: where L2L ends, at leaves or where nothing below adds to the locals
  std::vector<NodeIndex> w_leaves;              // M2P: leaves with partners
  std::vector<std::vector<NodeIndex>> x_nodes;  // P2L by level: nodes with partners
  std::vector<NodeIndex> interior_leaves;       // P2P with this rank's sources alone
  std::vector<NodeIndex> boundary_leaves;       // P2P with ghosts
};

/// By node: whether no node below takes part in V or X lists, as far as this rank's targets show. Of a node
/// that several ranks share each sees its own part: it is an end where it is one for all that have targets in
/// it. Locals of ends are evaluated at their targets outright: L2L would bring nothing but errors, of which
/// the gradient suffers (eps u in a box of half side h is eps u / h in the gradient).
std::vector<std::uint8_t> find_ends(const RankLists& lists);

/// `ends` as all ranks agree on them. `own_sources` tells where ghosts begin, once they have places.
WorkLists make_work_lists(const RankLists& lists, std::span<const std::uint8_t> ends, Index own_sources);

}  // namespace octopole
#pragma GCC visibility pop
