// P2P pairs of leaves where sources = targets: symmetric and one-sided, and their division into tasks.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tree/interaction_lists.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// P2P for sources = targets, where one pass over a pair of leaves computes both sides. A pair is
/// symmetric if each leaf is in the list of the other; it is in the row of one of the two. Leaves
/// are divided into ranges; a task has the rows of leaves of one range whose other leaves are in the same
/// ranges.
struct NearPairs {
  std::vector<NodeIndex> leaves;  // ascending along the curve
  std::vector<Index> ranges;      // (ranges + 1): bounds in `leaves`, of about equal numbers of pairs
  NodeLists symmetric;            // per leaf: the other leaves of the pairs in its row, along the curve
  NodeLists one_sided;            // other leaves of this rank, including the leaf itself

  /// First the tasks of a single range, one per range with leaves, then those of several ranges, ordered so
  /// that successive tasks have no range in common if possible.
  std::vector<Index> task_range_begins;   // (tasks + 1), in task_ranges
  std::vector<std::int32_t> task_ranges;  // per task: that of the rows' leaves, then the others ascending
  std::vector<Index> task_rows;           // (tasks + 1), in row_leaves
  std::vector<NodeIndex> row_leaves;
};

/// P2P lists of a rank with sources = targets; its own are the first own_sources sources. `symmetric`:
/// pairs of W and X are symmetric too, as they are if few_sources = few_targets in choose_operator_lists;
/// otherwise only those of U. Which pairs are symmetric, and in which leaf's row a pair is, does not depend
/// on the partition among ranks. `whole_rows`: rows must be summed as a whole, because they are rounded as a
/// whole.
struct NearLists {
  const EssentialTree& tree;
  const NodeLists& p2p;
  Index own_sources;
  bool symmetric;
  bool whole_rows;
};

/// The pairs of two leaves of this rank; with whole_rows, symmetric ones only in rows without ghosts.
NearPairs pair_up(const NearLists& lists, Index ranges);

/// Leaves along the curve, by rank (other than this one).
using LeavesByRank = std::map<int, std::vector<NodeIndex>>;

/// A symmetric pair of leaves of two ranks is summed by the rank of the leaf whose row contains it, which
/// sends the other rank the results of its leaf. Rows alternate between blocks of leaves in a checkerboard,
/// so that each rank has about half of the pairs.
struct BorderLeaves {
  LeavesByRank sent;      // leaves of other ranks, whose results this rank sums and sends
  LeavesByRank received;  // leaves of this rank, for which other ranks sum results
};
BorderLeaves find_border_leaves(const NearLists& lists);

struct BorderPairs {
  NearPairs here;       // symmetric pairs in own rows that pair_up leaves out; `leaves`: own and ghosts
  NodeLists one_sided;  // per leaf of this rank, ghosts without a symmetric pair
  BorderLeaves leaves;
};
BorderPairs pair_up_border(const NearLists& lists, Index ranges);

/// Number of point pairs within this rank in rows that wait for ghosts as a whole; each pair counts twice,
/// once per side.
double waiting_pairs(const NearLists& lists);

}  // namespace octopole::tree
#pragma GCC visibility pop
