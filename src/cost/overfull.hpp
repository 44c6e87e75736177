// Leaves at the deepest level with more than n_crit points: their number of pairs grows with the square of
// their number of points.
#pragma once

#include "cost/work.hpp"
#include "mpi/comm.hpp"
#include "tree/partition.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// An evaluation is refused if overfull leaves take longer than kOverfullSeconds and more than kOverfullShare
/// times as long as everything else.
inline constexpr double kOverfullSeconds = 60, kOverfullShare = 100;
bool is_absurd(const OverfullLeaves& overfull);

/// "3 leaves at the maximum level 20 hold more than ncrit = 280 points, ...", with their cost.
std::string describe(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit);

/// Finds the overfull leaves and estimates their cost. `ends`: see make_work_lists; `own_sources`: the
/// ascending codes of this rank's sources. Collective.
OverfullLeaves find_overfull(const mpi::Comm& comm, const RankLists& lists,
                             std::span<const std::uint8_t> ends, const tree::Partition& partition,
                             std::span<const morton::Code> own_sources, Index ncrit,
                             const Parameters& parameters, bool same, int threads);

/// Throws AgreedError on all ranks if is_absurd, unless the parameters allow overfull leaves.
void refuse_absurd(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit);

}  // namespace octopole
#pragma GCC visibility pop
