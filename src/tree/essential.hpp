// The locally essential tree: a rank's own nodes and the other ranks' nodes that its targets may interact
// with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tree/octree.hpp"
#include "tree/root_cube.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// What ranks tell each other about a node: only nodes with sources are told.
struct NodeRecord {
  NodeKey key;
  Index sources = 0;      // in the whole node, over all ranks
  std::int64_t leaf = 0;  // 1 where it is a leaf (64 bits: no padding travels)
};

/// Arrays indexed by node. Nodes ascend by key: level by level, in Morton order. Nodes with neither sources
/// (of any rank) nor targets (of this rank) are left out.
struct EssentialTree {
  std::vector<NodeKey> keys;
  std::vector<NodeIndex>
      level_begin;                  // (levels + 1): nodes of level l are [level_begin[l], level_begin[l + 1])
  std::vector<NodeIndex> parent;    // kNoNode for the root
  std::vector<NodeIndex> children;  // (nodes, 8) by octant, kNoNode where absent
  std::vector<std::uint8_t> leaf;
  std::vector<std::uint8_t> has_source;  // of any rank
  std::vector<std::uint8_t> has_target;  // of this rank
  std::vector<std::int32_t> owner;       // rank that owns the node: that of its first code
  std::vector<morton::Anchor> anchors;
  std::vector<Index> source_count;  // of all ranks
  std::vector<Index> source_begin,
      source_end;  // this rank's sources; for leaves also ghosts, once they are placed
  std::vector<Index> target_begin, target_end;  // this rank's targets

  NodeIndex size() const { return static_cast<NodeIndex>(keys.size()); }
  int levels() const { return static_cast<int>(level_begin.size()) - 1; }
  /// kNoNode where the key is not in the tree.
  NodeIndex find(NodeKey key) const;
};

/// The part of a rank: what the functions of this file need to know about it.
struct LocalPart {
  const SharedNodes& shared;  // at least those that overlap the rank's range
  const Partition& partition;
  int rank;
  std::span<const NodeKey> splits;  // ascending: all split nodes that overlap the rank's range, after balance
  std::span<const Code> sources;    // ascending codes in the rank's range
  std::span<const Code> targets;
  CodeRange range() const { return partition.range(rank); }
};

/// Nodes that this rank must tell others about. With N(x) the 3 x 3 x 3 nodes around x: the record of node a
/// goes to every rank that overlaps N(parent(a)), which covers the U, V, W and X lists of all its nodes and
/// their ancestors.
struct GhostRecords {
  std::vector<NodeRecord> records;  // by destination, ascending keys within one
  std::vector<Index> counts;        // (ranks)
};
GhostRecords records_for_others(const LocalPart& part);

/// Which ghosts a tree keeps. A rank whose part of the curve holds large empty leaves is told of all that
/// lies around them, which grows with the number of ranks; its targets have no use for it. `partners`: only
/// what lies around nodes with targets of its own (by leaves), and the children of nodes that overlap its
/// range.
enum class Keep { partners, all };

/// Merges the rank's own nodes with the ghosts (any order; a repeated node is kept once).
EssentialTree build_essential_tree(const LocalPart& part, std::span<const NodeRecord> ghosts,
                                   Keep keep = Keep::partners);

}  // namespace octopole::tree
#pragma GCC visibility pop
