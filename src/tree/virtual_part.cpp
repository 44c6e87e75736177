#include "tree/virtual_part.hpp"

#include <algorithm>

#include "tree/octree.hpp"

namespace octopole::tree {
namespace {

class Visit {
 public:
  Visit(NodeCounts& counts, const Partition& partition, int rank, bool two_to_one, VirtualPart& part)
      : counts_(counts),
        partition_(partition),
        rank_(rank),
        range_(partition.range(rank)),
        tree_(counts, two_to_one),
        part_(part) {}

  void run() {
    if (range_.first >= range_.end) return;
    const NodeKey root = NodeKey::root();
    const bool split = tree_.is_split(root);
    add_ghost(root, split);
    if (split) divide(root);
  }

 private:
  /// Visits the children of `node`, which is split and overlaps the range or has a neighbour that does.
  void divide(NodeKey node) {
    if (range_.overlaps(node)) part_.splits.push_back(node);
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = node.child(octant);
      const bool split = tree_.is_split(child);
      add_ghost(child, split);
      if (split && is_near(child)) divide(child);
    }
  }

  void add_ghost(NodeKey node, bool split) {
    if (partition_.owner(node) == rank_) return;
    const Index sources = counts_.count(node).sources;
    if (sources > 0) part_.ghosts.push_back({node, sources, split ? 0 : 1});
  }

  bool is_near(NodeKey node) const {
    if (range_.overlaps(node)) return true;
    for (int direction = 0; direction < 27; ++direction) {
      const auto other = node.neighbour(direction);
      if (other && range_.overlaps(*other)) return true;
    }
    return false;
  }

  NodeCounts& counts_;
  const Partition& partition_;
  int rank_;
  CodeRange range_;
  TwoToOneTree tree_;
  VirtualPart& part_;
};

}  // namespace

bool TwoToOneTree::is_split(NodeKey node) {
  if (counts_.refined(node)) return true;
  if (!two_to_one_ || node.level() + 1 >= counts_.max_level()) return false;
  const morton::Anchor here = node.anchor();
  bool deeper = false;  // whether a neighbour's child that does not touch the node is refined
  for (int direction = 0; direction < 27; ++direction) {
    const auto other = node.neighbour(direction);
    if (direction == 13 || !other || !counts_.refined(*other)) continue;
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = other->child(octant);
      if (!counts_.refined(child)) continue;
      if (morton::adjacent(here, child.anchor())) return true;
      deeper = true;
    }
  }
  if (!deeper) return false;
  const auto known = known_.find(node.bits);
  if (known != known_.end()) return known->second;
  const bool split = touched_by_split(node, here);
  known_.emplace(node.bits, split);
  return split;
}

bool TwoToOneTree::touched_by_split(NodeKey node, const morton::Anchor& here) {
  for (int direction = 0; direction < 27; ++direction) {
    const auto other = node.neighbour(direction);
    if (!other) continue;
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = other->child(octant);
      if (morton::adjacent(here, child.anchor()) && is_split(child)) return true;
    }
  }
  return false;
}

std::vector<Index> count_coarse_nodes(TwoToOneTree& tree, const Partition& partition,
                                      Index allgather_threshold) {
  std::vector<Index> counts(static_cast<std::size_t>(partition.ranks()), 0);
  if (allgather_threshold >= partition.ranks()) return counts;
  // As in find_coarse: children of nodes with more than allgather_threshold ranks around them.
  std::vector<NodeKey> crowded;
  const auto visit = [&](NodeKey node) {
    if (node.level() >= kFirstLevel && tree.counts().count(node).sources > 0)
      ++counts[static_cast<std::size_t>(partition.owner(node))];
    if (tree.is_split(node) && count_ranks_around(partition, node) > allgather_threshold)
      crowded.push_back(node);
  };
  visit(NodeKey::root());
  while (!crowded.empty()) {
    const NodeKey node = crowded.back();
    crowded.pop_back();
    for (int octant = 0; octant < 8; ++octant) visit(node.child(octant));
  }
  return counts;
}

VirtualPart find_part(NodeCounts& counts, const Partition& partition, int rank, bool two_to_one) {
  VirtualPart part;
  Visit(counts, partition, rank, two_to_one, part).run();
  std::sort(part.splits.begin(), part.splits.end());
  part.leaves = leaves_of(part.splits, partition.range(rank));
  const bool targets_are_sources = counts.targets_are_sources();
  for (const NodeKey leaf : part.leaves) {
    const Count count = counts.count(leaf);
    part.sources.insert(part.sources.end(), static_cast<std::size_t>(count.sources), leaf.first_code());
    if (!targets_are_sources)
      part.targets.insert(part.targets.end(), static_cast<std::size_t>(count.targets), leaf.first_code());
    part.points.sources += count.sources;
    part.points.targets += count.targets;
  }
  return part;
}

}  // namespace octopole::tree
