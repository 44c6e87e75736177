#include "planner/plan.hpp"
#include "cost/rank_setup.hpp"

#include <algorithm>
#include <numeric>

#include "planner/plan_callers.hpp"
#include "planner/plan_partition.hpp"
#include "planner/visit_ranks.hpp"

namespace octopole {
namespace {

using tree::NodeKey;
using tree::Partition;

constexpr std::size_t kRequestBytes = 16, kPlaceBytes = 3 * sizeof(double);  // as in distributed/ghosts

/// What is requested from every rank: what the others need from it.
std::vector<GhostPeers> transpose(const std::vector<GhostPeers>& needed) {
  std::vector<GhostPeers> asked(needed.size());
  for (const auto list : {&GhostPeers::multipoles, &GhostPeers::points, &GhostPeers::requests})
    for (std::size_t rank = 0; rank < needed.size(); ++rank)
      for (const PeerCount& peer : needed[rank].*list)
        (asked[static_cast<std::size_t>(peer.rank)].*list).push_back({static_cast<int>(rank), peer.count});
  return asked;
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

  const auto [partition, ranks, moved, count_tree_bytes] = divide_plan(request);
  plan.moved = moved;

  const std::size_t n = ranks.size();
  plan.looked_at.resize(n);
  std::vector<std::array<Traffic, kExchanges>> traffic(n);
  std::vector<GhostPeers> needed(n), asked(n);
  std::vector<BorderPeers> border(n);
  visit_ranks(request, partition, ranks, [&](std::size_t i, VirtualRank& rank) {
    needed[i] = rank.place_ghosts();
    if (!all) asked[i] = rank.asked_of_it();
    if (plan.same) border[i] = rank.border();
    plan.looked_at[i] = rank.count(traffic[i][static_cast<std::size_t>(Exchange::ancestors)]);
  });
  if (all) asked = transpose(needed);
  std::vector<Index> places(static_cast<std::size_t>(request.ranks) + 1, 0);  // where ranks' records begin
  {
    tree::NodeCounts counts(request.points, parameters.ncrit, parameters.max_level);
    tree::BalancedTree tree(counts, parameters.balance);
    const std::vector<Index> own =
        tree::count_coarse_nodes(tree, partition, multipole_rule(parameters, request.ranks).coarse_users);
    std::partial_sum(own.begin(), own.end(), places.begin() + 1);
  }
  plan.replicated = replicated_bytes(partition, places.back(), count_tree_bytes, parameters);
  const CallerTraffic callers(request, partition);
  const std::size_t real = static_cast<std::size_t>(key.precision);
  for (std::size_t i = 0; i < n; ++i) {
    std::array<Traffic, kExchanges>& t = traffic[i];
    const auto of = [&](Exchange exchange) -> Traffic& { return t[static_cast<std::size_t>(exchange)]; };
    of(Exchange::ghost_charges) = traffic_of(ranks[i], asked[i].points, needed[i].points, real);
    of(Exchange::ghost_multipoles) =
        traffic_of(ranks[i], asked[i].multipoles, needed[i].multipoles, multipole_bytes(parameters, true));
    of(Exchange::near_sums) = traffic_of(ranks[i], border[i].sent, border[i].received,
                                         (parameters.gradient() ? 4 : 1) * sizeof(double));
    std::array<Traffic, kSetupExchanges> of_setup;
    of_setup[static_cast<std::size_t>(SetupExchange::requests)] =
        traffic_of(ranks[i], needed[i].requests, asked[i].requests, kRequestBytes);
    of_setup[static_cast<std::size_t>(SetupExchange::ghost_coordinates)] =
        traffic_of(ranks[i], asked[i].points, needed[i].points, kPlaceBytes);
    of(Exchange::coarse_multipoles) = gather_traffic(ranks[i], places, multipole_bytes(parameters, true));
    callers.add(ranks[i], real, t);
    plan.looked_at[i].traffic = callers.complete(RankTraffic(t, of_setup), ranks[i]);
  }
  return plan;
}

}  // namespace octopole
