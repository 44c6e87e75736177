// Figures of a run, reduced over the ranks.
#pragma once

#include "base/profile.hpp"
#include "fmm/setup.hpp"
#include "mpi/comm.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Everything of Summary that the set-up and the last evaluation's profile tell; independent of the number of
/// ranks where it describes points and tree. Collective.
Summary summarize(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& setup,
                  const Profile& profile);

}  // namespace octopole
#pragma GCC visibility pop
