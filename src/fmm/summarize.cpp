#include "fmm/summarize.hpp"
#include "cost/rank_setup.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <numeric>

#include "distributed/tree_exchange.hpp"

#include "base/threads.hpp"
#include "fmm/communication.hpp"
#include "fmm/over_ranks.hpp"
#include "fmm/setup_work.hpp"

namespace octopole {
namespace {

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

double total(const std::array<double, kPhases>& seconds) {
  return std::accumulate(seconds.begin(), seconds.end(), 0.0);
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

BalanceSummary summarize_balance(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& s,
                                 const Profile& profile) {
  const bool same = !s.target_exchange;
  const auto of_work = [&](const WorkCounts& counts) {
    return imbalance_of(comm, predict_seconds(counts, parameters, same));
  };
  BalanceSummary b;
  const WorkCounts counted = count_work(s, parameters.operators);
  const distributed::SharedOnce once(comm, s.partition, s.tree);
  WorkCounts repeated;
  const std::vector<WorkCounts> by_node = count_by_node(s.rank_lists(), s.work, parameters.operators);
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    if (!once.counts_here(s.tree.keys[at(node)])) repeated += downward_part(by_node[at(node)]);
  const double all = comm.sum(total(predict_seconds(counted, parameters, same))),
               again = comm.sum(total(predict_seconds(repeated, parameters, same)));
  if (all > 0) b.repeated = again / all;
  b.moved = s.balance.moved;
  b.work = of_work(counted);
  b.by_points = s.balance.moved ? of_work(s.balance.by_points) : b.work;
  b.seconds = imbalance_of(comm, profile.seconds);
  return b;
}

}  // namespace

Summary summarize(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& setup,
                  const Profile& profile) {
  Summary s;
  s.parameters = parameters;
  s.tuning = setup.tuning;
  s.parameters.ncrit = setup.tuning.ncrit;
  s.parameters.padding = setup.tuning.padding;
  s.sources = setup.points.sources;
  s.targets = setup.points.targets;
  s.parameters.coarse_users = multipole_rule(parameters, comm.size()).coarse_users;
  s.targets_are_sources = !setup.target_exchange;
  s.ranks = comm.size();
  s.threads = comm.max(max_threads());
  s.tree = summarize_tree(comm, setup);
  s.evaluate_seconds = over_ranks(comm, profile.total_seconds);
  static_assert(sizeof(PhaseWork) == 5 * sizeof(double));
  const OperatorKey& key = parameters.operators;
  s.work = work_of(count_work(setup, key), key, expected_svd_rank(key));
  comm.allreduce(std::span<double>(&s.work[0].pairs, 5 * kPhases), MPI_SUM);
  s.balance = summarize_balance(comm, parameters, setup, profile);
  s.replicated = replicated_bytes(setup.partition, setup.ghosts.coarse.exchange().total_records(),
                                  setup.balance.count_tree_bytes, parameters);
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
