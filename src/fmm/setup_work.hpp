// The counted work of an evaluation: of a whole set-up, and piece by piece.
#pragma once

#include "cost/work.hpp"
#include "fmm/setup.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The counts of this rank's part of an evaluation.
WorkCounts count_work(const PointSetup& setup, const OperatorKey& key);

/// The counts of one piece of a phase, as WorkObserver::evaluated names it: those that the phase's work is
/// made of are the piece's, and over all pieces add up to count_work's.
WorkCounts count_piece(const PointSetup& setup, const OperatorKey& key, Phase phase, std::size_t part);

}  // namespace octopole
#pragma GCC visibility pop
