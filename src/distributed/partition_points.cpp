#include "distributed/partition_points.hpp"

#include <algorithm>

namespace octopole::distributed {
namespace {

void sum_over_ranks(const mpi::Comm& comm, std::vector<tree::Count>& counts) {
  static_assert(sizeof(tree::Count) == 2 * sizeof(Index));
  if (!counts.empty()) comm.allreduce(std::span<Index>(&counts[0].sources, 2 * counts.size()), MPI_SUM);
}

}  // namespace

tree::CountTree count_globally(const mpi::Comm& comm, std::span<const morton::Code> sources,
                               std::span<const morton::Code> targets, Index ncrit, int max_level) {
  std::vector<tree::Count> counts{{static_cast<Index>(sources.size()), static_cast<Index>(targets.size())}};
  sum_over_ranks(comm, counts);
  const Index share = counts[0].largest() / (parts_per_rank(comm.size()) * comm.size());
  tree::CountTree coarse(counts[0], std::max(ncrit, share), max_level);
  while (!coarse.frontier().empty()) {
    counts = tree::count_points(coarse.frontier(), sources, targets);
    sum_over_ranks(comm, counts);
    coarse.grow(counts);
  }
  return coarse;
}

tree::Partition divide_by_weight(const mpi::Comm& comm, std::span<const tree::NodeKey> leaves,
                                 std::span<const Index> weights) {
  Index mine = 0;
  for (const Index weight : weights) mine += weight;
  const Index before = comm.exclusive_sum(mine), total = comm.sum(mine);
  const std::vector<morton::Code> splitters =
      tree::splitters_among(leaves, weights, before, total, comm.size());
  return tree::partition_at(comm.gather_all(std::span<const morton::Code>(splitters)), comm.size());
}

tree::SharedNodes count_shared(const mpi::Comm& comm, const tree::Partition& partition,
                               std::span<const morton::Code> sources, std::span<const morton::Code> targets) {
  const std::vector<tree::NodeKey> keys = tree::shared_keys(partition);
  std::vector<tree::Count> counts = tree::count_points(keys, sources, targets);
  sum_over_ranks(comm, counts);
  tree::SharedNodes shared;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!partition.range(comm.rank()).overlaps(keys[i])) continue;
    shared.keys.push_back(keys[i]);
    shared.counts.push_back(counts[i]);
  }
  return shared;
}

}  // namespace octopole::distributed
