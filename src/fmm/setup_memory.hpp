// Memory of a complete set-up.
#pragma once

#include "cost/memory.hpp"
#include "fmm/setup.hpp"

#pragma GCC visibility push(default)
namespace octopole {

PointNumbers point_numbers(const PointSetup& setup, const Parameters& parameters);
/// Records sent between callers and owners only.
MovedRecords moved_points(const PointSetup& setup);

/// Needs of a complete set-up: only the near field's pairs are estimated (an upper bound).
MemoryNeeds needs_of_setup(const PointSetup& setup, const Parameters& parameters, int threads);

}  // namespace octopole
#pragma GCC visibility pop
