// M2P (W list) and P2L (X list): the operators that only adaptive trees use.
#pragma once

#include <cstdint>
#include <span>

#include "octopole/kernels.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// M2P: adds the field of the multipoles, in rows (vectors, equivalent_size), in the W list of each leaf to
/// the leaf's targets. Vector kernels as in p2m_l2p.hpp. Threaded over leaves.
template <class Real>
void m2p(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> leaves,
         const ListView& w, const Box* boxes, const PointsByNode& targets, const Real* multipoles,
         const TargetSums& sums, const std::uint8_t* octants = nullptr);

/// P2L: adds the potential of the sources in the X list of each node to the node's downward check potentials,
/// in rows (vectors, downward_check_size).
template <class Real>
void p2l(const AnyKernel& kernel, const Translations<Real>& t, std::span<const NodeIndex> nodes,
         const ListView& x, const Box* boxes, const PointsByNode& sources, StrengthsOf<Real> charges,
         CheckRowsOf<Real> checks, const std::uint8_t* octants = nullptr);

}  // namespace octopole
#pragma GCC visibility pop
