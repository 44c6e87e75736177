#include "planner/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "base/threads.hpp"
#include "cost/leaf_cost.hpp"
#include "cost/load_balance.hpp"
#include "cost/rank_setup.hpp"
#include "distributed/global_tree.hpp"
#include "planner/virtual_rank.hpp"

namespace octopole {
namespace {

using morton::Code;
using tree::NodeKey;
using tree::Partition;

// ---- the partition of the points among the ranks.

/// The partition of a planned run, and the ranks to examine.
struct ForecastPartition {
  tree::Partition partition;
  std::vector<int> ranks;  // ascending
  bool moved = false;      // by work
  Index count_tree_bytes = 0;
};

constexpr int kGroup = 4;  // consecutive ranks of a sample that are divided by work together

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
    const OperatorNodes operator_nodes =
        make_operator_nodes(lists, rank.ends, static_cast<Index>(lists.tree.size()));
    std::vector<OperationCounts> by_node = count_by_node(lists, operator_nodes, parameters.operators);
    for (NodeIndex node = 0; node < lists.tree.size(); ++node)
      if (!rank.counts_here(lists.tree.keys[at(node)])) by_node[at(node)] = upward_part(by_node[at(node)]);
    weighed.leaves[i].assign(rank.leaves().begin(), rank.leaves().end());
    seconds[i] = leaf_seconds(lists, partition.range(rank.lists().rank), weighed.leaves[i], by_node,
                              count_families_in(lists, operator_nodes, {}, parameters.operators), parameters,
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
  tree::NodeCounts counts(request.points, request.parameters.ncrit, request.parameters.options.max_level);
  tree::TwoToOneTree tree(counts, request.parameters.options.two_to_one);
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

/// Finds the partition. If all ranks are examined, it is that of the run itself. In a sample with balance by
/// work, each rank is in a group of kGroup consecutive ranks; groups have equal numbers of points and are
/// divided by work. Real runs also balance work between groups, so this is no better than they are.
ForecastPartition partition_forecast(const ForecastRequest& request) {
  const Parameters& parameters = request.parameters;
  ForecastPartition parts;
  {
    const Index share = request.points.root().count().largest() /
                        (distributed::parts_per_rank(request.ranks) * Index{request.ranks});
    const tree::CountTree coarse = tree::grow_count_tree(
        request.points, std::max<Index>(parameters.ncrit, share), parameters.options.max_level);
    parts.count_tree_bytes = static_cast<Index>(coarse.bytes());
    parts.partition = tree::divide(coarse, tree::point_weights(coarse), request.ranks);
  }
  parts.ranks = sample_ranks(parts.partition, request.sample);
  if (request.ranks == 1 || parameters.options.load_balance != LoadBalance::work) return parts;
  if (static_cast<int>(parts.ranks.size()) < request.ranks) {
    divide_groups(request, parts.ranks, parts.partition);
    parts.moved = true;
  } else if (std::optional<Partition> better = better_partition(request, parts.partition)) {
    parts.partition = std::move(*better);
    parts.moved = true;
  }
  return parts;
}

// ---- the counts.

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

/// Traffic of charges to the owners and of results to the callers.
class CallerTraffic {
 public:
  CallerTraffic(const ForecastRequest& request, const tree::Partition& partition);

  /// Adds the traffic of charges, potential and gradient of a rank, if the callers' points are listed. A
  /// charge has `real` bytes.
  void add(int rank, std::size_t real, std::array<Traffic, kExchanges>& traffic) const;

  /// Adds the expected traffic if the points are scattered; peers are all ranks, and not named.
  RankTraffic complete(RankTraffic traffic, int rank) const;

 private:
  struct Lists {
    std::vector<std::vector<PeerCount>> to_owners, from_callers;
  };
  static Lists list(const ListedPoints& points, const tree::Partition& partition);
  TrafficCounts expected(Index total, Index owned, Index bytes, bool outward) const;

  const ForecastRequest& request_;
  std::optional<Lists> sources_, targets_;
  std::vector<tree::Count> owned_;  // by rank, if scattered
};

CallerTraffic::CallerTraffic(const ForecastRequest& request, const tree::Partition& partition)
    : request_(request) {
  if (request.sources) {
    sources_ = list(*request.sources, partition);
    if (request.targets) targets_ = list(*request.targets, partition);
    return;
  }
  if (request.callers != Callers::scattered) return;
  tree::NodeCounts counts(request.points, request.parameters.ncrit, request.parameters.options.max_level);
  tree::Count before;
  for (int rank = 0; rank < partition.ranks(); ++rank) {
    const tree::Count end = counts.before(partition.range(rank).end);
    owned_.push_back({end.sources - before.sources, end.targets - before.targets});
    before = end;
  }
}

/// Each pass of an evaluation sends its part of the bytes in as many messages.
template <class Counts>
void send_in_passes(Counts& counts, const Parameters& parameters) {
  counts.messages_sent *= parameters.passes();
  counts.messages_received *= parameters.passes();
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
  const auto vectors = static_cast<std::size_t>(request_.parameters.options.vectors),
             strengths = vectors * static_cast<std::size_t>(request_.parameters.strength_parts());
  of(Exchange::charges) =
      traffic_of(rank, sources_->to_owners[r], sources_->from_callers[r], strengths * real);
  const auto components = static_cast<std::size_t>(request_.parameters.components),
             with_pressure = components + request_.parameters.pressure();
  of(Exchange::potential) = traffic_of(rank, results.from_callers[r], results.to_owners[r],
                                       vectors * with_pressure * sizeof(double));
  if (request_.parameters.gradient())
    of(Exchange::gradient) = traffic_of(rank, results.from_callers[r], results.to_owners[r],
                                        vectors * 3 * components * sizeof(double));
  if (request_.parameters.hessian())
    of(Exchange::hessian) =
        traffic_of(rank, results.from_callers[r], results.to_owners[r], vectors * 6 * sizeof(double));
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
  const auto put = [&](Exchange exchange, TrafficCounts counts) {
    send_in_passes(counts, request_.parameters);
    traffic.exchanges[static_cast<std::size_t>(exchange)] = counts;
    TrafficCounts& all = traffic.evaluation;
    all.bytes_sent += counts.bytes_sent;
    all.bytes_received += counts.bytes_received;
    all.messages_sent += counts.messages_sent;
    all.messages_received += counts.messages_received;
    all.peers = std::max(all.peers, counts.peers);
  };
  const Index vectors = request_.parameters.options.vectors,
              real = static_cast<Index>(request_.parameters.operators.precision),
              number = static_cast<Index>(sizeof(double));
  put(Exchange::charges,
      expected(total.sources, owned.sources, vectors * request_.parameters.strength_parts() * real, true));
  const Index components = request_.parameters.components,
              with_pressure = components + request_.parameters.pressure();
  put(Exchange::potential, expected(total.targets, owned.targets, vectors * with_pressure * number, false));
  if (request_.parameters.gradient())
    put(Exchange::gradient, expected(total.targets, owned.targets, vectors * 3 * components * number, false));
  if (request_.parameters.hessian())
    put(Exchange::hessian, expected(total.targets, owned.targets, vectors * 6 * number, false));
  return traffic;
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

Forecast make_forecast(const ForecastRequest& request) {
  const Parameters& parameters = request.parameters;
  const OperatorKey& key = parameters.operators;
  const bool all = request.sample <= 0 || request.sample >= request.ranks;
  if (!all && !request.points.targets_are_sources())
    throw Error("a sample of ranks needs sources = targets", "examine all ranks");
  Forecast forecast;
  forecast.parameters = parameters;
  forecast.points = request.points.root().count();
  forecast.targets_are_sources = request.points.targets_are_sources();
  forecast.ranks = request.ranks;
  forecast.threads = request.threads;

  const auto [partition, ranks, moved, count_tree_bytes] = partition_forecast(request);
  forecast.moved = moved;

  const std::size_t n = ranks.size();
  forecast.examined.resize(n);
  std::vector<std::array<Traffic, kExchanges>> traffic(n);
  std::vector<GhostPeers> needed(n), asked(n);
  std::vector<BorderPeers> border(n);
  visit_ranks(request, partition, ranks, [&](std::size_t i, VirtualRank& rank) {
    needed[i] = rank.place_ghosts();
    if (!all) asked[i] = rank.asked_of_it();
    if (forecast.targets_are_sources) border[i] = rank.border();
    forecast.examined[i] = rank.count(traffic[i][static_cast<std::size_t>(Exchange::ancestors)]);
  });
  if (all) asked = transpose(needed);
  std::vector<Index> places(static_cast<std::size_t>(request.ranks) + 1, 0);  // where ranks' records begin
  {
    tree::NodeCounts counts(request.points, parameters.ncrit, parameters.options.max_level);
    tree::TwoToOneTree tree(counts, parameters.options.two_to_one);
    const std::vector<Index> own = tree::count_coarse_nodes(
        tree, partition, multipole_rule(parameters, request.ranks).allgather_threshold);
    std::partial_sum(own.begin(), own.end(), places.begin() + 1);
  }
  forecast.replicated = replicated_bytes(partition, places.back(), count_tree_bytes, parameters);
  const CallerTraffic callers(request, partition);
  const std::size_t real = static_cast<std::size_t>(key.precision);
  for (std::size_t i = 0; i < n; ++i) {
    std::array<Traffic, kExchanges>& t = traffic[i];
    const auto of = [&](Exchange exchange) -> Traffic& { return t[static_cast<std::size_t>(exchange)]; };
    const auto vectors = static_cast<std::size_t>(parameters.options.vectors),
               strengths = vectors * static_cast<std::size_t>(parameters.strength_parts()),
               results = vectors * static_cast<std::size_t>(parameters.result_parts());
    of(Exchange::ghost_charges) = traffic_of(ranks[i], asked[i].points, needed[i].points, strengths * real);
    of(Exchange::ghost_multipoles) =
        traffic_of(ranks[i], asked[i].multipoles, needed[i].multipoles, multipole_bytes(parameters, true));
    of(Exchange::near_sums) =
        traffic_of(ranks[i], border[i].sent, border[i].received, results * sizeof(double));
    std::array<Traffic, kSetupExchanges> of_setup;
    of_setup[static_cast<std::size_t>(SetupExchange::requests)] =
        traffic_of(ranks[i], needed[i].requests, asked[i].requests, kRequestBytes);
    of_setup[static_cast<std::size_t>(SetupExchange::ghost_coordinates)] =
        traffic_of(ranks[i], asked[i].points, needed[i].points, kPlaceBytes);
    of(Exchange::coarse_multipoles) = gather_traffic(ranks[i], places, multipole_bytes(parameters, true));
    callers.add(ranks[i], real, t);
    for (Traffic& exchange : t) send_in_passes(exchange, parameters);
    for (auto& [level, counts] : forecast.examined[i].ancestor_steps) send_in_passes(counts, parameters);
    forecast.examined[i].traffic = callers.complete(traffic_of_rank(t, of_setup), ranks[i]);
  }
  return forecast;
}

// ---- the time, predicted from the counts.

namespace {

/// One setting of the machine's uncertain parameters.
struct Setting {
  double speed = 1;                   // factor of the throughput
  double latency = 1, bandwidth = 1;  // factors of L and of the bandwidth
  bool overlap = true;
};

/// Seconds of an exchange on one rank: of the processor, and of the network, which work may hide.
struct Cost {
  double busy = 0, wire = 0;
  double sum() const { return busy + wire; }
  Cost& operator+=(const Cost& other) {
    busy += other.busy;
    wire += other.wire;
    return *this;
  }
};

class Model {
 public:
  Model(const Forecast& forecast, const MachineModel& machine, const Setting& setting)
      : forecast_(forecast),
        machine_(machine),
        setting_(setting),
        throughput_(throughput_for(forecast.parameters, machine.throughput)),
        latency_(machine.latency * setting.latency) {
    const int on_node = std::max(1, machine.cores_per_node / forecast.threads);
    const double sharing =
        std::max(1.0, static_cast<double>(std::min(on_node, forecast.ranks)) / machine.nics_per_node);
    seconds_a_byte_ = sharing / (machine.bandwidth * setting.bandwidth);
  }

  /// Cost of an exchange; `rounds`: number of messages that wait for one another.
  Cost cost(const TrafficCounts& t, double rounds) const {
    if (t.messages_sent + t.messages_received == 0) return {};
    const double messages = static_cast<double>(t.messages_sent + t.messages_received),
                 bytes = static_cast<double>(t.bytes_sent + t.bytes_received),
                 most = static_cast<double>(std::max(t.bytes_sent, t.bytes_received));
    return {machine_.overhead * messages + bytes / (machine_.copy_bandwidth * forecast_.threads),
            rounds * latency_ + most * seconds_a_byte_};
  }
  Cost cost(const TrafficCounts& t) const { return cost(t, forecast_.parameters.passes()); }
  Cost cost(const RankForecast& rank, Exchange exchange) const {
    const TrafficCounts& t = rank.traffic.exchanges[static_cast<std::size_t>(exchange)];
    if (exchange == Exchange::coarse_multipoles) return cost(t, static_cast<double>(t.messages_sent));
    return cost(t);
  }
  /// With several vectors and single precision their magnitudes are a second one.
  double reduction() const {
    const Parameters& p = forecast_.parameters;
    return (p.options.vectors > 1 && p.any_in_single() ? 2 : 1) *
           std::ceil(std::log2(static_cast<double>(forecast_.ranks))) * (latency_ + 2 * machine_.overhead);
  }

  std::array<double, kPhases> compute(const RankForecast& rank) const {
    const OperatorKey& key = forecast_.parameters.operators;
    auto seconds = seconds_of(operations_of(rank.operations, key, expected_svd_rank(key)),
                              forecast_.parameters, throughput_, forecast_.targets_are_sources);
    for (double& s : seconds)
      s /= forecast_.threads * (forecast_.threads > 1 ? machine_.thread_efficiency : 1) * setting_.speed;
    return seconds;
  }

  std::array<double, kSteps> steps() const {
    std::array<double, kSteps> steps{};
    std::map<int, double> levels;  // of shared ancestors
    for (const RankForecast& rank : forecast_.examined) {
      const auto seconds = compute(rank);
      const auto of = [&](Phase phase) { return seconds[static_cast<std::size_t>(phase)]; };
      const auto at_most = [&](Step step, double s) {
        double& slot = steps[static_cast<std::size_t>(step)];
        slot = std::max(slot, s);
      };
      at_most(Step::charges, cost(rank, Exchange::charges).sum());
      at_most(Step::upward, of(Phase::p2m) + of(Phase::m2m));
      for (const auto& [level, traffic] : rank.ancestor_steps)
        levels[level] = std::max(levels[level], cost(traffic).sum());
      const double inside =
          rank.operations.near_pairs > 0 ? of(Phase::p2p) * rank.near_inside / rank.operations.near_pairs : 0;
      Cost ghosts = cost(rank, Exchange::ghost_charges);
      ghosts += cost(rank, Exchange::ghost_multipoles);
      at_most(Step::near_field,
              cost(rank, Exchange::coarse_multipoles).sum() + ghosts.busy +
                  (setting_.overlap ? std::max(inside, ghosts.wire) : inside + ghosts.wire) + of(Phase::p2p) -
                  inside);
      const Cost sums = cost(rank, Exchange::near_sums);
      const double downward =
          of(Phase::m2l) + of(Phase::p2l) + of(Phase::l2l) + of(Phase::l2p) + of(Phase::m2p);
      at_most(Step::downward,
              sums.busy + (setting_.overlap ? std::max(downward, sums.wire) : downward + sums.wire));
      at_most(Step::results, cost(rank, Exchange::potential).sum() + cost(rank, Exchange::gradient).sum() +
                                 cost(rank, Exchange::hessian).sum());
    }
    for (const auto& [level, s] : levels) steps[static_cast<std::size_t>(Step::upward)] += s;
    steps[static_cast<std::size_t>(Step::charges)] += reduction();
    return steps;
  }

  double total() const {
    const auto all = steps();
    return std::accumulate(all.begin(), all.end(), 0.0);
  }

 private:
  const Forecast& forecast_;
  const MachineModel& machine_;
  Setting setting_;
  Throughput throughput_;
  double latency_, seconds_a_byte_;
};

}  // namespace

Prediction predict(const Forecast& forecast, const MachineModel& machine) {
  const Model model(forecast, machine, {});
  Prediction p;
  p.steps = model.steps();
  p.total = std::accumulate(p.steps.begin(), p.steps.end(), 0.0);
  const double u = 1 + machine.throughput_uncertainty, l = machine.latency_uncertainty,
               b = machine.bandwidth_uncertainty;
  p.low = Model(forecast, machine, {u, 1 / l, b, true}).total();
  p.high = Model(forecast, machine, {1 / u, l, 1 / b, false}).total();
  for (const RankForecast& rank : forecast.examined) {
    const auto seconds = model.compute(rank);
    for (std::size_t i = 0; i < kPhases; ++i) {
      p.phases_max[i] = std::max(p.phases_max[i], seconds[i]);
      p.phases_mean[i] += seconds[i] / static_cast<double>(forecast.examined.size());
    }
    const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    p.compute_max = std::max(p.compute_max, sum);
    p.compute_mean += sum / static_cast<double>(forecast.examined.size());
    for (std::size_t i = 0; i < kExchanges; ++i)
      p.exchanges_max[i] = std::max(p.exchanges_max[i], model.cost(rank, static_cast<Exchange>(i)).sum());
  }
  return p;
}

}  // namespace octopole
