// P2M and L2P: from the points of leaves to multipoles, and from locals to points.
#pragma once

#include <cstdint>
#include <span>

#include "octopole/kernels.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// P2M: multipoles of `leaves` from their sources: potential on the upward check surface, then
/// check-to-equivalent. `charges` are indexed by source; row i of `multipoles` (vectors, equivalent_size) is
/// overwritten for node i. If Real is float, the points of leaves that `leaf_frame` has are read from there.
/// For vector kernels, here and below, rows have the columns of operators/columns.hpp instead of vectors, and
/// `octants` the place of every node among its siblings; otherwise it is not read. Threaded over leaves.
template <class Real>
void p2m(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves,
         const Box* boxes, const PointsByNode& sources, StrengthsOf<Real> charges, Real* multipoles,
         const LeafFramePoints& leaf_frame = {}, const std::uint8_t* octants = nullptr);

/// L2P: adds the field of the nodes' locals, in rows (vectors, equivalent_size), to their targets.
/// `leaf_frame` as above, for sources = targets. Threaded over nodes.
template <class Real>
void l2p(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> nodes,
         const Box* boxes, const PointsByNode& targets, const Real* locals, const TargetSums& sums,
         const LeafFramePoints& leaf_frame = {}, const std::uint8_t* octants = nullptr);

}  // namespace octopole
#pragma GCC visibility pop
