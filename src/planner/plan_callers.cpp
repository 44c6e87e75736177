#include "planner/plan_callers.hpp"

#include <algorithm>
#include <cmath>

#include "base/threads.hpp"

namespace octopole {

CallerTraffic::CallerTraffic(const PlanRequest& request, const tree::Partition& partition)
    : request_(request) {
  if (request.sources) {
    sources_ = list(*request.sources, partition);
    if (request.targets) targets_ = list(*request.targets, partition);
    return;
  }
  if (request.callers != Callers::scattered) return;
  tree::NodeCounts counts(request.points, request.parameters.ncrit, request.parameters.max_level);
  tree::Count before;
  for (int rank = 0; rank < partition.ranks(); ++rank) {
    const tree::Count end = counts.before(partition.range(rank).end);
    owned_.push_back({end.sources - before.sources, end.targets - before.targets});
    before = end;
  }
}

CallerTraffic::Lists CallerTraffic::list(const ListedPoints& points, const tree::Partition& partition) {
  const std::size_t ranks = static_cast<std::size_t>(partition.ranks());
  Lists lists{std::vector<std::vector<PeerCount>>(ranks), std::vector<std::vector<PeerCount>>(ranks)};
  parallel_for(static_cast<Index>(ranks), 1, [&](Index number) {
    const auto caller = static_cast<std::size_t>(number);
    std::vector<int> owners;
    for (Index i = points.bounds[caller]; i < points.bounds[caller + 1]; ++i)
      owners.push_back(partition.owner(points.codes[static_cast<std::size_t>(i)]));
    std::sort(owners.begin(), owners.end());
    for (const int owner : owners) {
      std::vector<PeerCount>& peers = lists.to_owners[caller];
      if (peers.empty() || peers.back().rank != owner) peers.push_back({owner, 0});
      ++peers.back().count;
    }
  });
  for (std::size_t caller = 0; caller < ranks; ++caller)
    for (const PeerCount& peer : lists.to_owners[caller])
      lists.from_callers[static_cast<std::size_t>(peer.rank)].push_back(
          {static_cast<int>(caller), peer.count});
  return lists;
}

void CallerTraffic::add(int rank, std::size_t real, std::array<Traffic, kExchanges>& traffic) const {
  if (!sources_) return;
  const std::size_t r = static_cast<std::size_t>(rank);
  const Lists& results = targets_ ? *targets_ : *sources_;
  const auto of = [&](Exchange exchange) -> Traffic& { return traffic[static_cast<std::size_t>(exchange)]; };
  of(Exchange::charges) = traffic_of(rank, sources_->to_owners[r], sources_->from_callers[r], real);
  of(Exchange::potential) = traffic_of(rank, results.from_callers[r], results.to_owners[r], sizeof(double));
  if (request_.parameters.gradient())
    of(Exchange::gradient) =
        traffic_of(rank, results.from_callers[r], results.to_owners[r], 3 * sizeof(double));
}

TrafficCounts CallerTraffic::expected(Index total, Index owned, Index bytes, bool outward) const {
  const double ranks = request_.ranks, block = static_cast<double>(total) / ranks,
               mine = static_cast<double>(owned);
  TrafficCounts counts;
  const auto to_owners = static_cast<Index>(std::llround(block * (1 - mine / static_cast<double>(total)))),
             from_callers = static_cast<Index>(std::llround(mine * (1 - 1 / ranks)));
  counts.bytes_sent = bytes * (outward ? to_owners : from_callers);
  counts.bytes_received = bytes * (outward ? from_callers : to_owners);
  counts.messages_sent = std::min<Index>(request_.ranks - 1, outward ? to_owners : from_callers);
  counts.messages_received = std::min<Index>(request_.ranks - 1, outward ? from_callers : to_owners);
  counts.peers = std::max(counts.messages_sent, counts.messages_received);
  return counts;
}

RankTraffic CallerTraffic::complete(RankTraffic traffic, int rank) const {
  if (owned_.empty() || request_.ranks == 1) return traffic;
  const tree::Count total = request_.points.root().count(), owned = owned_[static_cast<std::size_t>(rank)];
  const auto put = [&](Exchange exchange, const TrafficCounts& counts) {
    traffic.exchanges[static_cast<std::size_t>(exchange)] = counts;
    TrafficCounts& all = traffic.evaluation;
    all.bytes_sent += counts.bytes_sent;
    all.bytes_received += counts.bytes_received;
    all.messages_sent += counts.messages_sent;
    all.messages_received += counts.messages_received;
    all.peers = std::max(all.peers, counts.peers);
  };
  const Index real = static_cast<Index>(request_.parameters.operators.precision);
  put(Exchange::charges, expected(total.sources, owned.sources, real, true));
  put(Exchange::potential, expected(total.targets, owned.targets, sizeof(double), false));
  if (request_.parameters.gradient())
    put(Exchange::gradient, expected(total.targets, owned.targets, 3 * sizeof(double), false));
  return traffic;
}

}  // namespace octopole
