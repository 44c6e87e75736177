// octopole::petsc: the FMM as a PETSc matrix, with its accuracy chosen by a solver's tolerance.
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

/// Registers octopole with PETSc: log events, and the preconditioner "octopole_near". All functions that
/// create a Mat call it; call it yourself if -pc_type octopole_near is needed before. May be repeated.
/// Collective.
void initialize();

/// Vectors that make derivatives of the columns and rows of a scalar kernel's matrix K(x_i, y_j), for
/// boundary integral equations. With unit normals:
///
///   sources  targets  entry                                 operator
///   none     none     K(x_i, y_j)                           single layer
///   n_j      none     n_j . grad_y K(x_i, y_j)              double layer
///   none     n_i      n_i . grad_x K(x_i, y_j)              adjoint double layer
///   n_j      n_i      n_i . grad_x (n_j . grad_y K)         hypersingular
///
/// Any lengths are allowed: entries are proportional to them. Given on all ranks or on none.
struct Normals {
  std::optional<std::vector<double>> sources = std::nullopt;  ///< (n, 3), of this rank's sources
  std::optional<std::vector<double>> targets = std::nullopt;  ///< (m, 3), of this rank's targets
};

/// Settings from which a Mat is created.
struct Settings {
  Options fmm;              ///< of the Fmm; its source_kind and output follow from the normals
  std::string prefix = {};  ///< of its options in PETSc's database: -[prefix]octopole_digits
  AnyKernel kernel = Laplace{};
  Normals normals = {};
};

/// Returns `defaults`, replaced by the values that PETSc's options database has of -[prefix]octopole_...; the
/// kernel by its name, -[prefix]octopole_kernel yukawa, and its parameters, -[prefix]octopole_screening 2 (or
/// _viscosity, _shear_modulus, _poisson), of which those of the default kernel stay if it is the same; with
/// -help prints all these options. Unknown options are left for -options_left to report. Throws Error
/// for values of the wrong kind, AgreedError for a kernel that cannot be; options that contradict each other
/// are refused when the Fmm is constructed. Collective.
Settings read_options(MPI_Comm comm, const Settings& defaults);

/// Creates a Mat of type shell from an Fmm whose points are set: row i is target i, column j source j, in the
/// caller's layout, with any number of points on each rank; of a vector kernel three rows a target and three
/// columns a source, and a block size of 3. The caller destroys the Mat, which shares ownership of the Fmm;
/// the caller may continue to evaluate the Fmm, and must not set other points. The accuracy is that of the
/// Fmm, whose options announce dipoles (source_kind) and gradients (output) if there are normals. Coincident
/// points contribute nothing, so the diagonal is zero if sources = targets. MatMultTranspose uses the same
/// Fmm then, unless only sources or only targets have normals; else a second one that its first call
/// constructs. `comm` must have the ranks of the Fmm's communicator in the same order. Collective; throws
/// AgreedError on all ranks, for instance for normals of a vector kernel or of a wrong number.
Mat make_mat(MPI_Comm comm, std::shared_ptr<Fmm> fmm, Normals normals = {});
/// The same for an Fmm that the Mat takes over.
Mat make_mat(MPI_Comm comm, Fmm&& fmm, Normals normals = {});

/// Creates a Mat from points. The Fmm is constructed when it is first needed, so that its digits can follow
/// from a solver's tolerance (attach) and PETSc logs its set-up. PETSc's database takes precedence over
/// `settings` (read_options). `sources` (n, 3) and `targets` (m, 3) are interleaved; without `targets`,
/// sources = targets. Otherwise as above.
Mat make_mat(MPI_Comm comm, const Settings& settings, std::vector<double> sources,
             std::optional<std::vector<double>> targets = std::nullopt);

/// The accuracy that a solver needs and the one that its FMM has.
struct Accuracy {
  double rtol = 0;       ///< the solver's relative tolerance
  int wanted = 0;        ///< digits_for(rtol)
  int digits = 0;        ///< of the FMM; 0 if only its order is known
  bool looser = false;   ///< whether digits are known and fewer than wanted
  bool relaxed = false;  ///< whether products become cheaper as the residual falls
};

/// Digits for a relative tolerance: -log10(rtol), rounded up, plus 2; at least 2, without an upper limit.
int digits_for(double rtol);

/// Chooses the accuracy of the FMM for a KSP, and returns it. Call it after KSPSetOperators, KSPSetTolerances
/// and KSPSetFromOptions, before KSPSolve. Throws Error if the KSP's matrix is not one of make_mat's.
///
/// If the FMM's digits were not set, they become digits_for(rtol), at most 12. If they are fewer than
/// digits_for(rtol), a warning with both numbers goes to rank 0's standard error.
///
/// With -octopole_relax (under the KSP's prefix), or `relax`, products become cheaper as the residual r_k
/// falls: a product needs digits + log10(|r_k| / |r_0|) digits (Bouras and Fraysse, SIAM J. Matrix Anal.
/// Appl. 26 (2005) 660; Simoncini and Szyld, SIAM J. Sci. Comput. 25 (2003) 454). One product after each
/// residual is relaxed; all others (initial residuals, restarts) have full accuracy. For gmres, fgmres,
/// lgmres and cg; ignored with a warning for other types, and if the accuracy is given by an order.
/// Collective.
Accuracy attach(KSP ksp, bool relax = false);

/// Throws Error with PETSc's message for `code` and the name `call`, unless `code` is 0. Not collective.
void check(PetscErrorCode code, const char* call);

/// Makes PETSc return errors without printing them, for the lifetime of the object: check() throws them.
class QuietErrors {
 public:
  QuietErrors() { check(PetscPushErrorHandler(PetscReturnErrorHandler, nullptr), "PetscPushErrorHandler"); }
  ~QuietErrors() { (void)PetscPopErrorHandler(); }
  QuietErrors(const QuietErrors&) = delete;
  QuietErrors& operator=(const QuietErrors&) = delete;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
