#include "petsc/solver.hpp"

#include <fmt/format.h>
#include <petscksp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/profile.hpp"
#include "mpi/agreement.hpp"
#include "octopole/petsc.hpp"
#include "petsc/handles.hpp"
#include "petsc/matrix.hpp"

namespace octopole::petsc {

struct Solver::State {
  mpi::Comm ranks;
  Mat matrix = nullptr;
  KSP ksp = nullptr;
  Vec b = nullptr, x = nullptr, residual = nullptr;
  Accuracy accuracy;
  const Progress* progress = nullptr;
  std::vector<double> history;
  double first = 0;

  explicit State(mpi::Comm comm) : ranks(std::move(comm)) {}
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    (void)KSPDestroy(&ksp);
    (void)VecDestroy(&b);
    (void)VecDestroy(&x);
    (void)VecDestroy(&residual);
    (void)MatDestroy(&matrix);
  }
};

namespace {

template <class State>
PetscErrorCode note(KSP ksp, PetscInt iteration, PetscReal norm, void* context) {
  auto& s = *static_cast<State*>(context);
  const MPI_Comm comm = PetscObjectComm(reinterpret_cast<PetscObject>(ksp));
  return guarded(comm, s.ranks, "KSPMonitor_OctopoleSolver", [&] {
    if (iteration == 0) {
      s.history.clear();
      s.first = norm;
    }
    const double relative = s.first > 0 ? norm / s.first : 0;
    const auto place = static_cast<std::size_t>(iteration);
    if (place < s.history.size()) return;  // gmres reports the residual again at a restart
    s.history.push_back(relative);
    if (s.progress && *s.progress) (*s.progress)(static_cast<int>(iteration), relative);
  });
}

/// Throws unless all ranks pass equal settings, which PETSc itself checks in debug builds only.
void require_equal_settings(const mpi::Comm& comm, const SolverSettings& s) {
  const std::array<mpi::NamedValue, 6> values = {
      mpi::NamedValue{"rtol", fmt::format("{}", s.rtol)},
      mpi::NamedValue{"max_iterations", fmt::format("{}", s.max_iterations)},
      mpi::NamedValue{"restart", fmt::format("{}", s.restart)},
      mpi::NamedValue{"type", s.type},
      mpi::NamedValue{"preconditioner", s.preconditioner},
      mpi::NamedValue{"relax", fmt::format("{}", s.relax)}};
  mpi::require_equal(comm, values, "pass the same settings on every rank");
}

/// Makes everything but the preconditioner's entries.
template <class State>
void set_solver_up(MPI_Comm comm, const std::shared_ptr<Operator>& op, const SolverSettings& settings,
                   State& s) {
  require_equal_settings(s.ranks, settings);
  s.matrix = make_shell(comm, op);
  check(MatCreateVecs(s.matrix, &s.x, &s.b), "MatCreateVecs");
  check(VecDuplicate(s.b, &s.residual), "VecDuplicate");
  check(KSPCreate(comm, &s.ksp), "KSPCreate");
  check(KSPSetOperators(s.ksp, s.matrix, s.matrix), "KSPSetOperators");
  check(KSPSetType(s.ksp, settings.type.c_str()), "KSPSetType");
  if (settings.type == KSPGMRES) {
    check(KSPGMRESSetRestart(s.ksp, settings.restart), "KSPGMRESSetRestart");
    check(KSPSetPCSide(s.ksp, PC_RIGHT), "KSPSetPCSide");
  }
  check(KSPSetTolerances(s.ksp, settings.rtol, PETSC_DEFAULT, PETSC_DEFAULT, settings.max_iterations),
        "KSPSetTolerances");
  PC pc = nullptr;
  check(KSPGetPC(s.ksp, &pc), "KSPGetPC");
  check(PCSetType(pc, settings.preconditioner.c_str()), "PCSetType");
  check(KSPSetFromOptions(s.ksp), "KSPSetFromOptions");
  check(KSPMonitorSet(s.ksp, note<State>, &s, nullptr), "KSPMonitorSet");
  s.accuracy = attach(s.ksp, settings.relax);
}

}  // namespace

Solver::Solver(MPI_Comm comm, const std::shared_ptr<Operator>& op, const SolverSettings& settings)
    : state_(std::make_unique<State>(mpi::Comm::duplicate(comm))) {
  const QuietErrors quiet;
  run_together(state_->ranks, "a Solver", [&] { set_solver_up(comm, op, settings, *state_); });
}

Solver::~Solver() = default;

double Solver::set_up() {
  const QuietErrors quiet;
  const double start = seconds_now();
  run_together(state_->ranks, "KSPSetUp", [&] { check(KSPSetUp(state_->ksp), "KSPSetUp"); });
  return seconds_now() - start;
}

