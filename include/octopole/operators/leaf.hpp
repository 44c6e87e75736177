// P2M and L2P: between the points of leaves and their expansions.
#pragma once

#include <span>

#include "octopole/operators/translations.hpp"
#include "octopole/operators/views.hpp"

namespace octopole {

/// P2M: multipoles of `leaves` from their sources: potential on the upward check surface, then
/// check-to-equivalent. `charges` by source; row i of `multipoles` (equivalent_size a row) is node i's,
/// written. Threaded over leaves.
template <Kernel K, class Real>
void p2m(const K& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves, const Box* boxes,
         const PointsByNode& sources, const Real* charges, Real* multipoles);

/// L2P: adds the field of the leaves' locals to their targets. Threaded over leaves.
template <Kernel K, class Real>
void l2p(const K& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves, const Box* boxes,
         const PointsByNode& targets, const Real* locals, const TargetSums& sums);

}  // namespace octopole
