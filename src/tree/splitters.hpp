// Which rank holds which part of the Morton curve.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "tree/count_tree.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// A part of the Morton curve: the codes [first, end). Empty where first == end.
struct CodeRange {
  Code first = 0, end = 0;
  bool overlaps(NodeKey node) const {
    return first < end && node.first_code() < end && first < node.end_code();
  }
};

/// The parts of all ranks: rank r holds [bounds[r], bounds[r + 1]); bounds are ascending leaf boundaries of
/// the tree, from 0 to morton::kCodeEnd.
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
  bool is_shared(NodeKey node) const {
    const auto [first, last] = holders(node);
    return first != last;
  }
};

/// The splitters of `ranks` equal shares of `total` that fall among some consecutive leaves, which have
/// `weights` (one a leaf, none negative) and `before` in front of them: for each share that ends within one
/// of the leaves, whichever end of that leaf is nearer. Those of all leaves are the same however the leaves
/// are divided among callers; one after the other they are ascending, ranks - 1 in number unless the total
/// is 0.
std::vector<Code> splitters_among(std::span<const NodeKey> leaves, std::span<const Index> weights,
                                  Index before, Index total, int ranks);

/// The parts between splitters: ranks - 1 of them, or none, which leaves everything to the first rank.
Partition partition_at(std::span<const Code> splitters, int ranks);

/// Divides the leaves of the count tree, of the given weights along the Morton curve (one a leaf, in the
/// order of CountTree::leaves()), into `ranks` consecutive parts whose ends lie as close as leaf boundaries
/// allow to equal shares of the total weight.
Partition divide(const CountTree& tree, std::span<const Index> weights, int ranks);

/// Weights by number of points: sources plus targets.
std::vector<Index> point_weights(const CountTree& tree);

/// The nodes that more than one rank holds parts of, ascending: those with a splitter inside. All are split,
/// because splitters are leaf boundaries.
std::vector<NodeKey> shared_keys(const Partition& partition);

/// Shared nodes with what all ranks together have in them.
struct SharedNodes {
  std::vector<NodeKey> keys;  // ascending
  std::vector<Count> counts;
  bool contains(NodeKey key) const;
  /// The count of a node that is contained.
  const Count& count(NodeKey key) const;
};

/// The shared nodes that overlap the range of `rank`: at most two a level. Their counts are the count tree's,
/// at whose leaf boundaries the partition was made.
SharedNodes shared_nodes(const CountTree& tree, const Partition& partition, int rank);

}  // namespace octopole::tree
#pragma GCC visibility pop
