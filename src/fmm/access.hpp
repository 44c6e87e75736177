// Access to an Fmm beyond its public members, for the other modules of the library.
#pragma once

#include <array>

#include "fmm/leaf_points.hpp"
#include "fmm/observer.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct FmmAccess {
  /// Notifies the observer, which must live as long, of all later work on this rank; null ends that. Not
  /// collective.
  static void observe(Fmm& fmm, WorkObserver* observer);

  static const mpi::Comm& comm(const Fmm& fmm);

  /// Copies the targets by leaf with the leaves' neighbours, for block preconditioners. Throws Error before
  /// set_points. Collective.
  static LeafPoints leaf_points(const Fmm& fmm);

  /// Operations of one evaluation of the potential by phase, counted on this rank (count_flops). Throws Error
  /// before set_points. Not collective.
  static std::array<double, kPhases> flops(const Fmm& fmm);
};

}  // namespace octopole
#pragma GCC visibility pop
