// The memory of a set-up that stands.
#pragma once

#include "cost/memory_estimate.hpp"
#include "fmm/setup.hpp"

#pragma GCC visibility push(default)
namespace octopole {

PointNumbers point_numbers(const PointSetup& setup, const Parameters& parameters);
/// Between callers and owners alone.
MovedRecords moved_points(const PointSetup& setup);

/// Of a set-up that stands: nothing is left to expectation but the near field's pairs (at most).
MemoryNeeds needs_of_setup(const PointSetup& setup, const Parameters& parameters, int threads);

}  // namespace octopole
#pragma GCC visibility pop
