// The points of a simulated run, and the same run on a single rank.
#pragma once

#include <optional>
#include <vector>

#include "io/clouds.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"

namespace octopole::app {

/// A synthetic cloud, as much of it as this rank holds.
struct Problem {
  std::vector<double> points, charges;  // (n, 3), (n)
  std::vector<double> numbers;          // (n): of each point in the cloud; whole, below 2^53
};

/// Sets n_crit and padding in `options`, unless they are given, to what every rank would find from the same
/// sample: rank 0 looks for all, since 256 virtual ranks would take 256 times as long. Collective.
void choose_leaves(const mpi::Comm& comm, Options& options, Shape shape, Index points, std::uint64_t seed);

/// This rank's block of the cloud, in the cloud's random order.
Problem make_block(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed);

/// This rank's block of the cloud in Morton order, in a root cube of this padding: points that are nearly
/// where they will be owned, so that few messages take them there. Rank 0 makes and sends them. Collective.
Problem make_sorted_block(const mpi::Comm& comm, double padding, Shape shape, Index points,
                          std::uint64_t seed);

/// The same points on the ranks that own them, as a program holds them that keeps its particles where they
/// are evaluated. Collective.
Problem move_to_owners(const mpi::Comm& comm, const Options& options, Problem block);

/// All of the cloud through the same program on one rank.
struct OneRank {
  std::vector<double> potential;  // (n) in the cloud's order
  double seconds = 0;             // counted, not charged
};
/// Rank 0 computes, the others wait; the seconds are known to all ranks afterwards. Collective.
OneRank compute_on_one_rank(const mpi::Comm& comm, const Options& options, Shape shape, Index points,
                            std::uint64_t seed, Output output);

/// Relative L2 difference of the potentials of all ranks from those of one, on all ranks. Collective.
double difference(const mpi::Comm& comm, const Problem& problem, const Field& field, const OneRank& alone);

}  // namespace octopole::app
