// Krylov solver for an operator and times of its products, for programs that do not need the KSP itself.
#pragma once

#include <mpi.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "octopole/petsc.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

class Operator;

/// Defaults of the solver; PETSc's options (-ksp_.., -pc_.., -octopole_relax) change them.
struct SolverSettings {
  double rtol = 1e-5;
  int max_iterations = 200;
  int restart = 60;            // of gmres
  std::string type = "gmres";  // preconditioned from the right: true residuals
  std::string preconditioner = "octopole_near";
  bool relax = false;
};

struct SolveReport {
  bool converged = false;
  std::string reason;  // PETSc's name, as CONVERGED_RTOL
  int iterations = 0;
  double residual = 0;          // |b - A x| / |b|, from one more product of full accuracy
  std::vector<double> history;  // |r_k| / |r_0| as reported by the solver, from k = 0
  double seconds = 0;
};

/// One KSP for any number of right-hand sides: the preconditioner is set up once.
class Solver {
 public:
  /// Called on all ranks after every iteration: iteration and |r_k| / |r_0|.
  using Progress = std::function<void(int iteration, double residual)>;

  /// PETSc must be initialised (Session). Chooses the FMM's digits by the tolerance (see attach). Throws
  /// AgreedError where ranks pass different settings, and for errors of PETSc; a failure of one rank alone
  /// ends all ranks. Collective, like all that follows.
  Solver(MPI_Comm comm, const std::shared_ptr<Operator>& op, const SolverSettings& settings);
  ~Solver();
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  /// Solves A x = b for this rank's parts. Does not throw if it does not converge: x is the last iterate.
  SolveReport solve(std::span<const double> b, std::span<double> x, const Progress& progress = {});

  /// Sets up the preconditioner, which otherwise the first solve does; returns the seconds. Call at most
  /// once.
  double set_up();
  const Accuracy& accuracy() const;
  /// Types of the solver and of the preconditioner that PETSc uses.
  std::string type() const;
  std::string preconditioner() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Operator;

/// Medians of seconds, each that of the slowest rank.
struct ProductTimes {
  int repeats = 0;
  double mat_mult = 0;  // of the operator's Mat
  double fmm = 0;       // Fmm::evaluate for the same points, unobserved
  double ratio = 0;     // median of mat_mult / fmm of one repeat
};

/// Times MatMult and the plain FMM of full accuracy alternately, so that disturbances affect both. `repeats`
/// is 1 or more, the same on all ranks. Throws AgreedError if the operator has no accuracy levels.
/// Collective.
ProductTimes time_products(MPI_Comm comm, const std::shared_ptr<Operator>& op, int repeats);

}  // namespace octopole::petsc
#pragma GCC visibility pop
