#include "fmm/statistics.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "base/threads.hpp"
#include "cost/rank_setup.hpp"
#include "distributed/global_tree.hpp"
#include "fmm/set_points.hpp"

namespace octopole {
namespace {

/// P2P of boundary leaves with ghosts (without symmetric pairs, with their whole lists). Symmetric pairs
/// with ghosts count for the leaf's own targets only: this rank sums half of the pairs, for both ends. The
/// other pairs in rows that wait for ghosts are included.
OperationCounts count_near_ghosts(const PointSetup& s) {
  OperationCounts c;
  for (const NodeIndex leaf : s.operator_nodes.boundary_leaves) {
    double around = 0;
    for (const NodeIndex other : s.operator_lists.p2p.of(leaf))
      if (!s.near_pairs || s.tree.source_end[at(other)] > s.owned_sources())
        around += static_cast<double>(s.tree.source_count[at(other)]);
    c.near_pairs += around * static_cast<double>(s.tree.target_end[at(leaf)] - s.tree.target_begin[at(leaf)]);
    c.near_gathers += around;
  }
  if (s.near_pairs)
    for (const NodeIndex leaf : s.border.here.row_leaves)
      for (const NodeIndex other : s.border.here.symmetric.of(leaf)) {
        if (s.tree.source_end[at(other)] > s.owned_sources()) continue;
        const auto points = static_cast<double>(s.tree.source_count[at(leaf)]),
                   others = static_cast<double>(s.tree.source_count[at(other)]);
        c.near_pairs += 2 * points * others;
        c.near_gathers += points + others;
      }
  return c;
}

constexpr std::size_t kCounts = 5;  // in a TrafficCounts
constexpr std::size_t kRankCounts = kCounts * (kExchanges + 1 + kSetupExchanges);
static_assert(sizeof(TrafficCounts) == kCounts * sizeof(Index));
static_assert(sizeof(RankTraffic) == kRankCounts * sizeof(Index));

TrafficOverRanks take(const CountOverRanks*& next) {
  const TrafficOverRanks taken{next[0], next[1], next[2], next[3], next[4]};
  next += kCounts;
  return taken;
}

ListSize measure(const mpi::Comm& comm, const PointSetup& s, const distributed::SharedOnce& shared,
                 const tree::NodeLists& lists, bool leaves_only) {
  Index rows = 0, items = 0, longest = 0;
  for (NodeIndex node = 0; node < s.tree.size(); ++node) {
    if (!s.tree.has_target[at(node)] || (leaves_only && !s.tree.leaf[at(node)])) continue;
    if (!shared.counts_here(s.tree.keys[at(node)])) continue;
    const Index length = lists.length(node);
    ++rows;
    items += length;
    longest = std::max(longest, length);
  }
  rows = comm.sum(rows);
  items = comm.sum(items);
  return {rows == 0 ? 0.0 : static_cast<double>(items) / static_cast<double>(rows), comm.max(longest)};
}

TreeSummary summarize_tree(const mpi::Comm& comm, const PointSetup& s) {
  TreeSummary t;
  t.leaves = comm.sum(static_cast<Index>(s.leaves.size()));
  t.nodes = t.leaves + (t.leaves - 1) / 7;  // every split turns one leaf into eight
  int deepest = 0;
  for (tree::NodeKey leaf : s.leaves) deepest = std::max(deepest, leaf.level());
  t.levels = comm.max(deepest) + 1;
  t.hash = comm.sum(tree::leaf_hash(s.leaves));

  Index occupied = 0, overfull = 0, largest = 0;
  const tree::CodeRange range = s.partition.range(comm.rank());
  for (NodeIndex node = 0; node < s.tree.size(); ++node) {
    if (!s.tree.leaf[at(node)] || !range.overlaps(s.tree.keys[at(node)])) continue;
    const Index points =
        std::max(s.tree.source_count[at(node)], s.tree.target_end[at(node)] - s.tree.target_begin[at(node)]);
    ++occupied;
    largest = std::max(largest, points);
    overfull += points > s.tuning.ncrit;
  }
  t.occupied_leaves = comm.sum(occupied);
  t.overfull_leaves = comm.sum(overfull);
  t.largest_leaf = comm.max(largest);

  const distributed::SharedOnce shared(comm, s.partition, s.tree);
  t.u = measure(comm, s, shared, s.lists.u, true);
  t.v = measure(comm, s, shared, s.lists.v, false);
  t.w = measure(comm, s, shared, s.lists.w, true);
  t.x = measure(comm, s, shared, s.lists.x, false);
  return t;
}

Imbalance imbalance_of(const mpi::Comm& comm, const std::array<double, kPhases>& seconds) {
  std::array<double, kPhases + 1> largest{}, sum{};
  std::copy(seconds.begin(), seconds.end(), largest.begin());
  largest.back() = total(seconds) - seconds[static_cast<std::size_t>(Phase::exchange)];
  sum = largest;
  comm.allreduce(std::span<double>(largest), MPI_MAX);
  comm.allreduce(std::span<double>(sum), MPI_SUM);
  const auto ratio = [&](std::size_t i) { return sum[i] > 0 ? largest[i] * comm.size() / sum[i] : 1; };
  Imbalance imbalance;
  for (std::size_t phase = 0; phase < kPhases; ++phase) imbalance.phases[phase] = ratio(phase);
  imbalance.total = ratio(kPhases);
  return imbalance;
}

LoadBalanceSummary summarize_load_balance(const mpi::Comm& comm, const Parameters& parameters,
                                          const PointSetup& s, const Profile& profile) {
  const bool targets_are_sources = !s.target_exchange;
  const auto of_work = [&](const OperationCounts& counts) {
    return imbalance_of(comm, predict_seconds(counts, parameters, targets_are_sources));
  };
  LoadBalanceSummary b;
  const OperationCounts counted = count_operations(s, parameters.operators);
  const distributed::SharedOnce once(comm, s.partition, s.tree);
  OperationCounts repeated;
  const std::vector<OperationCounts> by_node =
      count_by_node(s.rank_lists(), s.operator_nodes, parameters.operators);
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    if (!once.counts_here(s.tree.keys[at(node)])) repeated += downward_part(by_node[at(node)]);
  const double all = comm.sum(total(predict_seconds(counted, parameters, targets_are_sources))),
               again = comm.sum(total(predict_seconds(repeated, parameters, targets_are_sources)));
  if (all > 0) b.repeated = again / all;
  b.moved = s.load_balance.moved;
  b.work = of_work(counted);
  b.by_points = s.load_balance.moved ? of_work(s.load_balance.by_points) : b.work;
  b.seconds = imbalance_of(comm, profile.seconds);
  return b;
}

}  // namespace

OperationCounts count_operations(const PointSetup& s, const OperatorKey& key) {
  return count_operations(s.rank_lists(), s.operator_nodes, s.m2l, key);
}

OperationCounts count_piece(const PointSetup& s, const OperatorKey& key, Phase phase, std::size_t part) {
  const std::vector<OperationCounts> by_node = count_by_node(s.rank_lists(), s.operator_nodes, key);
  OperationCounts c;
  if (phase == Phase::p2p) {
    const OperationCounts ghosts = count_near_ghosts(s);
    if (part == 1) return ghosts;
    for (const OperationCounts& node : by_node) c += node;
    c.near_pairs -= ghosts.near_pairs;
    c.near_gathers -= ghosts.near_gathers;
    return c;
  }
  const bool whole = phase == Phase::p2m || phase == Phase::l2p || phase == Phase::m2p;
  const bool by_fft = phase == Phase::m2l && key.m2l == M2lMethod::fft;
  const std::size_t level = by_fft ? part - 1 : part;  // families are counted at the parent
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    if (whole || static_cast<std::size_t>(s.tree.anchors[at(node)].level) == level) c += by_node[at(node)];
  if (by_fft && part < s.m2l.size())
    c.families_in =
        count_families_in(s.rank_lists(), s.operator_nodes, std::span(s.m2l).subspan(part, 1), key);
  return c;
}

std::array<double, kPhases> count_flops(const PointSetup& setup, const OperatorKey& key) {
  const OperationsByPhase operations =
      operations_of(count_operations(setup, key), key, expected_svd_rank(key));
  std::array<double, kPhases> flops{};
  for (std::size_t p = 0; p < kPhases; ++p)
    flops[p] = kFlopsPerPair * operations[p].pairs + operations[p].gemm + operations[p].transform +
               operations[p].sweep;
  return flops;
}

MinMeanMax over_ranks(const mpi::Comm& comm, double value) {
  return over_ranks(comm, std::span<const double>(&value, 1))[0];
}

std::vector<MinMeanMax> over_ranks(const mpi::Comm& comm, std::span<const double> values) {
  std::vector<double> least(values.begin(), values.end()), sum = least, most = least;
  comm.allreduce(std::span<double>(least), MPI_MIN);
  comm.allreduce(std::span<double>(sum), MPI_SUM);
  comm.allreduce(std::span<double>(most), MPI_MAX);
  std::vector<MinMeanMax> result;
  for (std::size_t i = 0; i < values.size(); ++i) result.push_back({least[i], sum[i] / comm.size(), most[i]});
  return result;
}

std::vector<CountOverRanks> over_ranks(const mpi::Comm& comm, std::span<const Index> counts) {
  std::vector<Index> least(counts.begin(), counts.end()), sum = least;
  comm.allreduce(std::span<Index>(least), MPI_MIN);
  comm.allreduce(std::span<Index>(sum), MPI_SUM);
  const std::vector<mpi::ValueAndRank> most = comm.max_with_rank(counts);
  std::vector<CountOverRanks> result;
  for (std::size_t i = 0; i < counts.size(); ++i)
    result.push_back({least[i], static_cast<Index>(most[i].value), sum[i], most[i].rank,
                      static_cast<double>(sum[i]) / comm.size()});
  return result;
}

CommunicationSummary summarize_communication(const mpi::Comm& comm, const Profile& profile,
                                             const std::array<Traffic, kSetupExchanges>& setup) {
  CommunicationSummary s;
  const RankTraffic mine = traffic_of_rank(profile.traffic, setup);
  const std::vector<CountOverRanks> counts =
      over_ranks(comm, std::span<const Index>(&mine.exchanges[0].bytes_sent, kRankCounts));
  const CountOverRanks* next = counts.data();
  for (TrafficOverRanks& exchange : s.exchanges) exchange = take(next);
  s.evaluation = take(next);
  for (TrafficOverRanks& exchange : s.setup) exchange = take(next);

  std::vector<double> mine_seconds;
  for (const ExchangeSeconds& exchange : profile.exchange_seconds) {
    mine_seconds.push_back(exchange.exposed);
    mine_seconds.push_back(exchange.exposed + exchange.hidden);
  }
  const std::vector<MinMeanMax> seconds = over_ranks(comm, std::span<const double>(mine_seconds));
  for (std::size_t i = 0; i < kExchanges; ++i) {
    ExchangeTimes& times = s.times[i];
    times.exposed = seconds[2 * i];
    times.in_flight = seconds[2 * i + 1];
    if (overlaps(static_cast<Exchange>(i)) && s.exchanges[i].messages_sent.sum > 0)
      times.hidden = 1 - times.exposed.mean / times.in_flight.mean;
  }
  s.reductions = profile.reductions;
  if (comm.size() <= kListedRanks) s.by_rank = comm.gather_all(std::span<const RankTraffic>(&mine, 1));
  return s;
}

Summary summarize(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& setup,
                  const Profile& profile) {
  Summary s;
  s.parameters = parameters;
  s.tuning = setup.tuning;
  s.parameters.ncrit = setup.tuning.ncrit;
  s.parameters.padding = setup.tuning.padding;
  s.sources = setup.points.sources;
  s.targets = setup.points.targets;
  s.parameters.options.allgather_threshold = multipole_rule(parameters, comm.size()).allgather_threshold;
  s.targets_are_sources = !setup.target_exchange;
  s.ranks = comm.size();
  s.threads = comm.max(max_threads());
  s.tree = summarize_tree(comm, setup);
  s.evaluate_seconds = over_ranks(comm, profile.total_seconds);
  static_assert(sizeof(PhaseOperations) == 5 * sizeof(double));
  const OperatorKey& key = parameters.operators;
  s.operations = operations_of(count_operations(setup, key), key, expected_svd_rank(key));
  comm.allreduce(std::span<double>(&s.operations[0].pairs, 5 * kPhases), MPI_SUM);
  s.load_balance = summarize_load_balance(comm, parameters, setup, profile);
  s.replicated = replicated_bytes(setup.partition, setup.ghosts.coarse.exchange().total_records(),
                                  setup.load_balance.count_tree_bytes, parameters);
  for (std::size_t stage = 0; stage < kSetupStages; ++stage)
    s.stage_seconds[stage] = over_ranks(comm, setup.stage_seconds[stage]);
  for (std::size_t phase = 0; phase < kPhases; ++phase)
    s.phase_seconds[phase] = over_ranks(comm, profile.seconds[phase]);
  s.communication = summarize_communication(comm, profile, setup.traffic);
  s.overfull = setup.overfull;
  s.memory_estimate = setup.memory;
  const int largest = comm.max_with_rank(std::array{setup.memory.peak()})[0].rank;
  comm.broadcast(std::span<MemoryEstimate>(&s.memory_estimate, 1), largest);
  s.memory_estimate_total = comm.sum(setup.memory.peak());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const Index peak = static_cast<Index>(usage.ru_maxrss) * 1024;
  s.peak_rss_bytes_max = comm.max(peak);
  s.peak_rss_bytes_total = comm.sum(peak);
  return s;
}

}  // namespace octopole
