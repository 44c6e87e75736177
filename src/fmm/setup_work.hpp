// Counts of the work of an evaluation: of a whole set-up, and by pieces.
#pragma once

#include "cost/operation_counts.hpp"
#include "fmm/setup.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Counts of this rank's part of an evaluation.
WorkCounts count_work(const PointSetup& setup, const OperatorKey& key);

/// Counts of one piece of a phase, as named by WorkObserver::evaluated: only those counts that belong to the
/// phase are the piece's. Over all pieces they add up to those of count_work.
WorkCounts count_piece(const PointSetup& setup, const OperatorKey& key, Phase phase, std::size_t part);

}  // namespace octopole
#pragma GCC visibility pop
