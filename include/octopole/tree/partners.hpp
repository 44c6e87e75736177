// Which operator serves each pair of U, W and X.
#pragma once

#include <array>
#include <map>

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
  std::vector<NodeIndex> leaves;  // ascending along the curve
  std::vector<Index> ranges;      // (ranges + 1): bounds in `leaves`, of about equal numbers of pairs
  NodeLists mutual;               // of a leaf: those behind it along the curve, along the curve
  NodeLists alone;                // other partners of this rank, the leaf itself included

  /// Tasks within ranges, then those between two (first < second), so ordered that neighbours in the order
  /// have no range in common where possible. Rows are the parts of leaves' mutual rows that a task has.
  std::vector<std::array<std::int32_t, 2>> tasks;
  std::vector<Index> task_rows;  // (tasks + 1)
  std::vector<NodeIndex> row_leaves;
  std::vector<Index> row_begins, row_ends;  // in mutual.items
};

/// The P2P partners of a rank whose sources are its targets: the first own_sources sources. `symmetric`:
/// pairs of W and X are mutual, as they are where choose_partners has been given equal numbers; else those of
/// U alone. Which pairs are mutual does not depend on the division among ranks.
struct NearPartners {
  const EssentialTree& tree;
  const NodeLists& p2p;
  Index own_sources;
  bool symmetric;
};

/// The pairs whose both ends are this rank's.
NearPairs pair_up(const NearPartners& partners, Index ranges);

/// Leaves along the curve by rank, other than this one.
using LeavesByRank = std::map<int, std::vector<NodeIndex>>;

/// Mutual pairs of a leaf of this rank and one of another are summed by one of the two ranks, which sends the
/// other one its leaf's share. Which one, both know from the pair's first leaf along the curve: squares of
/// the surface between the ranks alternate, so that each has about half of them.
struct BorderLeaves {
  LeavesByRank sent;      // other ranks' leaves, whose shares this rank sums for them
  LeavesByRank received;  // this rank's leaves, whose shares others sum
};
BorderLeaves find_border_leaves(const NearPartners& partners);

struct BorderPairs {
  NearPairs here;   // mutual pairs that this rank sums for both ends; `leaves` are its own and ghosts
  NodeLists alone;  // of leaves of this rank: ghosts that no pair is mutual with
  BorderLeaves leaves;
};
BorderPairs pair_up_border(const NearPartners& partners, Index ranges);

}  // namespace octopole::tree
