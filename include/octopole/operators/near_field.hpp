// P2P: the near field.
#pragma once

#include <functional>
#include <span>

#include "octopole/kernels/kernel.hpp"
#include "octopole/operators/views.hpp"

namespace octopole {

/// P2P: adds the direct sum over the sources of each leaf's U list to the leaf's targets, kernel constant
/// included; coincident points contribute nothing. Real is the precision it works in, whatever that of the
/// charges. In single precision coordinates are taken from the leaf's
/// centre in double and kept as two floats each, so that close pairs keep their digits: relative to its
/// distance d in half sides, a difference is good to about 2e-15 / d; pairs closer than 2.7e-23 half sides
/// count as coincident. Threaded over leaves; the order of the sum is that of the list. The calling thread
/// calls `meanwhile` (may be empty) after every kMeanwhileLeaves leaves of its own.
inline constexpr int kMeanwhileLeaves = 16;
template <class Real, Kernel K, class Charge>
void p2p(const K& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
         const TargetSums& sums, const std::function<void()>& meanwhile = {});

/// P2P among sources that are the targets, in double, with one 1/r for both sides of a pair of leaves: each
/// leaf and its `mutual` partners act on each other, `alone` act on the leaf. Leaves of different ranges
/// (bounds in `leaves`) must not be mutual: threads take ranges. Sums are indexed as the points are.
/// `meanwhile` as above.
template <Kernel K>
void p2p_mutual(const K& kernel, std::span<const NodeIndex> leaves, std::span<const Index> ranges,
                const ListView& mutual, const ListView& alone, const PointsByNode& points,
                const double* charges, const TargetSums& sums, const std::function<void()>& meanwhile = {});

}  // namespace octopole
