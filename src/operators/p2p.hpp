// P2P: the near field.
#pragma once

#include <functional>
#include <span>

#include "octopole/kernels.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// P2P: adds the direct sum over the sources of each leaf's U list to the leaf's targets, kernel constant
/// included; coincident points contribute nothing. Real is the working precision, whatever that of the
/// charges. In single precision coordinates relative to the leaf's centre are computed in double and stored
/// as two floats each, and pairs closer than 1e-6 half sides are summed in double: points that doubles can
/// distinguish are distinguished, and sums and gradients of such pairs have the range of double. In double,
/// pairs closer than 1.5e-154 count as coincident. Threaded over leaves; the order of the sum is that of the
/// list. The calling thread calls `poll` (may be empty) after every kLeavesPerPoll leaves that it has
/// processed.
inline constexpr int kLeavesPerPoll = 16;
template <class Real, class Charge>
void p2p(const AnyKernel& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const StrengthVectors<Charge>& charges,
         const TargetSums& sums, const std::function<void()>& poll = {});

/// Computes coordinates of the leaves' points relative to their own leaf. Threaded over leaves.
void to_leaf_frames(std::span<const NodeIndex> leaves, const Box* boxes, const PointsByNode& points, float* x,
                    float* y, float* z);

/// Fewest vectors of charges that p2p_symmetric sums together with the gradient; fewer one by one, which is
/// then faster.
inline constexpr int kFewestGradientVectors = 3;

/// P2P for sources = targets, with one 1/r for both sides of symmetric pairs. Sums are indexed as the points
/// are. Threads execute tasks; tasks with a common range run one after another in the order given: the result
/// depends on the ranges, to rounding in double, but not on the threads. With one float per coordinate it
/// also depends on which pairs are in one row, to rounding of Real. `poll` as above. `leaf_frame` is
/// used if Real and Charge are float.
template <class Real, class Charge>
void p2p_symmetric(const AnyKernel& kernel, const NearPairsView& pairs, const Box* boxes,
                   const PointsByNode& points, const StrengthVectors<Charge>& charges, const TargetSums& sums,
                   const std::function<void()>& poll = {}, const LeafFramePoints& leaf_frame = {});

}  // namespace octopole
#pragma GCC visibility pop
