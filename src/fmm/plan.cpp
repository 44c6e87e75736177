#include "octopole/fmm/plan.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <exception>
#include <numeric>

#include "octopole/fmm/balance.hpp"
#include "octopole/parallel/partition_points.hpp"
#include "plan_callers.hpp"
#include "virtual_rank.hpp"

namespace octopole {
namespace {

using tree::NodeKey;
using tree::Partition;

/// What all ranks with targets in shared nodes say of them, put together.
class Agreement {
 public:
  explicit Agreement(const Partition& partition) : keys_(tree::shared_keys(partition)), flags_(keys_.size()) {
    for (auto& flag : flags_) flag = 1;
  }
  /// Tells what a rank says; false where it says yes of a node, so that others may say no.
  bool tell(const VirtualRank& rank) {
    bool certain = true;
    each(rank, [&](std::size_t place, NodeIndex node) {
      if (rank.ends[at(node)])
        certain = false;
      else
        flags_[place] = 0;
    });
    return certain;
  }
  void apply(VirtualRank& rank) const {
    each(rank, [&](std::size_t place, NodeIndex node) { rank.ends[at(node)] = flags_[place]; });
  }

 private:
  template <class F>
  void each(const VirtualRank& rank, F&& f) const {
    const tree::EssentialTree& tree = rank.lists().tree;
    for (NodeIndex node = 0; node < tree.size(); ++node) {
      if (!tree.has_target[at(node)] || tree.leaf[at(node)]) continue;
      const auto place = std::lower_bound(keys_.begin(), keys_.end(), tree.keys[at(node)]);
      if (place != keys_.end() && *place == tree.keys[at(node)])
        f(static_cast<std::size_t>(place - keys_.begin()), node);
    }
  }
  std::vector<NodeKey> keys_;
  std::vector<std::atomic<std::uint8_t>> flags_;
};

/// visit(rank) for all `ranks`, with the ends that all agree on; ranks whose own view does not decide come
/// last, once all others have told theirs.
template <class Visit>
void visit_ranks(const PlanRequest& request, const Partition& partition, std::span<const int> ranks,
                 const Visit& visit) {
  Agreement agreement(partition);
  std::vector<std::uint8_t> waiting(ranks.size(), 0);
  std::exception_ptr failure;
  const auto look = [&](bool again) {
#pragma omp parallel for schedule(dynamic)
    for (std::size_t i = 0; i < ranks.size(); ++i) {
      if (again && !waiting[i]) continue;
      try {
        VirtualRank rank(request, partition, ranks[i]);
        if (!again && !agreement.tell(rank)) {
          waiting[i] = 1;
          continue;
        }
        agreement.apply(rank);
        visit(i, rank);
      } catch (...) {
#pragma omp critical
        failure = std::current_exception();
      }
    }
    if (failure) std::rethrow_exception(failure);
  };
  look(false);
  if (std::count(waiting.begin(), waiting.end(), 1) > 0) look(true);
}

/// What divide_by_work does on the ranks of a run.
std::optional<Partition> better_partition(const PlanRequest& request, const Partition& partition,
                                          std::span<const int> ranks) {
  const Parameters& parameters = request.parameters;
  std::vector<std::vector<NodeKey>> leaves(ranks.size());
  std::vector<std::vector<double>> seconds(ranks.size());
  visit_ranks(request, partition, ranks, [&](std::size_t i, VirtualRank& rank) {
    const RankLists lists = rank.lists();
    const WorkLists work = make_work_lists(lists, rank.ends, static_cast<Index>(lists.tree.size()));
    std::vector<WorkCounts> by_node = count_by_node(lists, work, parameters.operators);
    for (NodeIndex node = 0; node < lists.tree.size(); ++node)
      if (!rank.counts_here(lists.tree.keys[at(node)])) by_node[at(node)] = upward_part(by_node[at(node)]);
    leaves[i].assign(rank.leaves().begin(), rank.leaves().end());
    seconds[i] = leaf_seconds(lists, partition.range(rank.lists().rank), leaves[i], by_node,
                              count_families_in(lists, work, {}, parameters.operators), parameters,
                              request.points.same());
  });
  double largest = 0;
  for (const auto& of_rank : seconds)
    largest = std::max(largest, std::accumulate(of_rank.begin(), of_rank.end(), 0.0));
  std::vector<std::vector<Index>> weights;
  std::vector<Index> before(ranks.size()), after(ranks.size(), 0);
  Index total = 0;
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    weights.push_back(whole_weights(seconds[i], largest, request.ranks));
    before[i] = std::accumulate(weights[i].begin(), weights[i].end(), Index{0});
    total += before[i];
  }
  std::vector<morton::Code> splitters;
  Index so_far = 0;
  for (std::size_t i = 0; i < ranks.size(); so_far += before[i++]) {
    const auto here = tree::splitters_among(leaves[i], weights[i], so_far, total, request.ranks);
    splitters.insert(splitters.end(), here.begin(), here.end());
  }
  const Partition better = tree::partition_at(splitters, request.ranks);
  for (std::size_t i = 0; i < ranks.size(); ++i)
    for (std::size_t leaf = 0; leaf < leaves[i].size(); ++leaf)
      after[static_cast<std::size_t>(better.owner(leaves[i][leaf].first_code()))] += weights[i][leaf];
  const auto heaviest = [](const std::vector<Index>& parts) {
    return static_cast<double>(*std::max_element(parts.begin(), parts.end()));
  };
  if (heaviest(after) < (1 - kWorthMoving) * heaviest(before)) return better;
  return std::nullopt;
}

/// What every rank sends: what the others receive from it.
std::vector<std::vector<PeerCount>> transpose(const std::vector<std::vector<PeerCount>>& received) {
  std::vector<std::vector<PeerCount>> sent(received.size());
  for (std::size_t rank = 0; rank < received.size(); ++rank)
    for (const PeerCount& peer : received[rank])
      sent[static_cast<std::size_t>(peer.rank)].push_back({static_cast<int>(rank), peer.count});
  return sent;
}

}  // namespace

