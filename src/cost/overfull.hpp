// Leaves at the deepest level with more than n_crit points: their pairs grow with the square of their points.
#pragma once

#include "cost/work.hpp"
#include "mpi/comm.hpp"
#include "tree/splitters.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// An evaluation is refused where overfull leaves take longer than kOverfullSeconds and more than
/// kOverfullShare times as long as all the rest.
inline constexpr double kOverfullSeconds = 60, kOverfullShare = 100;
bool is_absurd(const OverfullLeaves& overfull);

/// "3 leaves at the maximum level 20 hold more than ncrit = 280 points, ...": what they cost, and what to do.
std::string describe(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit);

/// Looks at the leaves of this rank's part; `ends` as make_work_lists wants them, `own_sources` the ascending
/// codes of this rank's sources. Collective.
OverfullLeaves find_overfull(const mpi::Comm& comm, const RankLists& lists,
                             std::span<const std::uint8_t> ends, const tree::Partition& partition,
                             std::span<const morton::Code> own_sources, Index ncrit,
                             const Parameters& parameters, bool same, int threads);

/// Throws AgreedError on all ranks where it is absurd, unless the parameters allow it.
void refuse_absurd(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit);

}  // namespace octopole
#pragma GCC visibility pop
