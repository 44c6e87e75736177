// P2P: the near field.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "octopole/kernels.hpp"
#include "octopole/types.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// P2P: adds the direct sum over the sources of each leaf's U list to the leaf's targets, kernel constant
/// included; coincident points contribute nothing. Real is the precision it works in, whatever that of the
/// charges. In single precision coordinates are taken from the leaf's centre in double and kept as two floats
/// each, and pairs closer than 1e-6 half sides are summed in double: what doubles tell apart is told apart,
/// and sums and gradients of such pairs reach as far as doubles do. In double, pairs closer than 1.5e-154
/// count as coincident. Threaded over leaves; the order of the sum is that of the list. The calling thread
/// calls `meanwhile` (may be empty) after every kMeanwhileLeaves leaves of its own.
inline constexpr int kMeanwhileLeaves = 16;
template <class Real, Kernel K, class Charge>
void p2p(const K& kernel, std::span<const NodeIndex> leaves, const ListView& u, const Box* boxes,
         const PointsByNode& targets, const PointsByNode& sources, const Charge* charges,
         const TargetSums& sums, const std::function<void()>& meanwhile = {});

inline constexpr double kMinSeparation = 0.03, kMinSeparation6Digits = 0.1;

/// Coordinates relative to the centre of a point's own leaf, in its half sides; null with two floats. They
/// and the charges are `count` each.
struct LeafFramePoints {
  NearForm form = NearForm::two_floats;
  Index count = 0;
  const float* x = nullptr;
  const float* y = nullptr;
  const float* z = nullptr;
  const std::uint8_t* leaf = nullptr;  // by node, for P2M and L2P: whether it is a leaf
  double reach = kMinSeparation;       // closer pairs are P2P's in double

  /// Whether the points of `node` are here in its own frame.
  bool has(NodeIndex node) const { return leaf && x && leaf[node]; }
};

/// Coordinates of the leaves' points relative to their own leaf. Threaded over leaves.
void localize(std::span<const NodeIndex> leaves, const Box* boxes, const PointsByNode& points, float* x,
              float* y, float* z);

/// P2P among sources that are the targets, with one 1/r for both sides of pairs. Sums are indexed as the
/// points are. Threads take tasks, of which those with a range in common follow one another in the order
/// given: the result depends on the ranges, to rounding in double, and not on the threads. With one float a
/// coordinate it also depends on which pairs are in one row, to rounding of Real. `meanwhile` as above.
/// `local` counts where Real and Charge are floats.
template <class Real, Kernel K, class Charge>
void p2p_mutual(const K& kernel, const NearPairsView& pairs, const Box* boxes, const PointsByNode& points,
                const Charge* charges, const TargetSums& sums, const std::function<void()>& meanwhile = {},
                const LeafFramePoints& local = {});

}  // namespace octopole
#pragma GCC visibility pop
