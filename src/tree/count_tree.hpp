// The replicated count tree: a coarse octree with the global number of points of each node, used to partition
// the domain.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "tree/morton_key.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

using morton::Code;
using morton::NodeKey;

/// Numbers of sources and targets in a node.
struct Count {
  Index sources = 0;
  Index targets = 0;
  Index largest() const { return sources > targets ? sources : targets; }
  bool operator==(const Count&) const = default;
};

/// Number of the ascending `codes` in [first, end).
Index count_codes(std::span<const Code> codes, Code first, Code end);

/// Counts of `nodes`, from ascending source and target codes.
std::vector<Count> count_points(std::span<const NodeKey> nodes, std::span<const Code> sources,
                                std::span<const Code> targets);

/// Nodes in ascending key order: the root, and all eight children of every split node. A node is split if its
/// count exceeds the threshold and its level is below the maximum, so that the tree, which is identical on
/// all ranks, is a subtree of any tree with a smaller threshold.
class CountTree {
 public:
  /// Starts with only the root. `threshold` is the largest count of a node that is not split.
  CountTree(Count root, Index threshold, int max_level);

  /// The children of the nodes that must be split next (empty when the tree is complete). The caller counts
  /// their points over all ranks and passes the counts to grow(), in the same order.
  const std::vector<NodeKey>& frontier() const { return frontier_; }
  void grow(std::span<const Count> counts);

  std::span<const NodeKey> nodes() const { return nodes_; }
  std::span<const Count> counts() const { return counts_; }
  bool is_split(NodeKey key) const;
  /// The count of a node, which must be in the tree.
  const Count& count(NodeKey key) const;
  std::size_t position(NodeKey key) const;

  /// Positions in nodes() of the leaves, along the Morton curve.
  std::vector<std::size_t> leaves() const;
  /// The split nodes in ascending key order.
  std::vector<NodeKey> splits() const;
  /// Memory of the tree.
  std::size_t bytes() const;

 private:
  void find_frontier(std::size_t first);
  std::vector<NodeKey> nodes_;
  std::vector<Count> counts_;
  std::vector<std::uint8_t> split_;
  std::vector<NodeKey> frontier_;
  Index threshold_;
  int max_level_;
};

}  // namespace octopole::tree
#pragma GCC visibility pop
