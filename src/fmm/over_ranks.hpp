// Reductions of values over all ranks.
#pragma once

#include <span>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Minimum, mean and maximum of one value. Collective.
MinMeanMax over_ranks(const mpi::Comm& comm, double value);

/// Reduces several values in three Allreduces; sums of counts must be below 2^53. Collective.
std::vector<MinMeanMax> over_ranks(const mpi::Comm& comm, std::span<const double> values);
std::vector<CountOverRanks> over_ranks(const mpi::Comm& comm, std::span<const Index> counts);

}  // namespace octopole
#pragma GCC visibility pop
