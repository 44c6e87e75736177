#include "octopole/petsc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>

#include "petsc/errors.hpp"
#include "petsc/options_scope.hpp"
#include "petsc/shell.hpp"

namespace octopole::petsc {
namespace {

constexpr int kFewest = 2, kMost = 12;  // digits of an FMM

/// The monitor's context.
struct Relaxation {
  std::shared_ptr<Operator> op;  // whose products are relaxed
  double first = 0;              // residual norm
};

PetscErrorCode monitor(KSP ksp, PetscInt iteration, PetscReal norm, void* context) {
  return guarded(PetscObjectComm(reinterpret_cast<PetscObject>(ksp)), "KSPMonitor_Octopole", [&] {
    auto& r = *static_cast<Relaxation*>(context);
    AccuracyLevels& levels = *r.op->accuracy_levels();
    if (iteration == 0) r.first = norm;
    int digits = 0;  // none: not relaxed
    if (norm > 0 && r.first > 0 && norm < r.first)
      digits = std::max(kFewest, static_cast<int>(std::ceil(levels.digits() + std::log10(norm / r.first))));
    // Logarithms differ in the last bit between processors, so rank 0 decides.
    if (digits = levels.ranks().of_root(digits); digits > 0) levels.relax_next(digits);
  });
}

/// The last monitored iteration has relaxed a product that the solver does not make: the next product is not
/// the solver's.
PetscErrorCode end_relaxation(KSP ksp, Vec, Vec, void*) {
  return guarded(PetscObjectComm(reinterpret_cast<PetscObject>(ksp)), "KSPPostSolve_Octopole", [&] {
    Mat matrix = nullptr;
    check(KSPGetOperators(ksp, &matrix, nullptr), "KSPGetOperators");
    const std::shared_ptr<Operator> op = operator_of(matrix);
    if (op && op->accuracy_levels()) op->accuracy_levels()->relax_next(0);
  });
}

PetscErrorCode forget(void** context) {
  delete static_cast<Relaxation*>(*context);
  *context = nullptr;
  return static_cast<PetscErrorCode>(0);
}

PetscErrorCode ask_relax(MPI_Comm comm, const char* prefix, PetscBool& relax) {
  OCTOPOLE_PETSC_OPTIONS_BEGIN(comm, prefix, "octopole accuracy in solvers", "");
  OCTOPOLE_PETSC_CALL(
      PetscOptionsBool("-octopole_relax", "Fewer digits as the residual falls", "", relax, &relax, nullptr));
  OCTOPOLE_PETSC_OPTIONS_END();
  return static_cast<PetscErrorCode>(0);
}

void warn(MPI_Comm comm, const std::string& text) {
  check(PetscFPrintf(comm, stderr, "octopole: warning: %s\n", text.c_str()), "PetscFPrintf");
}

bool suits_relaxation(KSP ksp) {
  PetscBool suits = PETSC_FALSE;
  check(PetscObjectTypeCompareAny(reinterpret_cast<PetscObject>(ksp), &suits, KSPGMRES, KSPFGMRES, KSPLGMRES,
                                  KSPCG, ""),
        "PetscObjectTypeCompareAny");
  return suits == PETSC_TRUE;
}

}  // namespace

int digits_for(double rtol) {
  if (!(rtol > 0) || rtol >= 1) return kFewest;
  return std::max(kFewest, static_cast<int>(std::ceil(-std::log10(rtol) - 1e-9)) + 2);
}

Accuracy attach(KSP ksp, bool relax) {
  const QuietErrors quiet;
  const MPI_Comm comm = PetscObjectComm(reinterpret_cast<PetscObject>(ksp));
  Mat matrix = nullptr;
  check(KSPGetOperators(ksp, &matrix, nullptr), "KSPGetOperators");
  const std::shared_ptr<Operator> op = operator_of(matrix);
  AccuracyLevels* levels = op ? op->accuracy_levels() : nullptr;
  if (!levels) throw Error("the matrix of this KSP has no FMM", "set its operators first (KSPSetOperators)");
  Accuracy accuracy;
  PetscReal rtol = 0;
  check(KSPGetTolerances(ksp, &rtol, nullptr, nullptr, nullptr), "KSPGetTolerances");
  accuracy.rtol = rtol;
  accuracy.wanted = levels->ranks().of_root(digits_for(rtol));
  levels->set_digits(std::min(accuracy.wanted, kMost));
  accuracy.digits = levels->digits();
  accuracy.looser = accuracy.digits > 0 && accuracy.digits < accuracy.wanted;
  if (accuracy.looser)
    warn(comm,
         fmt::format("the FMM has {} digits, the solver's tolerance {:g} wants {}: the residual that it "
                     "reports may not be reached (-octopole_digits, or a larger -ksp_rtol)",
                     accuracy.digits, accuracy.rtol, accuracy.wanted));

  const char* prefix = nullptr;
  check(KSPGetOptionsPrefix(ksp, &prefix), "KSPGetOptionsPrefix");
  PetscBool asked = relax ? PETSC_TRUE : PETSC_FALSE;
  check(ask_relax(comm, prefix, asked), "options database");
  if (!asked) return accuracy;
  if (!levels->can_relax()) {
    warn(comm, "-octopole_relax is ignored: the FMM's accuracy is given by an order, not by digits");
  } else if (!suits_relaxation(ksp)) {
    warn(comm, "-octopole_relax is ignored: it is for -ksp_type gmres, fgmres, lgmres and cg");
  } else {
    check(KSPMonitorSet(ksp, monitor, new Relaxation{op}, forget), "KSPMonitorSet");
    check(KSPSetPostSolve(ksp, end_relaxation, nullptr), "KSPSetPostSolve");
    accuracy.relaxed = true;
  }
  return accuracy;
}

}  // namespace octopole::petsc
