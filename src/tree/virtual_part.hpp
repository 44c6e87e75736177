// A rank's tree and its neighbourhood, computed by a single process from the numbers of points only.
#pragma once

#include <unordered_map>
#include <vector>

#include "tree/count_tree.hpp"
#include "tree/essential_tree.hpp"
#include "tree/ghost_needs.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The global tree, queried node by node.
class TwoToOneTree {
 public:
  /// `two_to_one`: Options::balance; `counts` must outlive the object.
  TwoToOneTree(NodeCounts& counts, bool two_to_one) : counts_(counts), two_to_one_(two_to_one) {}

  /// Whether the node, whose parent is split, is split: either it is refined, or the rule of
  /// two_to_one_closure leads from a refined node to it. Applied backwards, the rule is: a node one level
  /// finer that touches it is split.
  bool is_split(NodeKey node);
  NodeCounts& counts() { return counts_; }

 private:
  bool touched_by_split(NodeKey node, const morton::Anchor& here);
  NodeCounts& counts_;
  bool two_to_one_;
  std::unordered_map<std::uint64_t, bool> known_;
};

/// Number of coarse nodes with sources per owner rank: its contribution to the collective of MultipoleRule.
std::vector<Index> count_coarse_nodes(TwoToOneTree& tree, const Partition& partition,
                                      Index allgather_threshold);

/// A rank's data after refinement, balance and the exchange of records.
struct VirtualPart {
  std::vector<NodeKey> splits;     // all that overlap the rank's range, ascending
  std::vector<NodeRecord> ghosts;  // records that it receives from other ranks, in no particular order
  std::vector<NodeKey> leaves;     // tile its range, along the curve
  std::vector<Code> sources;       // one code per source: the first of its leaf
  std::vector<Code> targets;       // likewise per target; empty if sources = targets
  Count points;
};

/// The part of `rank`: visits the balanced global tree from the root down, only nodes that overlap the rank's
/// range or have neighbours that do, so that the cost is proportional to the size of the part. `two_to_one`:
/// Options::balance. The result equals that of the same rank in a distributed run.
VirtualPart find_part(NodeCounts& counts, const Partition& partition, int rank, bool two_to_one);

}  // namespace octopole::tree
#pragma GCC visibility pop
