// The nodes each operator is applied to.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tree/interaction_lists.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The tree and lists of one rank, real or virtual.
struct RankLists {
  const tree::EssentialTree& tree;
  const tree::InteractionLists& lists;  // U, V, W, X as defined
  const tree::Partners& partners;       // pairs by operator
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
  std::vector<NodeIndex> interior_leaves;       // P2P with only this rank's sources
  std::vector<NodeIndex> boundary_leaves;       // P2P with ghosts
};

/// Finds where L2L ends, by node: no node below has V or X partners, as far as this rank's targets show. Each
/// rank sees its own part of a shared node, which is an end if it is one for all ranks with targets in it.
/// Locals of ends are evaluated directly at their targets: L2L would only add errors, which matter for the
/// gradient (eps u in a box of half side h is eps u / h in the gradient).
std::vector<std::uint8_t> find_ends(const RankLists& lists);

/// Makes the work lists from the `ends` agreed by all ranks. Sources from `own_sources` on are ghosts, once
/// they are placed.
WorkLists make_work_lists(const RankLists& lists, std::span<const std::uint8_t> ends, Index own_sources);

}  // namespace octopole
#pragma GCC visibility pop
