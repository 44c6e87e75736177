// The points of a simulated run, and the same run on a single rank.
#pragma once

#include <optional>
#include <vector>

#include "io/point_distributions.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"

namespace octopole::app {

/// This rank's part of a point distribution.
struct Problem {
  std::vector<double> points, charges;  // (n, 3), (n)
  std::vector<double> numbers;          // (n): index of each point in the distribution, below 2^53
};

/// Sets n_crit and padding in `options`, unless given, to what every rank would choose from the same sample.
/// Rank 0 chooses for all, since 256 virtual ranks would take 256 times as long. Collective.
void choose_leaves(const mpi::Comm& comm, Options& options, Shape shape, Index points, std::uint64_t seed);

/// This rank's block of the distribution, in its random order.
Problem make_block(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed);

/// This rank's block of the distribution in Morton order, in a root cube of this padding: distributed nearly as they
/// will be owned, so that few messages are needed. Rank 0 makes and sends them. Collective.
Problem make_sorted_block(const mpi::Comm& comm, double padding, Shape shape, Index points,
                          std::uint64_t seed);

/// Moves the points to the ranks that own them, as in a program that keeps its particles where they are
/// evaluated. Collective.
Problem move_to_owners(const mpi::Comm& comm, const Options& options, Problem block);

/// Result of all points on one rank.
struct OneRank {
  std::vector<double> potential;  // (n) in the order of the distribution
  double seconds = 0;             // counted, not charged
};
/// Computes on rank 0 while the others wait; the seconds are sent to all ranks. Collective.
OneRank compute_on_one_rank(const mpi::Comm& comm, const Options& options, Shape shape, Index points,
                            std::uint64_t seed, Output output);

/// Relative L2 difference between the potentials of all ranks and those of one rank; the result is on all
/// ranks. Collective.
double difference(const mpi::Comm& comm, const Problem& problem, const Field& field, const OneRank& alone);

}  // namespace octopole::app
