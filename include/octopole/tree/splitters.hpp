// Which rank holds which part of the Morton curve.
#pragma once

#include <span>
#include <vector>

#include "octopole/tree/count_tree.hpp"

namespace octopole::tree {

/// A part of the Morton curve: the codes [first, end). Empty where first == end.
struct CodeRange {
  Code first = 0, end = 0;
  bool overlaps(NodeKey node) const {
    return first < end && node.first_code() < end && first < node.end_code();
  }
};

/// The parts of all ranks: rank r holds [bounds[r], bounds[r + 1]); bounds are ascending leaf boundaries of
/// the count tree, from 0 to morton::kCodeEnd.
struct Partition {
  std::vector<Code> bounds;
  int ranks() const { return static_cast<int>(bounds.size()) - 1; }
  CodeRange range(int rank) const {
    return {bounds[static_cast<std::size_t>(rank)], bounds[static_cast<std::size_t>(rank) + 1]};
  }
  /// The rank that holds the code.
  int owner(Code code) const;
  /// The rank that owns a node: that of its first code, also where others hold parts of the node.
  int owner(NodeKey node) const { return owner(node.first_code()); }
  /// The first and last rank with a part of the node; ranks between them may hold nothing at all.
  std::pair<int, int> holders(NodeKey node) const {
    return {owner(node.first_code()), owner(node.end_code() - 1)};
  }
};

/// Divides the leaves of the count tree, of the given weights along the Morton curve (one a leaf, in the
/// order of CountTree::leaves()), into `ranks` consecutive parts whose ends lie as close as leaf boundaries
/// allow to equal shares of the total weight.
Partition divide(const CountTree& tree, std::span<const double> weights, int ranks);

/// Nodes of the count tree that more than one rank holds parts of, ascending.
std::vector<NodeKey> shared_nodes(const CountTree& tree, const Partition& partition);

/// Weights by number of points: sources plus targets.
std::vector<double> point_weights(const CountTree& tree);

}  // namespace octopole::tree
