// The choice of n_crit and of the root cube's padding by a cost model.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "mpi/comm.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"
#include "tree/root_cube.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The number of points that one of a sample may stand for: beyond, leaves would have none of it.
inline constexpr double kLargestScale = 32;

/// What one point of a sample of every stride-th stands for in the model: `stride`, or where that is above
/// kLargestScale, as much less by powers of 64. A cloud of the same density with 64 times fewer points has
/// the same tree with two levels less (a surface with three), so that what is best for it is best for all.
double model_scale(Index stride);

/// Chooses what `parameters` leaves open (tune_ncrit, tune_padding). The model: the density of a sample of
/// every 4th point (at least 2^16, at most 2^20 points; see model_scale), counted at all levels of the trees
/// that candidates would build, coarser leaves beside them (W and X) and 2:1 balance included; counts times
/// rates are seconds. n_crit is the largest within 2 % of the best. Ranks share the candidates' paddings. The
/// choice depends on the points in the caller's global order, on parameters and rates: not on ranks and
/// threads. Collective.
Tuning tune(const mpi::Comm& comm, const morton::Bounds& bounds, const Parameters& parameters,
            std::span<const double> sources, std::optional<std::span<const double>> targets);

}  // namespace octopole
#pragma GCC visibility pop
