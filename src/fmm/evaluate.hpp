// One evaluation: agreement on the strengths, the upward pass, the near field, and the downward pass.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/profile.hpp"
#include "fmm/observer.hpp"
#include "fmm/set_points.hpp"
#include "kernels/derivatives.hpp"
#include "octopole/fmm.hpp"
#include "operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Arrays of an evaluation, kept from one to the next; start with an empty workspace for every new set-up.
/// Those of up to kMaxVectors vectors of strengths.
template <class Real>
struct Workspace {
  AlignedVector<Real> strengths;  // (parts, vectors, sources: owned, then ghosts)
  /// The same for P2P with one float per coordinate, if Real is double.
  AlignedVector<float> near_strengths;
  // Of vector kernels, columns instead of vectors (operators/columns.hpp).
  AlignedVector<Real> multipoles;     // (nodes, vectors, equivalent points)
  AlignedVector<Real> locals;         // (nodes, vectors, equivalent points)
  AlignedVector<Real> checks;         // (nodes of the largest level, vectors, downward check points)
  std::vector<std::uint8_t> octants;  // of vector kernels: place of every node among its siblings
  M2lFftWorkspace<Real> m2l;
  M2lFftWorkspace<float> m2l_single;  // if only M2L is in single
  /// Results by number (ResultLayout): (vectors, targets: owned, then ghosts).
  std::array<AlignedVector<double>, kMaxResults> sums;
};

/// The strengths that the caller passes on this rank, in the order of its sources, of a kind agreed by all.
struct CallerStrengths {
  Strengths values;
  SourceKind kind = SourceKind::charges;
  std::vector<double> units;  // of each vector: powers of two
  Index reductions = 0;       // to agree on them
};

/// The first step: all ranks make the same call with valid strengths of the same kinds. The unit of a vector
/// is 1 or, if an operator is in single precision, a power of two near the largest magnitude of all ranks, of
/// dipoles over the unit of coordinates. `setup` is null before set_points. Throws AgreedError on all ranks
/// if it is, or if strengths are missing, have the wrong length or are not finite. One Allreduce, with
/// several vectors and single precision two. Collective.
CallerStrengths agree_on_strengths(const mpi::Comm& comm, const PointSetup* setup,
                                   const Parameters& parameters, const Strengths& strengths, Output output);

/// All other steps. Computes the field at the caller's targets, in passes of up to kMaxVectors vectors.
/// Strengths are divided by their unit before they are rounded to Real, and the field is multiplied by it.
/// `near` is the precision of P2P, not higher than Real. Counts time, bytes and messages in `profile`;
/// notifies `observer`, which may be null. Collective.
template <class Real>
void evaluate(const mpi::Comm& comm, const AnyKernel& kernel, const LevelOperators<Real>& operators,
              PointSetup& setup, Precision near, Workspace<Real>& workspace, const CallerStrengths& strengths,
              Output output, Field& field, Profile& profile, WorkObserver* observer = nullptr);

}  // namespace octopole
#pragma GCC visibility pop
