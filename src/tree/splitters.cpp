#include "octopole/tree/splitters.hpp"

#include <algorithm>

namespace octopole::tree {

int Partition::owner(Code code) const {
  return static_cast<int>(std::upper_bound(bounds.begin(), bounds.end() - 1, code) - bounds.begin()) - 1;
}

Partition divide(const CountTree& tree, std::span<const double> weights, int ranks) {
  const std::vector<std::size_t> leaves = tree.leaves();
  double total = 0;
  for (double w : weights) total += w;

  Partition partition;
  partition.bounds.assign(1, 0);
  double before = 0;  // weight of the leaves before `next`
  std::size_t next = 0;
  for (int rank = 1; rank < ranks; ++rank) {
    const double share = total * rank / ranks;
    while (next < leaves.size() && before + weights[next] / 2 <= share) before += weights[next++];
    partition.bounds.push_back(next < leaves.size() ? tree.nodes()[leaves[next]].first_code()
                                                    : morton::kCodeEnd);
  }
  partition.bounds.push_back(morton::kCodeEnd);
  return partition;
}

std::vector<NodeKey> shared_nodes(const CountTree& tree, const Partition& partition) {
  std::vector<NodeKey> shared = tree.splits();
  std::erase_if(shared, [&](NodeKey key) {
    const auto [first, last] = partition.holders(key);
    return first == last;
  });
  return shared;
}

std::vector<double> point_weights(const CountTree& tree) {
  std::vector<double> weights;
  for (std::size_t leaf : tree.leaves())
    weights.push_back(static_cast<double>(tree.counts()[leaf].sources + tree.counts()[leaf].targets));
  return weights;
}

}  // namespace octopole::tree
