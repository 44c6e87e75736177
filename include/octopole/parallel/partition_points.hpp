// The count tree of all ranks' points, in collective rounds.
#pragma once

#include <span>

#include "octopole/mpi/comm.hpp"
#include "octopole/tree/splitters.hpp"

namespace octopole::parallel {

/// Refines the count tree down to parts of about 1/kPartsPerRank of a rank's share, but never below ncrit:
/// one Allreduce of counts a round. `sources` and `targets` are this rank's codes, ascending. Collective; the
/// result is the same on every rank.
inline constexpr Index kPartsPerRank = 32;
tree::CountTree count_globally(const mpi::Comm& comm, std::span<const morton::Code> sources,
                               std::span<const morton::Code> targets, Index ncrit, int max_level);

}  // namespace octopole::parallel
