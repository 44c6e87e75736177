// The counted work of an evaluation piece by piece, as it is done.
#pragma once

#include "octopole/fmm/setup.hpp"
#include "octopole/fmm/work.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The counts of one piece of a phase, as WorkObserver::evaluated names it: those that the phase's work is
/// made of are the piece's, and over all pieces add up to count_work's.
WorkCounts count_piece(const PointSetup& setup, const OperatorKey& key, Phase phase, std::size_t part);

}  // namespace octopole
#pragma GCC visibility pop
