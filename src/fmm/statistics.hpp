// What is counted and measured of a set-up and of evaluations, reduced over the ranks into a Summary.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "cost/operation_counts.hpp"
#include "mpi/comm.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct PointSetup;

/// Counts of this rank's part of an evaluation.
OperationCounts count_operations(const PointSetup& setup, const OperatorKey& key);

/// Counts of one piece of a phase, as named by WorkObserver::evaluated: only those counts that belong to the
/// phase are the piece's. Over all pieces they add up to those of count_operations.
OperationCounts count_piece(const PointSetup& setup, const OperatorKey& key, Phase phase, std::size_t part);

/// Operations per pair of points: 3 differences, 5 for the squared distance, 2 for its inverse root, 2 to
/// multiply by the charge and add.
inline constexpr double kFlopsPerPair = 12;

/// Floating-point operations of this rank's part of an evaluation, by phase, with kFlopsPerPair per pair.
std::array<double, kPhases> count_flops(const PointSetup& setup, const OperatorKey& key);

/// Minimum, mean and maximum of one value. Collective.
MinMeanMax over_ranks(const mpi::Comm& comm, double value);

/// Reduces several values in three Allreduces; sums of counts must be below 2^53. Collective.
std::vector<MinMeanMax> over_ranks(const mpi::Comm& comm, std::span<const double> values);
std::vector<CountOverRanks> over_ranks(const mpi::Comm& comm, std::span<const Index> counts);

/// Whether the exchange is started before work that does not need it, and finished after that work.
constexpr bool overlaps(Exchange exchange) {
  return exchange == Exchange::ghost_charges || exchange == Exchange::ghost_multipoles ||
         exchange == Exchange::near_sums;
}

/// Reduces the traffic and times of all ranks. Collective.
CommunicationSummary summarize_communication(const mpi::Comm& comm, const Profile& profile,
                                             const std::array<Traffic, kSetupExchanges>& setup);

/// The part of Summary that follows from the set-up and the last evaluation's profile; values about points
/// and tree do not depend on the number of ranks. Collective.
Summary summarize(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& setup,
                  const Profile& profile);

}  // namespace octopole
#pragma GCC visibility pop
