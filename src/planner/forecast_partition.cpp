#include "planner/forecast_partition.hpp"

#include <algorithm>
#include <numeric>

#include "cost/leaf_cost.hpp"
#include "cost/load_balance.hpp"
#include "distributed/global_tree.hpp"
#include "planner/virtual_rank.hpp"

namespace octopole {
namespace {

using morton::Code;
using tree::NodeKey;
using tree::Partition;

/// The leaves of some consecutive ranks and their weights.
struct WeighedLeaves {
  std::vector<std::vector<NodeKey>> leaves;  // by rank
  std::vector<std::vector<Index>> weights;
};

WeighedLeaves weigh(const ForecastRequest& request, const Partition& partition, std::span<const int> ranks) {
  const Parameters& parameters = request.parameters;
  WeighedLeaves weighed;
  weighed.leaves.resize(ranks.size());
  std::vector<std::vector<double>> seconds(ranks.size());
  visit_ranks(request, partition, ranks, [&](std::size_t i, VirtualRank& rank) {
    const RankLists lists = rank.lists();
    const WorkLists work = make_work_lists(lists, rank.ends, static_cast<Index>(lists.tree.size()));
    std::vector<OperationCounts> by_node = count_by_node(lists, work, parameters.operators);
    for (NodeIndex node = 0; node < lists.tree.size(); ++node)
      if (!rank.counts_here(lists.tree.keys[at(node)])) by_node[at(node)] = upward_part(by_node[at(node)]);
    weighed.leaves[i].assign(rank.leaves().begin(), rank.leaves().end());
    seconds[i] = leaf_seconds(lists, partition.range(rank.lists().rank), weighed.leaves[i], by_node,
                              count_families_in(lists, work, {}, parameters.operators), parameters,
                              request.points.targets_are_sources());
  });
  double largest = 0;
  for (const auto& of_rank : seconds)
    largest = std::max(largest, std::accumulate(of_rank.begin(), of_rank.end(), 0.0));
  for (const auto& of_rank : seconds)
    weighed.weights.push_back(whole_weights(of_rank, largest, request.ranks));
  return weighed;
}

Index sum(const std::vector<Index>& weights) {
  return std::accumulate(weights.begin(), weights.end(), Index{0});
}

/// Splitters of equal shares, one fewer than shares.
std::vector<Code> cut(const WeighedLeaves& weighed, int shares) {
  Index total = 0, before = 0;
  for (const auto& weights : weighed.weights) total += sum(weights);
  std::vector<Code> splitters;
  for (std::size_t i = 0; i < weighed.leaves.size(); before += sum(weighed.weights[i++])) {
    const auto here = tree::splitters_among(weighed.leaves[i], weighed.weights[i], before, total, shares);
    splitters.insert(splitters.end(), here.begin(), here.end());
  }
  return splitters;
}

/// The partition that divide_by_work finds in a run, if it is better.
std::optional<Partition> better_partition(const ForecastRequest& request, const Partition& partition) {
  std::vector<int> ranks(static_cast<std::size_t>(request.ranks));
  std::iota(ranks.begin(), ranks.end(), 0);
  const WeighedLeaves weighed = weigh(request, partition, ranks);
  const Partition better = tree::partition_at(cut(weighed, request.ranks), request.ranks);
  std::vector<Index> before, after(ranks.size(), 0);
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    before.push_back(sum(weighed.weights[i]));
    for (std::size_t leaf = 0; leaf < weighed.leaves[i].size(); ++leaf)
      after[static_cast<std::size_t>(better.owner(weighed.leaves[i][leaf].first_code()))] +=
          weighed.weights[i][leaf];
  }
  const auto heaviest = [](const std::vector<Index>& parts) {
    return static_cast<double>(*std::max_element(parts.begin(), parts.end()));
  };
  if (heaviest(after) < (1 - kWorthMoving) * heaviest(before)) return better;
  return std::nullopt;
}

/// The leaf boundary before which the number of points is closest to `points`.
Code boundary_after(const ForecastRequest& request, Index points) {
  tree::NodeCounts counts(request.points, request.parameters.ncrit, request.parameters.max_level);
  tree::TwoToOneTree tree(counts, request.parameters.balance);
  NodeKey node = NodeKey::root();
  Index before = 0;
  while (tree.is_split(node)) {
    int octant = 0;
    for (; octant < 7; ++octant) {
      const Index here = counts.count(node.child(octant)).sources;
      if (before + here >= points) break;
      before += here;
    }
    node = node.child(octant);
  }
  return points - before <= before + counts.count(node).sources - points ? node.first_code()
                                                                         : node.end_code();
}

/// Divides each of the sample's groups by work.
void divide_groups(const ForecastRequest& request, std::span<const int> sample, Partition& partition) {
  const Index points = request.points.root().count().sources;
  const auto share = [&](int rank) {  // points before a rank; products may exceed 64 bits
    return static_cast<Index>(static_cast<long double>(points) * rank / request.ranks);
  };
  int done = 0;  // ranks below this one are divided
  for (const int rank : sample) {
    if (rank < done) continue;
    const int first = rank / kGroup * kGroup, end = std::min(request.ranks, first + kGroup);
    done = end;
    Partition exact = partition;
    const auto set = [&](int bound, Code code) { exact.bounds[static_cast<std::size_t>(bound)] = code; };
    if (first > 0) set(first, boundary_after(request, share(first)));
    if (end < request.ranks) set(end, boundary_after(request, share(end)));
    if (!std::is_sorted(exact.bounds.begin(), exact.bounds.end())) continue;
    std::vector<int> ranks(static_cast<std::size_t>(end - first));
    std::iota(ranks.begin(), ranks.end(), first);
    const std::vector<Code> splitters = cut(weigh(request, exact, ranks), end - first);
    if (splitters.size() + 1 != ranks.size()) continue;  // nothing to divide
    for (std::size_t i = 0; i < splitters.size(); ++i) set(first + 1 + static_cast<int>(i), splitters[i]);
    partition = std::move(exact);
  }
}

}  // namespace

ForecastPartition partition_forecast(const ForecastRequest& request) {
  const Parameters& parameters = request.parameters;
  ForecastPartition parts;
  {
    const Index share = request.points.root().count().largest() /
                        (distributed::parts_per_rank(request.ranks) * Index{request.ranks});
    const tree::CountTree coarse =
        tree::grow_count_tree(request.points, std::max<Index>(parameters.ncrit, share), parameters.max_level);
    parts.count_tree_bytes = static_cast<Index>(coarse.bytes());
    parts.partition = tree::divide(coarse, tree::point_weights(coarse), request.ranks);
  }
  parts.ranks = sample_ranks(parts.partition, request.sample);
  if (request.ranks == 1 || parameters.balance_by != BalanceBy::work) return parts;
  if (static_cast<int>(parts.ranks.size()) < request.ranks) {
    divide_groups(request, parts.ranks, parts.partition);
    parts.moved = true;
  } else if (std::optional<Partition> better = better_partition(request, parts.partition)) {
    parts.partition = std::move(*better);
    parts.moved = true;
  }
  return parts;
}

}  // namespace octopole
