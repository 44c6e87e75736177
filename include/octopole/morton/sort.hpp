// Sorting points along the Morton curve.
#pragma once

#include <vector>

#include "octopole/base/aligned.hpp"
#include "octopole/base/types.hpp"
#include "octopole/morton/key.hpp"

#pragma GCC visibility push(default)
namespace octopole::morton {

/// Sorts `codes` ascending and returns the permutation: sorted[i] was at position order[i] before. Stable,
/// threaded (radix sort of the digits that differ), the same for any number of threads.
/// Throws Error for 2^31 codes or more.
AlignedVector<PointIndex> sort_codes(AlignedVector<Code>& codes);

}  // namespace octopole::morton
#pragma GCC visibility pop
