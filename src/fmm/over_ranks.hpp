// Figures of all ranks, reduced.
#pragma once

#include <span>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Collective.
MinMeanMax over_ranks(const mpi::Comm& comm, double value);

/// The same for several values in three Allreduces; counts must be below 2^53 in all. Collective.
std::vector<MinMeanMax> over_ranks(const mpi::Comm& comm, std::span<const double> values);
std::vector<CountOverRanks> over_ranks(const mpi::Comm& comm, std::span<const Index> counts);

}  // namespace octopole
#pragma GCC visibility pop
