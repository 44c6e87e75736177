// Sorting points along the Morton curve.
#pragma once

#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"
#include "tree/morton_key.hpp"

#pragma GCC visibility push(default)
namespace octopole::morton {

/// Sorts `codes` in ascending order and returns the permutation: sorted[i] was at position order[i]. Stable
/// and threaded (radix sort of the digits that differ); the result does not depend on the number of threads.
/// Throws Error for 2^31 codes or more.
AlignedVector<PointIndex> sort_codes(AlignedVector<Code>& codes);

}  // namespace octopole::morton
#pragma GCC visibility pop