namespace {

template <class State>
SolveReport solve_together(State& s, std::span<const double> b, std::span<double> x,
                           const Solver::Progress& progress) {
  {
    WriteArray to(s.b);
    std::copy(b.begin(), b.end(), to.values().begin());
  }
  s.progress = &progress;
  const double start = seconds_now();
  check(KSPSolve(s.ksp, s.b, s.x), "KSPSolve");
  SolveReport report;
  report.seconds = seconds_now() - start;
  s.progress = nullptr;
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  PetscInt iterations = 0;
  check(KSPGetConvergedReason(s.ksp, &reason), "KSPGetConvergedReason");
  check(KSPGetIterationNumber(s.ksp, &iterations), "KSPGetIterationNumber");
  report.converged = reason > 0;
  report.reason = KSPConvergedReasons[reason];
  report.iterations = static_cast<int>(iterations);
  report.history = s.history;
  PetscReal norm = 0, norm_b = 0;
  check(MatMult(s.matrix, s.x, s.residual), "MatMult");
  check(VecAYPX(s.residual, -1, s.b), "VecAYPX");
  check(VecNorm(s.residual, NORM_2, &norm), "VecNorm");
  check(VecNorm(s.b, NORM_2, &norm_b), "VecNorm");
  report.residual = norm_b > 0 ? norm / norm_b : norm;
  const ReadArray from(s.x);
  std::copy(from.values().begin(), from.values().end(), x.begin());
  return report;
}

}  // namespace

SolveReport Solver::solve(std::span<const double> b, std::span<double> x, const Progress& progress) {
  const QuietErrors quiet;
  return run_together(state_->ranks, "a solve", [&] { return solve_together(*state_, b, x, progress); });
}

const Accuracy& Solver::accuracy() const {
  return state_->accuracy;
}

std::string Solver::type() const {
  KSPType type = nullptr;
  check(KSPGetType(state_->ksp, &type), "KSPGetType");
  return type;
}

std::string Solver::preconditioner() const {
  PC pc = nullptr;
  PCType type = nullptr;
  check(KSPGetPC(state_->ksp, &pc), "KSPGetPC");
  check(PCGetType(pc, &type), "PCGetType");
  return type;
}

namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Seconds of the slowest rank; all start together.
template <class Work>
double seconds_of(MPI_Comm comm, const Work& work) {
  MPI_Barrier(comm);
  const double start = seconds_now();
  work();
  const double mine = seconds_now() - start;
  double slowest = 0;
  MPI_Allreduce(&mine, &slowest, 1, MPI_DOUBLE, MPI_MAX, comm);
  return slowest;
}

struct Product {
  Mat matrix = nullptr;
  Vec x = nullptr, y = nullptr;
  ~Product() {
    (void)VecDestroy(&x);
    (void)VecDestroy(&y);
    (void)MatDestroy(&matrix);
  }
};

ProductTimes time_products_together(MPI_Comm comm, const std::shared_ptr<Operator>& op, int repeats,
                                    AccuracyLevels& levels) {
  Product p;
  p.matrix = make_shell(comm, op);
  check(MatCreateVecs(p.matrix, &p.x, &p.y), "MatCreateVecs");
  {
    WriteArray x(p.x);
    for (std::size_t i = 0; i < x.values().size(); ++i) x.values()[i] = std::sin(static_cast<double>(i));
  }
  std::vector<double> charges(static_cast<std::size_t>(levels.sources()));
  for (std::size_t i = 0; i < charges.size(); ++i) charges[i] = std::sin(static_cast<double>(i));
  Field field;
  const auto product = [&] { check(MatMult(p.matrix, p.x, p.y), "MatMult"); };
  const auto plain = [&] { levels.evaluate_plain(charges, field); };
  product();
  plain();
  std::vector<double> products, plains, ratios;
  for (int i = 0; i < repeats; ++i) {
    products.push_back(seconds_of(comm, product));
    plains.push_back(seconds_of(comm, plain));
    ratios.push_back(products.back() / plains.back());
  }
  return {repeats, median(products), median(plains), median(ratios)};
}

}  // namespace

ProductTimes time_products(MPI_Comm comm, const std::shared_ptr<Operator>& op, int repeats) {
  const QuietErrors quiet;
  AccuracyLevels* const levels = op->accuracy_levels();
  if (!levels || repeats < 1)
    throw AgreedError("only products of an FMM are timed, and at least one of them");
  return run_together(levels->ranks(), "time_products",
                      [&] { return time_products_together(comm, op, repeats, *levels); });
}

}  // namespace octopole::petsc
