// What the rest of the library may do with an Fmm, beyond its public members.
#pragma once

#include <array>

#include "fmm/leaf_points.hpp"
#include "fmm/observer.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct FmmAccess {
  /// Notifies the observer of all later work on this rank; null ends that. The observer must live as long.
  /// Not collective.
  static void observe(Fmm& fmm, WorkObserver* observer);

  static const mpi::Comm& comm(const Fmm& fmm);

  /// Targets by leaf with the leaves' neighbours: what block preconditioners are made of. A copy. Throws
  /// Error before set_points. Collective.
  static LeafPoints leaf_points(const Fmm& fmm);

  /// Operations of one evaluation of the potential by phase, counted on this rank: pairs as kFlopsPerPair.
  /// Throws Error before set_points. Not collective.
  static std::array<double, kPhases> flops(const Fmm& fmm);
};

/// As a pair of points is counted: 3 differences, 5 for the squared distance, 2 for its inverse root, 2 to
/// multiply by the charge and add.
inline constexpr double kFlopsPerPair = 12;

}  // namespace octopole
#pragma GCC visibility pop
