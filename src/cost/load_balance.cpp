#include "cost/load_balance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cost/leaf_cost.hpp"
#include "distributed/global_tree.hpp"

namespace octopole {
namespace {

/// The part of one rank under a candidate partition.
struct Part {
  Index weight = 0;
  OperationCounts owned;
};

/// This rank's part under `partition`: its weights and owned_operations, summed over all ranks that now hold
/// them.
Part gather_part(const mpi::Comm& comm, const tree::Partition& partition,
                 std::span<const tree::NodeKey> leaves, std::span<const Index> weights, tree::CodeRange range,
                 const tree::EssentialTree& tree, std::span<const OperationCounts> by_node) {
  std::vector<Part> parts;
  std::vector<Index> counts(static_cast<std::size_t>(comm.size()), 0);
  const int first = range.first < range.end ? partition.owner(range.first) : 0,
            last = range.first < range.end ? partition.owner(range.end - 1) : -1;
  const int met = last + 1 - first;
  parts.resize(static_cast<std::size_t>(met));
  for (int rank = first; rank <= last; ++rank) counts[static_cast<std::size_t>(rank)] = 1;
  const auto part_of = [&](morton::Code code) -> Part& {
    return parts[static_cast<std::size_t>(partition.owner(code) - first)];
  };
  for (std::size_t leaf = 0; leaf < leaves.size(); ++leaf)
    part_of(leaves[leaf].first_code()).weight += weights[leaf];
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    const OperationCounts& here = by_node[at(node)];
    if (here == OperationCounts{}) continue;
    const tree::NodeKey key = tree.keys[at(node)];
    part_of(place_of(key, range)).owned += partition.is_shared(key) ? upward_part(here) : here;
  }
  Part mine;
  for (const Part& part : comm.all_to_all(std::span<const Part>(parts), counts)) {
    mine.weight += part.weight;
    mine.owned += part.owned;
  }
  return mine;
}

}  // namespace

OperationCounts upward_part(const OperationCounts& counts) {
  OperationCounts part;
  part.sources = counts.sources;
  part.source_leaves = counts.source_leaves;
  part.m2m_children = counts.m2m_children;
  return part;
}

OperationCounts downward_part(const OperationCounts& counts) {
  OperationCounts part = counts;
  part.sources = part.source_leaves = part.m2m_children = 0;
  return part;
}

OperationCounts owned_operations(std::span<const OperationCounts> by_node, const tree::EssentialTree& tree,
                                 const tree::Partition& partition) {
  OperationCounts sum;
  for (NodeIndex node = 0; node < tree.size(); ++node)
    sum += partition.is_shared(tree.keys[at(node)]) ? upward_part(by_node[at(node)]) : by_node[at(node)];
  return sum;
}

std::vector<Index> whole_weights(std::span<const double> seconds, double largest, int ranks) {
  std::vector<Index> weights(seconds.size(), 0);
  if (!(largest > 0) || !std::isfinite(largest)) return weights;
  const int exponent = 60 - std::ilogb(largest) - std::ilogb(static_cast<double>(ranks)) - 2;
  for (std::size_t i = 0; i < seconds.size(); ++i)
    weights[i] = static_cast<Index>(std::ldexp(seconds[i], exponent));
  return weights;
}

std::optional<tree::Partition> divide_by_work(const mpi::Comm& comm, const RankLists& lists,
                                              const OperatorNodes& operator_nodes,
                                              const tree::Partition& partition,
                                              std::span<const tree::NodeKey> leaves,
                                              const Parameters& parameters, bool targets_are_sources,
                                              LoadBalanceResult& balance) {
  const tree::CodeRange range = partition.range(comm.rank());
  const distributed::SharedOnce once(comm, partition, lists.tree);
  std::vector<OperationCounts> by_node = count_by_node(lists, operator_nodes, parameters.operators);
  const double families_in = count_families_in(lists, operator_nodes, {}, parameters.operators);
  for (const OperationCounts& node : by_node) balance.by_points += node;
  balance.by_points.families_in = families_in;
  for (NodeIndex node = 0; node < lists.tree.size(); ++node)
    if (!once.counts_here(lists.tree.keys[at(node)])) by_node[at(node)] = upward_part(by_node[at(node)]);

  const std::vector<double> seconds =
      leaf_seconds(lists, range, leaves, by_node, families_in, parameters, targets_are_sources);
  const double mine = std::accumulate(seconds.begin(), seconds.end(), 0.0);
  const std::vector<Index> weights = whole_weights(seconds, comm.max(mine), comm.size());
  tree::Partition better = distributed::divide_by_weight(comm, leaves, weights);

  const auto part_under = [&](const tree::Partition& candidate) {
    return gather_part(comm, candidate, leaves, weights, range, lists.tree, by_node);
  };
  const Part before = part_under(partition), after = part_under(better);
  const double heaviest_before = static_cast<double>(comm.max(before.weight)),
               heaviest_after = static_cast<double>(comm.max(after.weight));
  balance.moved = heaviest_after < (1 - kWorthMoving) * heaviest_before;
  balance.predicted = balance.moved ? after.owned : before.owned;
  if (!balance.moved) return std::nullopt;
  return better;
}

}  // namespace octopole
