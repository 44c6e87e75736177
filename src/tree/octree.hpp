// The complete linear octree of one rank's part of the curve, and its 2:1 balance.
//
// A tree is represented by its set of split (internal) nodes in ascending key order: the nodes are the root
// and all children of split nodes, the leaves those that are not split. Refining a tree is adding to the set.
#pragma once

#include <span>
#include <vector>

#include "tree/splitters.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The split nodes that overlap `range`: the shared ones, and all others that hold more than `ncrit` sources
/// or targets, above max_level. The codes are this range's, ascending.
std::vector<NodeKey> refine(const SharedNodes& shared, CodeRange range, std::span<const Code> sources,
                            std::span<const Code> targets, Index ncrit, int max_level);

/// The smallest 2:1 balanced superset of a set of splits (balance across faces, edges and corners): with a
/// node, the parents of all its same-level neighbours are split too. Each rule has a single premise, so that
/// the closure of a union is the union of the closures, and one pass from the finest level up reaches it:
/// ranks close their own splits and exchange what falls to others, once. Input and output ascending, without
/// repetition.
std::vector<NodeKey> balance_closure(std::span<const NodeKey> splits);

/// Union of two ascending sets.
std::vector<NodeKey> merge_keys(std::span<const NodeKey> a, std::span<const NodeKey> b);

/// Leaves of the tree of `splits` that lie in `range`, along the Morton curve. They tile the range.
std::vector<NodeKey> leaves_of(std::span<const NodeKey> splits, CodeRange range);

/// A hash of a set of leaves that does not depend on their division among ranks: combine the ranks' by
/// addition.
std::uint64_t leaf_hash(std::span<const NodeKey> leaves);

/// Whether ascending leaves tile the range without gap or overlap.
bool tiles(std::span<const NodeKey> leaves, CodeRange range);

/// Whether every two adjacent leaves of a complete tree differ by at most one level. By brute force over
/// neighbours.
bool is_balanced(std::span<const NodeKey> all_leaves);

}  // namespace octopole::tree
#pragma GCC visibility pop
