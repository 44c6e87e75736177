#include "tree/partition.hpp"

#include <algorithm>

namespace octopole::tree {

int Partition::owner(Code code) const {
  return static_cast<int>(std::upper_bound(bounds.begin(), bounds.end() - 1, code) - bounds.begin()) - 1;
}

std::vector<Code> splitters_among(std::span<const NodeKey> leaves, std::span<const Index> weights,
                                  Index before, Index total, int ranks) {
  std::vector<Code> splitters;
  if (total == 0) return splitters;
  const auto share = [&](Index rank) {  // total * rank / ranks, without overflow
    return total / ranks * rank + total % ranks * rank / ranks;
  };
  Index rank = 1;  // the first with share(rank) >= before
  {
    Index low = 1, high = ranks;
    while (low < high) {
      const Index middle = low + (high - low) / 2;
      if (share(middle) < before)
        low = middle + 1;
      else
        high = middle;
    }
    rank = low;
  }
  for (std::size_t leaf = 0; leaf < leaves.size(); before += weights[leaf++])
    for (; rank < ranks && share(rank) - before < weights[leaf]; ++rank)
      splitters.push_back(2 * (share(rank) - before) >= weights[leaf] ? leaves[leaf].end_code()
                                                                      : leaves[leaf].first_code());
  return splitters;
}

Partition partition_at(std::span<const Code> splitters, int ranks) {
  Partition partition;
  partition.bounds.reserve(static_cast<std::size_t>(ranks) + 1);
  partition.bounds.push_back(0);
  partition.bounds.insert(partition.bounds.end(), splitters.begin(), splitters.end());
  partition.bounds.resize(static_cast<std::size_t>(ranks) + 1, morton::kCodeEnd);
  return partition;
}

Partition divide(const CountTree& tree, std::span<const Index> weights, int ranks) {
  std::vector<NodeKey> leaves;
  for (const std::size_t leaf : tree.leaves()) leaves.push_back(tree.nodes()[leaf]);
  Index total = 0;
  for (const Index weight : weights) total += weight;
  return partition_at(splitters_among(leaves, weights, 0, total, ranks), ranks);
}

std::vector<Index> point_weights(const CountTree& tree) {
  std::vector<Index> weights;
  for (std::size_t leaf : tree.leaves())
    weights.push_back(tree.counts()[leaf].sources + tree.counts()[leaf].targets);
  return weights;
}

std::vector<NodeKey> shared_keys(const Partition& partition) {
  std::vector<NodeKey> keys;
  Code previous = 0;
  for (int rank = 1; rank < partition.ranks(); ++rank) {
    const Code splitter = partition.range(rank).first;
    if (splitter == previous || splitter == morton::kCodeEnd) continue;
    for (int level = 0; level < morton::kDepth; ++level) {
      const NodeKey node = NodeKey::containing(splitter, level);
      if (node.first_code() == splitter) break;    // the same holds for its descendants
      if (node.first_code() < previous) continue;  // contains the previous splitter: already added
      keys.push_back(node);
    }
    previous = splitter;
  }
  std::sort(keys.begin(), keys.end());
  return keys;
}

bool SharedNodes::contains(NodeKey key) const {
  return std::binary_search(keys.begin(), keys.end(), key);
}

const Count& SharedNodes::count(NodeKey key) const {
  return counts[static_cast<std::size_t>(std::lower_bound(keys.begin(), keys.end(), key) - keys.begin())];
}

SharedNodes shared_nodes(const CountTree& tree, const Partition& partition, int rank) {
  SharedNodes shared{shared_keys(partition), {}};
  std::erase_if(shared.keys, [&](NodeKey key) { return !partition.range(rank).overlaps(key); });
  for (const NodeKey key : shared.keys) shared.counts.push_back(tree.count(key));
  return shared;
}

}  // namespace octopole::tree
