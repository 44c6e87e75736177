// Time of a product compared with the FMM alone.
#pragma once

#include <mpi.h>

#include <memory>

#pragma GCC visibility push(default)
namespace octopole::petsc {

class Operator;

/// Medians of seconds, each that of the slowest rank.
struct ProductTimes {
  int repeats = 0;
  double mat_mult = 0;  // of the operator's Mat
  double fmm = 0;       // Fmm::evaluate for the same points, unobserved
  double ratio = 0;     // median of mat_mult / fmm of one repeat
};

/// Times MatMult and the plain FMM of full accuracy alternately, so that disturbances affect both. `repeats`
/// is 1 or more. Throws Error if the operator has no accuracy levels. Collective.
ProductTimes time_products(MPI_Comm comm, const std::shared_ptr<Operator>& op, int repeats);

}  // namespace octopole::petsc
#pragma GCC visibility pop
