// Summary of a run, reduced over the ranks.
#pragma once

#include "base/profile.hpp"
#include "fmm/setup.hpp"
#include "mpi/comm.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The part of Summary that follows from the set-up and the last evaluation's profile; values about points
/// and tree do not depend on the number of ranks. Collective.
Summary summarize(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& setup,
                  const Profile& profile);

}  // namespace octopole
#pragma GCC visibility pop
