#include "octopole/fmm/summarize.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <limits>

#include "octopole/base/threads.hpp"

namespace octopole {
namespace {

// Nodes that several ranks hold parts of must count once: for each, the lowest rank that has targets in it.
class SharedNodes {
 public:
  SharedNodes(const mpi::Comm& comm, const PointSetup& setup)
      : rank_(comm.rank()), keys_(tree::shared_nodes(setup.coarse, setup.partition)) {
    counting_.assign(keys_.size(), std::numeric_limits<int>::max());
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const NodeIndex node = setup.tree.find(keys_[i]);
      if (node != kNoNode && setup.tree.has_target[at(node)]) counting_[i] = rank_;
    }
    comm.allreduce(std::span<int>(counting_), MPI_MIN);
  }
  bool counts_here(tree::NodeKey key) const {
    const auto place = std::lower_bound(keys_.begin(), keys_.end(), key);
    return place == keys_.end() || *place != key ||
           counting_[static_cast<std::size_t>(place - keys_.begin())] == rank_;
  }

 private:
  int rank_;
  std::vector<tree::NodeKey> keys_;
  std::vector<int> counting_;
};

ListSize measure(const mpi::Comm& comm, const PointSetup& s, const SharedNodes& shared,
                 const tree::NodeLists& lists, bool leaves_only) {
  Index rows = 0, items = 0, longest = 0;
  for (NodeIndex node = 0; node < s.tree.size(); ++node) {
    if (!s.tree.has_target[at(node)] || (leaves_only && !s.tree.leaf[at(node)])) continue;
    if (!shared.counts_here(s.tree.keys[at(node)])) continue;
    const Index length = static_cast<Index>(lists.of(node).size());
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

  const SharedNodes shared(comm, s);
  t.u = measure(comm, s, shared, s.lists.u, true);
  t.v = measure(comm, s, shared, s.lists.v, false);
  t.w = measure(comm, s, shared, s.lists.w, true);
  t.x = measure(comm, s, shared, s.lists.x, false);
  return t;
}

}  // namespace

Summary summarize(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& setup,
                  const Profile& profile) {
  Summary s;
  s.parameters = parameters;
  s.tuning = setup.tuning;
  s.parameters.ncrit = setup.tuning.ncrit;
  s.parameters.padding = setup.tuning.padding;
  s.parameters.coarse_users = parameters.multipole_rule(comm.size()).coarse_users;
  s.sources = setup.coarse.counts()[0].sources;
  s.targets = setup.coarse.counts()[0].targets;
  s.targets_are_sources = !setup.target_exchange;
  s.ranks = comm.size();
  s.threads = comm.max(max_threads());
  s.tree = summarize_tree(comm, setup);
  s.evaluate_seconds = over_ranks(comm, profile.total_seconds);
  static_assert(sizeof(PhaseWork) == 5 * sizeof(double));
  const OperatorKey& key = parameters.operators;
  s.work = work_of(count_work(setup, key), key, expected_svd_rank(key));
  comm.allreduce(std::span<double>(&s.work[0].pairs, 5 * kPhases), MPI_SUM);
  for (std::size_t stage = 0; stage < kSetupStages; ++stage)
    s.stage_seconds[stage] = over_ranks(comm, setup.stage_seconds[stage]);
  for (std::size_t phase = 0; phase < kPhases; ++phase)
    s.phase_seconds[phase] = over_ranks(comm, profile.seconds[phase]);
  s.communication = summarize_communication(comm, profile, setup.traffic);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const Index peak = static_cast<Index>(usage.ru_maxrss) * 1024;
  s.peak_rss_bytes_max = comm.max(peak);
  s.peak_rss_bytes_total = comm.sum(peak);
  return s;
}

}  // namespace octopole
