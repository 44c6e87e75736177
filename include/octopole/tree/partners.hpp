// Which operator serves each pair of U, W and X.
#pragma once

#include <array>

#include "octopole/tree/lists.hpp"

namespace octopole::tree {

/// The lists' partners by operator. Where both ends of a W or X pair are leaves and the leaf that a surface
/// stands for has few points, the pair is summed directly: P2P costs sources x targets, M2P surface points x
/// targets, P2L sources x check points. Every pair is in exactly one list, and which one depends on the
/// numbers of points alone.
struct Partners {
  NodeLists p2p;  // leaves: U, and leaves of W and X that are summed directly
  NodeLists m2p;  // leaves: the rest of W
  NodeLists p2l;  // nodes: the rest of X
};

/// Leaves of at most `few_sources` are summed directly instead of by M2P, those of at most `few_targets`
/// instead of by P2L; 0 and 0 leave the lists as they are.
Partners choose_partners(const EssentialTree& tree, const InteractionLists& lists, Index few_sources,
                         Index few_targets);

/// The P2P partners of targets that are sources, so that one pass over a pair of leaves serves both. Leaves
/// come in ranges; a task has the pairs between two ranges, or within one. Pairs are mutual where each end is
/// a partner of the other.
struct NearPairs {
  std::vector<NodeIndex> leaves;  // with targets, ascending along the curve
  std::vector<Index> ranges;      // (ranges + 1): bounds in `leaves`, of about equal numbers of pairs
  NodeLists mutual;               // of a leaf: those behind it along the curve, along the curve
  NodeLists alone;                // other partners of this rank, the leaf itself included
  NodeLists ghosts_before, ghosts_behind;  // mutual partners of other ranks, by their place along the curve
  NodeLists ghosts_alone;                  // their other partners

  /// Tasks within ranges, then those between two (first < second), so ordered that neighbours in the order
  /// have no range in common where possible. Rows are the parts of leaves' mutual rows that a task has.
  std::vector<std::array<std::int32_t, 2>> tasks;
  std::vector<Index> task_rows;  // (tasks + 1)
  std::vector<NodeIndex> row_leaves;
  std::vector<Index> row_begins, row_ends;  // in mutual.items
};

/// Pairs up the P2P partners of this rank, whose sources are its targets: the first own_sources sources.
/// `symmetric`: pairs of W and X are mutual, as they are where choose_partners has been given equal numbers;
/// else those of U alone. Which pairs are mutual does not depend on the division among ranks.
NearPairs pair_up(const EssentialTree& tree, const NodeLists& p2p, Index own_sources, Index ranges,
                  bool symmetric);

}  // namespace octopole::tree
