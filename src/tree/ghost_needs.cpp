#include "tree/ghost_needs.hpp"

#include <algorithm>
#include <cmath>

namespace octopole::tree {
namespace {

// Flags of the nodes of other ranks that occur in the lists.
std::vector<std::uint8_t> named_by(const EssentialTree& tree, int rank, const NodeLists& lists) {
  std::vector<std::uint8_t> named(tree.keys.size(), 0);
  for (const NodeIndex node : lists.items)
    if (tree.owner[at(node)] != rank) named[at(node)] = 1;
  return named;
}

template <class Wanted>
std::vector<NodeIndex> by_owner(const EssentialTree& tree, Wanted&& wanted) {
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (wanted(at(node))) nodes.push_back(node);
  std::stable_sort(nodes.begin(), nodes.end(),
                   [&](NodeIndex x, NodeIndex y) { return tree.owner[at(x)] < tree.owner[at(y)]; });
  return nodes;
}

}  // namespace

Index default_allgather_threshold(int ranks, Index row_bytes) {
  const double x = static_cast<double>(row_bytes) / static_cast<double>(kMessageBytes);
  return std::max<Index>(24, std::llround(ranks * std::sqrt(x / (1 + x)) / 6));
}

Index count_ranks_around(const Partition& partition, NodeKey node) {
  std::vector<std::pair<int, int>> holders;
  for (int direction = 0; direction < 27; ++direction)
    if (const auto near = node.neighbour(direction)) holders.push_back(partition.holders(*near));
  std::sort(holders.begin(), holders.end());
  Index count = 0;
  int next = 0;  // ranks below it are already counted, or not around the node
  for (const auto& [first, last] : holders) {
    count += std::max(0, last + 1 - std::max(first, next));
    next = std::max(next, last + 1);
  }
  return count;
}

std::vector<std::uint8_t> find_coarse(const EssentialTree& tree, const Partition& partition,
                                      Index allgather_threshold) {
  std::vector<std::uint8_t> coarse(tree.keys.size(), 0), crowded(tree.keys.size(), 0);
  if (allgather_threshold >= partition.ranks()) return coarse;
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const NodeIndex parent = tree.parent[at(node)];
    const bool below_crowded = parent == kNoNode || crowded[at(parent)];
    if (!below_crowded) continue;
    coarse[at(node)] = tree.anchors[at(node)].level >= kFirstLevel;
    crowded[at(node)] =
        !tree.leaf[at(node)] && count_ranks_around(partition, tree.keys[at(node)]) > allgather_threshold;
  }
  return coarse;
}

GhostNeeds find_ghost_needs(const EssentialTree& tree, int rank, const NodeLists& v,
                            const OperatorLists& operator_lists, const std::vector<std::uint8_t>& coarse,
                            bool float_wire) {
  const auto by_v = named_by(tree, rank, v), by_m2p = named_by(tree, rank, operator_lists.m2p);
  const auto ordinary = [&](std::size_t node) {
    return float_wire ? by_v[node] && !by_m2p[node] : by_v[node] || by_m2p[node];
  };
  GhostNeeds needs;
  needs.multipoles = by_owner(tree, [&](std::size_t node) { return ordinary(node) && !coarse[node]; });
  needs.coarse = by_owner(tree, [&](std::size_t node) { return ordinary(node) && coarse[node]; });
  if (float_wire) needs.double_wire = by_owner(tree, [&](std::size_t node) { return by_m2p[node]; });
  const auto by_p2p = named_by(tree, rank, operator_lists.p2p),
             by_p2l = named_by(tree, rank, operator_lists.p2l);
  needs.sources = by_owner(tree, [&](std::size_t node) { return by_p2p[node] || by_p2l[node]; });
  return needs;
}

std::vector<NodeIndex> own_coarse_nodes(const EssentialTree& tree, int rank,
                                        const std::vector<std::uint8_t>& coarse) {
  std::vector<NodeIndex> nodes;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    if (coarse[at(node)] && tree.has_source[at(node)] && tree.owner[at(node)] == rank) nodes.push_back(node);
  return nodes;
}

}  // namespace octopole::tree
