// The choice of n_crit and of the root cube's padding by a cost model.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "mpi/comm.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"
#include "tree/morton.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Maximum number of points that one sampled point may represent: beyond it, leaves would have no sampled
/// points.
inline constexpr double kLargestScale = 32;

/// The number of points that a sampled point represents in the model, if every stride-th is sampled:
/// `stride`, or above kLargestScale, `stride` divided by powers of 64. A cloud of the same density with 64
/// times fewer points has the same tree with two levels fewer (three on a surface), so the same choice is
/// best for both.
double model_scale(Index stride);

/// Chooses what `parameters` leaves open (tune_ncrit, tune_padding). The model counts the work in the trees
/// that candidates would give, from the density of a sample of every 4th point (at least 2^16, at most 2^20
/// points; see model_scale) at all levels, with coarser neighbouring leaves (W and X) and 2:1 balance; counts
/// divided by the throughput give seconds. n_crit is the largest within 2 % of the best. The candidates'
/// paddings are divided among the ranks. The choice depends on the points in the caller's global order, on
/// parameters and throughput, not on the numbers of ranks and threads. Collective.
Tuning tune(const mpi::Comm& comm, const morton::Bounds& bounds, const Parameters& parameters,
            std::span<const double> sources, std::optional<std::span<const double>> targets);

/// The root cube of points within `bounds`.
morton::RootCube root_cube(const morton::Bounds& bounds, double padding, const Parameters& parameters);

}  // namespace octopole
#pragma GCC visibility pop
