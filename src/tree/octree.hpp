// The complete linear octree of one rank's part of the curve, and its 2:1 balance.
//
// A tree is represented by its set of split (internal) nodes in ascending key order: its nodes are the root
// and all children of split nodes; nodes that are not split are leaves. Refinement adds nodes to the set.
#pragma once

#include <span>
#include <vector>

#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// The split nodes that overlap `range`: the shared ones, and all others that contain more than `ncrit`
/// sources or targets and are coarser than max_level. The codes are those in the range, ascending.
std::vector<NodeKey> refine(const SharedNodes& shared, CodeRange range, std::span<const Code> sources,
                            std::span<const Code> targets, Index ncrit, int max_level);

/// The smallest 2:1 balanced superset of a set of split nodes (balance across faces, edges and corners): if a
/// node is split, so are the parents of all its same-level neighbours. As each rule has a single premise, the
/// closure of a union is the union of the closures, and one pass from the finest to the coarsest level
/// computes it: ranks close their own sets and exchange the nodes in other ranks' ranges once. Input and
/// output are ascending, without duplicates.
std::vector<NodeKey> two_to_one_closure(std::span<const NodeKey> splits);

/// Union of two ascending sets.
std::vector<NodeKey> merge_keys(std::span<const NodeKey> a, std::span<const NodeKey> b);

/// Leaves in `range` of the tree of `splits`, along the Morton curve. They tile the range.
std::vector<NodeKey> leaves_of(std::span<const NodeKey> splits, CodeRange range);

/// A hash of a set of leaves, additive over subsets: the sum over all ranks does not depend on the partition.
std::uint64_t leaf_hash(std::span<const NodeKey> leaves);

/// Whether ascending leaves tile the range without gaps or overlaps.
bool tiles(std::span<const NodeKey> leaves, CodeRange range);

/// Whether any two adjacent leaves of a complete tree differ by at most one level. Brute force over all
/// neighbours.
bool is_two_to_one(std::span<const NodeKey> all_leaves);

}  // namespace octopole::tree
#pragma GCC visibility pop
