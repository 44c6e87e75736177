// M2M and L2L, between parents and children, and check-to-local.
#pragma once

#include <span>

#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// M2M: multipoles of `parents` (all of one level) from those of their children, added up in octant order;
/// absent children (kNoNode) and those without sources (has_source 0) are skipped. Rows of parents are
/// overwritten. Here and below, rows have `vectors` parts.
template <class Real>
void m2m(const Translations<Real>& t, std::span<const NodeIndex> parents, const NodeIndex* children,
         const std::uint8_t* has_source, Real* multipoles, int vectors = 1);

/// L2L: adds the locals of `parents` (all of one level) to those of their children that have targets.
template <class Real>
void l2l(const Translations<Real>& t, std::span<const NodeIndex> parents, const NodeIndex* children,
         const std::uint8_t* has_target, Real* locals, int vectors = 1);

/// Locals of `nodes` from their downward check potentials, in rows (vectors, downward_check_size); rows of
/// locals are overwritten.
template <class Real>
void check_to_local(const Translations<Real>& t, std::span<const NodeIndex> nodes,
                    CheckRowsOf<const Real> checks, Real* locals, int vectors = 1);

}  // namespace octopole
#pragma GCC visibility pop
