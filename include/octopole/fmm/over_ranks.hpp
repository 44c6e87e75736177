// Figures of all ranks, reduced.
#pragma once

#include <span>
#include <vector>

#include "octopole/mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct MinMeanMax {
  double min = 0, mean = 0, max = 0;
};

/// Of a number that every rank counts; worst_rank is the lowest that has max.
struct CountOverRanks {
  Index min = 0, max = 0, sum = 0;
  int worst_rank = 0;
  double mean = 0;
};

/// Collective.
MinMeanMax over_ranks(const mpi::Comm& comm, double value);

/// The same for several values in three Allreduces; counts must be below 2^53 in all. Collective.
std::vector<MinMeanMax> over_ranks(const mpi::Comm& comm, std::span<const double> values);
std::vector<CountOverRanks> over_ranks(const mpi::Comm& comm, std::span<const Index> counts);

}  // namespace octopole
#pragma GCC visibility pop
