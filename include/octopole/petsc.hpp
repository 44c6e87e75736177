// octopole::petsc: the FMM as a PETSc matrix, and its accuracy from a solver's tolerance.
#pragma once

#include <petscksp.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "octopole/error.hpp"
#include "octopole/fmm.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// Makes PETSc know octopole: events, and the preconditioner "octopole_near". Called by everything that makes
/// a Mat; call it yourself where -pc_type octopole_near is wanted before that. May be repeated. Collective.
void initialize();

/// What a Mat is made with.
struct Settings {
  Options fmm;
  std::string prefix = {};  ///< of PETSc's options: -[prefix]octopole_digits
};

/// `defaults` with what the database has of -[prefix]octopole_...; with -help prints what there is. Options
/// that are not octopole's are left for -options_left to report. Throws Error for values that are not what
/// the option wants; what does not fit together is refused where the Fmm is made. Collective.
Settings read_options(MPI_Comm comm, const Settings& defaults);

/// A Mat of type shell (see make_shell) from an Fmm whose points are set: row i is target i, column j source
/// j, in the caller's layout; any numbers on each rank. The Mat shares the Fmm, which lives at least as long;
/// the caller may go on evaluating it, and must not set other points. Accuracy is the Fmm's. Coincident
/// points contribute nothing, so that the diagonal is zero where the targets are the sources.
/// MatMultTranspose uses the same Fmm there, else a second one that its first call makes. `comm` as in
/// make_shell. Collective; Error on all ranks.
Mat make_mat(MPI_Comm comm, std::shared_ptr<Fmm> fmm);
/// The same of an Fmm that the Mat takes.
Mat make_mat(MPI_Comm comm, Fmm&& fmm);

/// A Mat from points: the Fmm is made when it is first needed, so that its digits can follow from a solver's
/// tolerance (attach), and set-up is logged. Options that settings leave open are read from PETSc's
/// database (read_options). `sources` and `targets` are (n, 3) interleaved; no targets: they are the sources.
Mat make_mat(MPI_Comm comm, const Settings& settings, std::vector<double> sources,
             std::optional<std::vector<double>> targets = std::nullopt);

/// What a solver wants and what it has.
struct Accuracy {
  double rtol = 0;
  int wanted = 0;       ///< digits: two more than the tolerance's
  int digits = 0;       ///< of the FMM; 0 where only its order is known
  bool looser = false;  ///< fewer than wanted
  bool relaxed = false;
};

/// -log10(rtol), rounded up, and two: at least 2, and as many as it takes.
int digits_for(double rtol);

/// Call it after KSPSetOperators, KSPSetTolerances and KSPSetFromOptions, before KSPSolve. The KSP's matrix
/// must be one of make_mat's, else Error.
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

/// Throws Error with PETSc's own text unless `code` is 0.
void check(PetscErrorCode code, const char* call);

/// While it lives, PETSc's errors are returned without being printed: check() throws them.
class QuietErrors {
 public:
  QuietErrors() { check(PetscPushErrorHandler(PetscReturnErrorHandler, nullptr), "PetscPushErrorHandler"); }
  ~QuietErrors() { (void)PetscPopErrorHandler(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
