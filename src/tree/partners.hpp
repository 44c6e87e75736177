// Which operator serves each pair of U, W and X.
#pragma once

#include <cstdint>
#include <map>

#include "tree/lists.hpp"

#pragma GCC visibility push(default)
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

/// The P2P partners of targets that are sources, so that one pass over a pair of leaves serves both. Pairs
/// are mutual where each end is a partner of the other; each is in the row of one of its leaves. Leaves come
/// in ranges; a task has the rows of leaves of one range whose partners are in the same few ranges.
struct NearPairs {
  std::vector<NodeIndex> leaves;  // ascending along the curve
  std::vector<Index> ranges;      // (ranges + 1): bounds in `leaves`, of about equal numbers of pairs
  NodeLists mutual;               // of a leaf: the others of the pairs in its row, along the curve
  NodeLists alone;                // other partners of this rank, the leaf itself included

  /// Tasks of one range, which every range with leaves has, then those of several, so ordered that neighbours
  /// in the order have no range in common where possible.
  std::vector<Index> task_range_begins;   // (tasks + 1), in task_ranges
  std::vector<std::int32_t> task_ranges;  // of a task: that of the rows' leaves, others ascending
  std::vector<Index> task_rows;           // (tasks + 1), in row_leaves
  std::vector<NodeIndex> row_leaves;
};

/// The P2P partners of a rank whose sources are its targets: the first own_sources sources. `symmetric`:
/// pairs of W and X are mutual, as they are where choose_partners has been given equal numbers; else those of
/// U alone. Which pairs are mutual, and which leaf's row a pair is in, does not depend on the division among
/// ranks. `whole_rows`: rows must be summed as a whole, because they are rounded as a whole.
struct NearPartners {
  const EssentialTree& tree;
  const NodeLists& p2p;
  Index own_sources;
  bool symmetric;
  bool whole_rows;
};

/// The pairs whose both ends are this rank's; with whole_rows of rows without ghosts.
NearPairs pair_up(const NearPartners& partners, Index ranges);

/// Leaves along the curve by rank, other than this one.
using LeavesByRank = std::map<int, std::vector<NodeIndex>>;

/// A mutual pair of a leaf of this rank and one of another is summed by the rank of the leaf whose row has
/// it, which sends the other one its leaf's share. Rows alternate by squares of leaves along the surface
/// between the ranks, so that each has about half of the pairs.
struct BorderLeaves {
  LeavesByRank sent;      // other ranks' leaves, whose shares this rank sums for them
  LeavesByRank received;  // this rank's leaves, whose shares others sum
};
BorderLeaves find_border_leaves(const NearPartners& partners);

struct BorderPairs {
  NearPairs here;   // the other pairs of this rank's rows; `leaves` are its own and ghosts
  NodeLists alone;  // of leaves of this rank: ghosts that no pair is mutual with
  BorderLeaves leaves;
};
BorderPairs pair_up_border(const NearPartners& partners, Index ranges);

/// Pairs of points of this rank alone, in rows that wait for ghosts as a whole; each counts for both sides.
double waiting_pairs(const NearPartners& partners);

}  // namespace octopole::tree
#pragma GCC visibility pop
