// The locally essential tree: a rank's own nodes and the nodes of other ranks that its targets may interact
// with.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "tree/octree.hpp"
#include "tree/root_cube.hpp"

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

}  // namespace octopole::tree
#pragma GCC visibility pop
