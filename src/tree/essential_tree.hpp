// The locally essential tree: a rank's own nodes and the nodes of other ranks that its targets may interact
// with.
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "tree/count_tree.hpp"
#include "tree/morton.hpp"
#include "tree/octree.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The record of a node that ranks send each other; only nodes with sources have one.
struct NodeRecord {
  NodeKey key;
  Index sources = 0;      // in the whole node, over all ranks
  std::int64_t leaf = 0;  // 1 for a leaf (64 bits, so that no padding is sent)
};

/// Arrays indexed by node. Nodes are ascending by key: level by level, in Morton order. Nodes with neither
/// sources (of any rank) nor targets (of this rank) are left out.
struct EssentialTree {
  std::vector<NodeKey> keys;
  std::vector<NodeIndex>
      level_begin;                  // (levels + 1): nodes of level l are [level_begin[l], level_begin[l + 1])
  std::vector<NodeIndex> parent;    // kNoNode for the root
  std::vector<NodeIndex> children;  // (nodes, 8) by octant, kNoNode if absent
  std::vector<std::uint8_t> leaf;
  std::vector<std::uint8_t> has_source;  // of any rank
  std::vector<std::uint8_t> has_target;  // of this rank
  std::vector<std::int32_t> owner;       // rank that owns the node: the holder of its first code
  std::vector<morton::Anchor> anchors;
  std::vector<Index> source_count;  // over all ranks
  std::vector<Index> source_begin,
      source_end;  // this rank's sources; of leaves also ghosts, after they are placed
  std::vector<Index> target_begin, target_end;  // this rank's targets

  NodeIndex size() const { return static_cast<NodeIndex>(keys.size()); }
  int levels() const { return static_cast<int>(level_begin.size()) - 1; }
  /// Returns kNoNode if the key is not in the tree.
  NodeIndex find(NodeKey key) const;
};

/// A rank's part of the tree: the input of the functions in this file.
struct LocalPart {
  const SharedNodes& shared;  // at least those overlapping the rank's range
  const Partition& partition;
  int rank;
  std::span<const NodeKey> splits;  // ascending: all split nodes that overlap the rank's range, after balance
  std::span<const Code> sources;    // ascending codes in the rank's range
  std::span<const Code> targets;
  CodeRange range() const { return partition.range(rank); }
};

/// Records that this rank must send to others. With N(x) the 3 x 3 x 3 nodes around x: the record of node a
/// is sent to every rank that overlaps N(parent(a)), which covers the U, V, W and X lists of all nodes of
/// that rank and their ancestors.
struct GhostRecords {
  std::vector<NodeRecord> records;  // by destination, then ascending by key
  std::vector<Index> counts;        // (ranks)
};
GhostRecords records_for_others(const LocalPart& part);

/// Which ghosts a tree keeps. A rank with large empty leaves receives the records of all nodes around them,
/// whose number grows with the number of ranks; its targets do not need them. `needed`: only children of
/// nodes that overlap its range or have a same-level neighbour that overlaps one of its leaves with targets.
enum class Keep { needed, all };

/// Merges the rank's own nodes with the ghosts (in any order; duplicates are kept once).
EssentialTree build_essential_tree(const LocalPart& part, std::span<const NodeRecord> ghosts,
                                   Keep keep = Keep::needed);

// ---- the same of any rank, computed by a single process from the numbers of points only.

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
