// What a rank's tree and its neighbourhood look like, found by one process from numbers of points alone.
#pragma once

#include <unordered_map>
#include <vector>

#include "tree/essential.hpp"
#include "tree/ghost_needs.hpp"
#include "tree/point_counts.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The whole tree, node by node.
class BalancedTree {
 public:
  /// `balance` as in the options; `counts` must outlive the object.
  BalancedTree(NodeCounts& counts, bool balance) : counts_(counts), balance_(balance) {}

  /// Whether the node, whose parent is split, is split: because it is refined, or because balance_closure's
  /// rule leads from a refined node to it. The rule backwards: a node one level finer that touches it is
  /// split.
  bool is_split(NodeKey node);
  NodeCounts& counts() { return counts_; }

 private:
  bool touched_by_split(NodeKey node, const morton::Anchor& here);
  NodeCounts& counts_;
  bool balance_;
  std::unordered_map<std::uint64_t, bool> known_;
};

/// How many coarse nodes with sources each rank owns: what it puts into the collective of MultipoleRule.
std::vector<Index> count_coarse_nodes(BalancedTree& tree, const Partition& partition, Index coarse_users);

/// What refinement, balance and the exchange of records leave a rank with.
struct VirtualPart {
  std::vector<NodeKey> splits;     // all that overlap the rank's range, ascending
  std::vector<NodeRecord> ghosts;  // what other ranks tell it, in no particular order
  std::vector<NodeKey> leaves;     // that tile its range, along the curve
  std::vector<Code> sources;       // one code a source: the first of its leaf
  std::vector<Code> targets;       // the same; empty where the targets are the sources
  Count points;
};

/// The part of `rank`: nodes of the whole balanced tree, visited from the root down where they or their
/// neighbours overlap the rank's range, so that what is looked at is in proportion to the rank's own part.
/// `balance` as in the options. Equal to what the ranks of a real run find together.
VirtualPart find_part(NodeCounts& counts, const Partition& partition, int rank, bool balance);

}  // namespace octopole::tree
#pragma GCC visibility pop
