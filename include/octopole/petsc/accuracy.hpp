// The FMM's accuracy from a Krylov solver's tolerance, and its relaxation as the residual falls.
#pragma once

#include <petscksp.h>

#include "octopole/petsc/ladder.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// What a solver wants and what it has.
struct Accuracy {
  double rtol = 0;
  int wanted = 0;       // digits: two more than the tolerance's
  int digits = 0;       // of the FMM; 0 where only its order is known
  bool looser = false;  // fewer than wanted
  bool relaxed = false;
};

/// -log10(rtol), rounded up, and two: at least 2, and as many as it takes.
int digits_for(double rtol);

/// Call it after KSPSetOperators, KSPSetTolerances and KSPSetFromOptions, before KSPSolve. The KSP's matrix
/// must be one of make_shell's with a ladder, else Error.
///
/// Where the FMM's digits are open they become digits_for(rtol), at most 12. Where they are fewer than that,
/// a warning with the numbers goes to rank 0's standard error.
///
/// With -octopole_relax (under the KSP's prefix), or `relax`, products become cheaper as the residual r_k
/// falls: a product needs digits + log10(|r_k| / |r_0|) digits (Bouras and Fraysse, SIAM J. Matrix Anal.
/// Appl. 26 (2005) 660; Simoncini and Szyld, SIAM J. Sci. Comput. 25 (2003) 454). One product after each
/// residual is relaxed, all others (initial residuals, restarts) have full accuracy. For gmres, fgmres,
/// lgmres and cg; ignored with a warning for other types, and where accuracy is by order. Collective.
Accuracy attach(KSP ksp, bool relax = false);

}  // namespace octopole::petsc
#pragma GCC visibility pop
