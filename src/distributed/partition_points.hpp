// Where the ranks' parts end: by the count tree of all ranks' points, and by the weights of leaves.
#pragma once

#include <algorithm>
#include <span>

#include "mpi/comm.hpp"
#include "tree/splitters.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Parts of the count tree in a rank's share of the points: 32, or as many as keep the replicated tree below
/// about 2^20 leaves, but at least one.
constexpr Index parts_per_rank(Index ranks) {
  constexpr Index most = 32, least = 1, in_all = Index{1} << 17;  // a part becomes up to 8 leaves
  return std::clamp(in_all / ranks, least, most);
}

/// Refines the count tree down to parts of about 1/parts_per_rank of a rank's share, but never below ncrit:
/// one Allreduce of counts a round. `sources` and `targets` are this rank's codes, ascending. Collective; the
/// result is the same on every rank.
tree::CountTree count_globally(const mpi::Comm& comm, std::span<const morton::Code> sources,
                               std::span<const morton::Code> targets, Index ncrit, int max_level);

/// The parts of equal weight at leaf boundaries: `leaves` tile this rank's part of the curve. All that is
/// replicated are the splitters. Collective; the result is the same on every rank, and depends on how the
/// leaves are divided among them in no way.
tree::Partition divide_by_weight(const mpi::Comm& comm, std::span<const tree::NodeKey> leaves,
                                 std::span<const Index> weights);

/// The shared nodes that overlap this rank's part, counted over all ranks by one Allreduce. `sources` and
/// `targets` are any codes of this rank, ascending: those of all ranks are everything. Collective.
tree::SharedNodes count_shared(const mpi::Comm& comm, const tree::Partition& partition,
                               std::span<const morton::Code> sources, std::span<const morton::Code> targets);

}  // namespace octopole::distributed
#pragma GCC visibility pop
