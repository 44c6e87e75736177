#include "tree/octree.hpp"

#include <algorithm>

namespace octopole::tree {
namespace {

// Appends the split nodes of the subtree at `node` in depth-first order.
void refine_node(NodeKey node, std::span<const Code> sources, std::span<const Code> targets, Index ncrit,
                 int max_level, std::vector<NodeKey>& splits) {
  const Index largest = static_cast<Index>(std::max(sources.size(), targets.size()));
  if (largest <= ncrit || node.level() >= max_level) return;
  splits.push_back(node);
  const auto cut = [](std::span<const Code>& codes, Code end) {
    const auto part =
        static_cast<std::size_t>(std::lower_bound(codes.begin(), codes.end(), end) - codes.begin());
    const std::span<const Code> head = codes.first(part);
    codes = codes.subspan(part);
    return head;
  };
  for (int octant = 0; octant < 8; ++octant) {
    const NodeKey child = node.child(octant);
    const auto child_sources = cut(sources, child.end_code());
    const auto child_targets = cut(targets, child.end_code());
    refine_node(child, child_sources, child_targets, ncrit, max_level, splits);
  }
}

// The same for a node that may be shared with other ranks, limited to nodes that overlap the range.
void refine_shared(NodeKey node, const SharedNodes& shared, CodeRange range, std::span<const Code> sources,
                   std::span<const Code> targets, Index ncrit, int max_level, std::vector<NodeKey>& splits) {
  if (!range.overlaps(node)) return;
  if (!shared.contains(node)) {
    const auto inside = [node](std::span<const Code> codes) {
      const auto low = std::lower_bound(codes.begin(), codes.end(), node.first_code());
      return std::span<const Code>(low, std::lower_bound(low, codes.end(), node.end_code()));
    };
    return refine_node(node, inside(sources), inside(targets), ncrit, max_level, splits);
  }
  splits.push_back(node);
  for (int octant = 0; octant < 8; ++octant)
    refine_shared(node.child(octant), shared, range, sources, targets, ncrit, max_level, splits);
}

void sort_unique(std::vector<NodeKey>& keys) {
  std::sort(keys.begin(), keys.end());
  keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
}

}  // namespace

std::vector<NodeKey> refine(const SharedNodes& shared, CodeRange range, std::span<const Code> sources,
                            std::span<const Code> targets, Index ncrit, int max_level) {
  std::vector<NodeKey> splits;
  refine_shared(NodeKey::root(), shared, range, sources, targets, ncrit, max_level, splits);
  std::sort(splits.begin(), splits.end());
  return splits;
}

std::vector<NodeKey> two_to_one_closure(std::span<const NodeKey> splits) {
  std::vector<std::vector<NodeKey>> levels(morton::kDepth + 1);
  for (NodeKey key : splits) levels[static_cast<std::size_t>(key.level())].push_back(key);
  for (std::size_t level = levels.size() - 1; level > 0; --level) {
    sort_unique(levels[level]);
    std::vector<NodeKey>& above = levels[level - 1];
    for (NodeKey key : levels[level]) {
      // The parents of all 27 neighbours are the 2 x 2 x 2 nodes around the corner of the parent at which key
      // lies.
      const NodeKey parent = key.parent();
      const int o = key.octant();
      const int sx = o & 1 ? 1 : -1, sy = o & 2 ? 1 : -1, sz = o & 4 ? 1 : -1;
      for (int corner = 0; corner < 8; ++corner) {
        const auto neighbour =
            parent.neighbour(corner & 1 ? sx : 0, corner & 2 ? sy : 0, corner & 4 ? sz : 0);
        if (neighbour) above.push_back(*neighbour);
      }
    }
  }
  std::vector<NodeKey> closed;
  sort_unique(levels[0]);
  for (const auto& level : levels) closed.insert(closed.end(), level.begin(), level.end());
  return closed;
}

std::vector<NodeKey> merge_keys(std::span<const NodeKey> a, std::span<const NodeKey> b) {
  std::vector<NodeKey> merged;
  merged.reserve(a.size() + b.size());
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(merged));
  return merged;
}

std::vector<NodeKey> leaves_of(std::span<const NodeKey> splits, CodeRange range) {
  std::vector<NodeKey> leaves;
  const auto is_split = [&](NodeKey key) { return std::binary_search(splits.begin(), splits.end(), key); };
  if (!is_split(NodeKey::root()) && range.overlaps(NodeKey::root())) leaves.push_back(NodeKey::root());
  for (NodeKey split : splits)
    for (int octant = 0; octant < 8; ++octant) {
      const NodeKey child = split.child(octant);
      if (range.overlaps(child) && !is_split(child)) leaves.push_back(child);
    }
  std::sort(leaves.begin(), leaves.end(),
            [](NodeKey a, NodeKey b) { return a.first_code() < b.first_code(); });
  return leaves;
}

std::uint64_t leaf_hash(std::span<const NodeKey> leaves) {
  std::uint64_t sum = 0;
  for (NodeKey leaf : leaves) {  // splitmix64's finaliser
    std::uint64_t h = leaf.bits + 0x9e3779b97f4a7c15;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9;
    h = (h ^ h >> 27) * 0x94d049bb133111eb;
    sum += h ^ h >> 31;
  }
  return sum;
}

bool tiles(std::span<const NodeKey> leaves, CodeRange range) {
  Code next = range.first;
  for (NodeKey leaf : leaves) {
    if (leaf.first_code() != next) return false;
    next = leaf.end_code();
  }
  return next == range.end;
}

bool is_two_to_one(std::span<const NodeKey> all_leaves) {
  // The leaf that covers a same-level neighbour of a leaf may be at most one level coarser.
  for (NodeKey leaf : all_leaves)
    for (int direction = 0; direction < 27; ++direction) {
      const auto neighbour = leaf.neighbour(direction);
      if (!neighbour) continue;
      auto cover = std::upper_bound(all_leaves.begin(), all_leaves.end(), neighbour->first_code(),
                                    [](Code code, NodeKey key) { return code < key.first_code(); });
      if (cover == all_leaves.begin()) return false;
      if ((--cover)->level() < leaf.level() - 1) return false;
    }
  return true;
}

}  // namespace octopole::tree
