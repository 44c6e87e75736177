// One evaluation: agreement on the charges, the upward pass, the near field, and the downward pass.
#pragma once

#include <span>

#include "base/profile.hpp"
#include "fmm/observer.hpp"
#include "fmm/set_points.hpp"
#include "octopole/fmm.hpp"
#include "operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Arrays of an evaluation, kept from one to the next; start with an empty workspace for every new set-up.
template <class Real>
struct Workspace {
  AlignedVector<Real> charges;     // owned sources, then ghosts
  AlignedVector<Real> multipoles;  // (nodes, equivalent points)
  AlignedVector<Real> locals;      // (nodes, equivalent points)
  AlignedVector<Real> checks;      // (nodes of the largest level, downward check points)
  M2lFftWorkspace<Real> m2l;
  M2lFftWorkspace<float> m2l_single;            // if only M2L is in single
  AlignedVector<double> potential, gx, gy, gz;  // owned targets, then ghosts
};

/// The first step: all ranks make the same call with valid charges. Returns the unit of the charges, 1 or, if
/// an operator is in single precision, a power of two near the largest magnitude of all ranks. `setup` is
/// null before set_points. Throws AgreedError on all ranks if it is, or if charges have the wrong length or
/// are not finite. One Allreduce. Collective.
double agree_on_charges(const mpi::Comm& comm, const PointSetup* setup, const Parameters& parameters,
                        std::span<const double> charges, Output output);

/// All other steps. Computes the field at the caller's targets. Charges are divided by charge_unit, a power
/// of two, before they are rounded to Real, and the field is multiplied by it. `near` is the precision of
/// P2P, not higher than Real. Counts time, bytes and messages in `profile`; notifies `observer`, which may be
/// null. Collective.
template <class Real>
void evaluate(const mpi::Comm& comm, const AnyKernel& kernel, const LevelOperators<Real>& operators,
              PointSetup& setup, Precision near, Workspace<Real>& workspace, std::span<const double> charges,
              double charge_unit, Output output, Field& field, Profile& profile,
              WorkObserver* observer = nullptr);

}  // namespace octopole
#pragma GCC visibility pop