std::string_view callers_name(Callers callers) {
  return callers == Callers::owners ? "owners" : "scattered";
}

std::vector<int> sample_ranks(const Partition& partition, int size) {
  const int ranks = partition.ranks();
  std::vector<int> chosen;
  const auto add_evenly = [&](const std::vector<int>& from, int count) {
    const Index n = static_cast<Index>(from.size());
    for (Index i = 0; i < std::min<Index>(count, n); ++i)
      chosen.push_back(from[static_cast<std::size_t>((2 * i + 1) * n / (2 * std::min<Index>(count, n)))]);
  };
  std::vector<int> all(static_cast<std::size_t>(ranks)), coarse;
  std::iota(all.begin(), all.end(), 0);
  if (size <= 0 || size >= ranks) return all;
  for (morton::Code cell = 0; cell < 64; ++cell)
    coarse.push_back(partition.owner(NodeKey::containing(cell << (3 * (morton::kDepth - 2)), 2)));
  coarse.erase(std::unique(coarse.begin(), coarse.end()), coarse.end());
  add_evenly(coarse, (size + 1) / 2);
  add_evenly(all, size - static_cast<int>(chosen.size()));
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  return chosen;
}

Plan make_plan(const PlanRequest& request) {
  const Parameters& parameters = request.parameters;
  const OperatorKey& key = parameters.operators;
  const bool all = request.sample <= 0 || request.sample >= request.ranks;
  if (!all && !request.points.same())
    throw Error("a sample of ranks needs targets that are the sources", "look at all ranks");
  Plan plan;
  plan.parameters = parameters;
  plan.points = request.points.root().count();
  plan.same = request.points.same();
  plan.ranks = request.ranks;
  plan.threads = request.threads;
  plan.gradient = request.gradient;

  const Index share =
      plan.points.largest() / (parallel::parts_per_rank(request.ranks) * Index{request.ranks});
  Partition partition;
  {
    const tree::CountTree coarse =
        tree::grow_count_tree(request.points, std::max<Index>(parameters.ncrit, share), parameters.max_level);
    partition = tree::divide(coarse, tree::point_weights(coarse), request.ranks);
  }
  const std::vector<int> ranks = sample_ranks(partition, request.sample);
  if (all && request.ranks > 1 && parameters.balance_by == BalanceBy::work)
    if (std::optional<Partition> better = better_partition(request, partition, ranks)) {
      partition = std::move(*better);
      plan.moved = true;
    }

  const std::size_t n = ranks.size();
  plan.looked_at.resize(n);
  std::vector<std::array<Traffic, kExchanges>> traffic(n);
  std::vector<std::vector<PeerCount>> multipoles(n), points(n), asked_multipoles(n), asked_points(n);
  visit_ranks(request, partition, ranks, [&](std::size_t i, VirtualRank& rank) {
    GhostPeers needs = rank.place_ghosts();
    multipoles[i] = std::move(needs.multipoles);
    points[i] = std::move(needs.points);
    if (!all) {
      GhostPeers asked = rank.asked_of_it();
      asked_multipoles[i] = std::move(asked.multipoles);
      asked_points[i] = std::move(asked.points);
    }
    plan.looked_at[i] = rank.count(traffic[i][static_cast<std::size_t>(Exchange::ancestors)]);
  });
  if (all) {
    asked_multipoles = transpose(multipoles);
    asked_points = transpose(points);
  }
  std::vector<Index> places(static_cast<std::size_t>(request.ranks) + 1, 0);  // of the collective's records
  {
    tree::NodeCounts counts(request.points, parameters.ncrit, parameters.max_level);
    tree::BalancedTree tree(counts, parameters.balance);
    const std::vector<Index> own =
        tree::count_coarse_nodes(tree, partition, parameters.multipole_rule(request.ranks).coarse_users);
    std::partial_sum(own.begin(), own.end(), places.begin() + 1);
  }
  const CallerTraffic callers(request, partition);
  const std::size_t real = static_cast<std::size_t>(key.precision);
  for (std::size_t i = 0; i < n; ++i) {
    std::array<Traffic, kExchanges>& t = traffic[i];
    const auto of = [&](Exchange exchange) -> Traffic& { return t[static_cast<std::size_t>(exchange)]; };
    of(Exchange::ghost_charges) = traffic_of(ranks[i], asked_points[i], points[i], real);
    of(Exchange::ghost_multipoles) =
        traffic_of(ranks[i], asked_multipoles[i], multipoles[i], multipole_bytes(parameters, true));
    of(Exchange::coarse_multipoles) = gather_traffic(ranks[i], places, multipole_bytes(parameters, true));
    callers.add(ranks[i], real, t);
    plan.looked_at[i].traffic = callers.complete(RankTraffic(t, {}), ranks[i]);
  }
  return plan;
}

}  // namespace octopole
