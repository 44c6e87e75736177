// Which rank holds which part of the Morton curve.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include "tree/count_tree.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// A part of the Morton curve: the codes [first, end). Empty if first == end.
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
  /// The rank that owns a node: the holder of its first code, even if other ranks hold parts of the node.
  int owner(NodeKey node) const { return owner(node.first_code()); }
  /// The first and last rank that hold a part of the node; ranks between them may be empty.
  std::pair<int, int> holders(NodeKey node) const {
    return {owner(node.first_code()), owner(node.end_code() - 1)};
  }
  bool is_shared(NodeKey node) const {
    const auto [first, last] = holders(node);
    return first != last;
  }
};

/// The splitters of `ranks` equal shares of `total` that fall within some consecutive leaves with `weights`
/// (one per leaf, nonnegative) and a weight of `before` in front of them: for each share that ends within one
/// of the leaves, the nearer end of that leaf. The splitters of all leaves do not depend on the division of
/// leaves among callers; concatenated they are ascending, and ranks - 1 in number unless the total is 0.
std::vector<Code> splitters_among(std::span<const NodeKey> leaves, std::span<const Index> weights,
                                  Index before, Index total, int ranks);

/// The partition at the splitters: ranks - 1 of them, or none, in which case the first rank holds everything.
Partition partition_at(std::span<const Code> splitters, int ranks);

/// Divides the leaves of the count tree, with weights along the Morton curve (one per leaf, in the order of
/// CountTree::leaves()), into `ranks` consecutive parts whose ends are as close to equal shares of the total
/// weight as leaf boundaries allow.
Partition divide(const CountTree& tree, std::span<const Index> weights, int ranks);

/// Weights of the leaves by number of points: sources plus targets.
std::vector<Index> point_weights(const CountTree& tree);

/// The nodes of which more than one rank holds a part, ascending: those with a splitter inside. All are
/// split, because splitters are leaf boundaries.
std::vector<NodeKey> shared_keys(const Partition& partition);

/// Shared nodes with their counts over all ranks.
struct SharedNodes {
  std::vector<NodeKey> keys;  // ascending
  std::vector<Count> counts;
  bool contains(NodeKey key) const;
  /// The count of a node, which must be contained.
  const Count& count(NodeKey key) const;
};

/// The shared nodes that overlap the range of `rank`: at most two per level. Their counts are those of the
/// count tree, whose leaf boundaries contain the splitters of the partition.
SharedNodes shared_nodes(const CountTree& tree, const Partition& partition, int rank);

}  // namespace octopole::tree
#pragma GCC visibility pop
