#include "octopole/parallel/partition_points.hpp"

#include <algorithm>

namespace octopole::parallel {

tree::CountTree count_globally(const mpi::Comm& comm, std::span<const morton::Code> sources,
                               std::span<const morton::Code> targets, Index ncrit, int max_level) {
  static_assert(sizeof(tree::Count) == 2 * sizeof(Index));
  const auto sum_over_ranks = [&](std::vector<tree::Count>& counts) {
    comm.allreduce(std::span<Index>(&counts[0].sources, 2 * counts.size()), MPI_SUM);
  };
  std::vector<tree::Count> counts{{static_cast<Index>(sources.size()), static_cast<Index>(targets.size())}};
  sum_over_ranks(counts);
  const Index share = counts[0].largest() / (kPartsPerRank * comm.size());
  tree::CountTree coarse(counts[0], std::max(ncrit, share), max_level);
  while (!coarse.frontier().empty()) {
    counts = tree::count_points(coarse.frontier(), sources, targets);
    sum_over_ranks(counts);
    coarse.grow(counts);
  }
  return coarse;
}

}  // namespace octopole::parallel
