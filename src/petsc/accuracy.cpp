#include "petsc/accuracy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "base/aligned.hpp"
#include "fmm/access.hpp"
#include "mpi/agreement.hpp"
#include "octopole/kernels.hpp"
#include "octopole/petsc.hpp"
#include "petsc/handles.hpp"
#include "petsc/matrix.hpp"

namespace octopole::petsc {
namespace {

// Digits of relaxed products: each further Fmm costs a set-up and memory.
constexpr int kRungs[] = {3, 6, 9};

/// The same options for another number of digits.
Options with_digits(Options options, int digits) {
  options.digits = digits;
  options.order = options.check_order = options.downward_check_order = std::nullopt;
  options.svd_tolerance = std::nullopt;
  options.svd_rank = std::nullopt;
  return options;
}

/// The same options for an Fmm of this product.
Options announcing(Options options, const ProductKind& product) {
  options.source_kind = product.sources;
  options.output = product.output;
  return options;
}

}  // namespace

AccuracyLevels::AccuracyLevels(std::shared_ptr<Fmm> fmm, const ProductKind& product)
    : comm_(FmmAccess::comm(*fmm)),
      kernel_(fmm->kernel()),
      product_(product),
      options_(announcing(fmm->options(), product)),
      full_(std::make_unique<Entry>()) {
  full_->fmm = std::move(fmm);
  source_count_ = static_cast<Index>(full_->fmm->sources().size() / 3);  // throws if there are none
  targets_are_sources_ = full_->fmm->targets_are_sources();
  target_count_ = targets_are_sources_ ? source_count_ : static_cast<Index>(full_->fmm->targets().size() / 3);
  FmmAccess::observe(*full_->fmm, &full_->observer);
  adopt(*full_);
}

AccuracyLevels::AccuracyLevels(MPI_Comm comm, const AnyKernel& kernel, const Options& options,
                               std::vector<double> sources, std::optional<std::vector<double>> targets,
                               const ProductKind& product)
    : comm_(mpi::Comm::duplicate(comm)),
      kernel_(kernel),
      product_(product),
      options_(announcing(options, product)),
      source_count_(static_cast<Index>(sources.size() / 3)),
      target_count_(static_cast<Index>((targets ? *targets : sources).size() / 3)),
      targets_are_sources_(!targets),
      source_points_(std::move(sources)) {
  if (targets) target_points_ = std::move(*targets);
  mpi::collectively(comm_, [&] {
    if (source_points_.size() % 3 != 0 || target_points_.size() % 3 != 0)
      throw Error("coordinates are not three per point");
    resolve(options_, kernel_.name());
  });
}

AccuracyLevels::~AccuracyLevels() {
  if (full_ && full_->fmm) FmmAccess::observe(*full_->fmm, nullptr);  // others may hold it
}

void AccuracyLevels::adopt(Entry& entry) {
  entry.observer.expect(FmmAccess::flops(*entry.fmm));
  entry.level.digits = entry.fmm->parameters().digits.value_or(0);
}

std::unique_ptr<AccuracyLevels::Entry> AccuracyLevels::build(
    const Options& options, std::span<const double> sources,
    std::optional<std::span<const double>> targets) const {
  const SetupStageScope stage;
  const double start = seconds_now();
  auto entry = std::make_unique<Entry>();
  {
    const EventScope event(log_events().operators);
    entry->fmm = std::make_shared<Fmm>(comm_.handle(), kernel_, options);
  }
  const EventScope event(log_events().set_points);
  FmmAccess::observe(*entry->fmm, &entry->observer);
  if (targets)
    entry->fmm->set_points(sources, *targets);
  else
    entry->fmm->set_points(sources);
  adopt(*entry);
  entry->level.setup_seconds = seconds_now() - start;
  return entry;
}

bool AccuracyLevels::set_digits(int digits) {
  if (full_ || options_.digits || options_.order) return false;
  options_.digits = digits;
  return true;
}

int AccuracyLevels::digits() const {
  if (full_) return full_->level.digits;
  return resolve(options_, kernel_.name()).digits.value_or(0);
}

Fmm& AccuracyLevels::full() {
  if (!full_) {
    full_ =
        build(options_, source_points_,
              targets_are_sources_ ? std::nullopt : std::optional<std::span<const double>>(target_points_));
    release(source_points_);
    release(target_points_);
  }
  return *full_->fmm;
}

AccuracyLevels::Entry& AccuracyLevels::entry(int digits) {
  full();
  if (digits <= 0) return *full_;
  for (const int level : kRungs) {
    if (level < digits || level >= full_->level.digits) continue;
    std::unique_ptr<Entry>& cheaper = cheaper_[level];
    if (!cheaper) {
      const std::vector<double> sources = full_->fmm->sources();
      const std::vector<double> targets =
          targets_are_sources_ ? std::vector<double>() : full_->fmm->targets();
      cheaper = build(with_digits(options_, level), sources,
                      targets_are_sources_ ? std::nullopt : std::optional<std::span<const double>>(targets));
    }
    return *cheaper;
  }
  return *full_;
}

void AccuracyLevels::evaluate(const Strengths& strengths, Field& field) {
  Entry& e = entry(std::exchange(next_digits_, 0));
  e.observer.start_evaluation(strengths.vectors);
  const double start = seconds_now();
  e.fmm->evaluate(strengths, field, product_.output);
  e.level.seconds += seconds_now() - start;
  e.level.products += strengths.vectors;
}

void AccuracyLevels::evaluate_plain(std::span<const double> charges, Field& field) {
  Fmm& fmm = full();
  FmmAccess::observe(fmm, nullptr);
  fmm.evaluate(charges, field);
  FmmAccess::observe(fmm, &full_->observer);
}

void AccuracyLevels::evaluate_transposed(const Strengths& strengths, Field& field) {
  next_digits_ = 0;
  const ProductKind product = product_.transposed();
  if (targets_are_sources_ && product == product_) return evaluate(strengths, field);
  full();
  if (!transposed_) {
    const std::vector<double> sources = full_->fmm->sources(), targets = full_->fmm->targets();
    transposed_ =
        build(announcing(options_, product), targets,
              targets_are_sources_ ? std::nullopt : std::optional<std::span<const double>>(sources));
  }
  transposed_->observer.start_evaluation(strengths.vectors);
  transposed_->fmm->evaluate(strengths, field, product.output);
}

std::vector<AccuracyLevel> AccuracyLevels::products_by_level() const {
  std::vector<AccuracyLevel> levels;
  for (const auto& [digits, cheaper] : cheaper_)
    if (cheaper) levels.push_back(cheaper->level);
  if (full_) levels.push_back(full_->level);
  std::reverse(levels.begin(), levels.end());
  return levels;
}

std::string describe(const AccuracyLevels& accuracy, const std::string& entries) {
  std::string text = fmt::format(
      "octopole FMM, {}, {}\n", entries,
      accuracy.digits() > 0 ? fmt::format("{} digits", accuracy.digits()) : std::string("accuracy by order"));
  const std::vector<AccuracyLevel> levels = accuracy.products_by_level();
  for (const AccuracyLevel& level : levels)
    text += fmt::format("products with {} digits: {}, {:.3g} s, set-up {:.3g} s\n", level.digits,
                        level.products, level.seconds, level.setup_seconds);
  if (levels.size() > 1) text += fmt::format("relaxed accuracy saved {:.3g} s\n", seconds_saved(levels));
  return text;
}

double seconds_saved(std::span<const AccuracyLevel> levels) {
  if (levels.empty() || levels[0].products == 0) return 0;
  const double each = levels[0].seconds / static_cast<double>(levels[0].products);
  double saved = 0;
  for (const AccuracyLevel& level : levels.subspan(1))
    saved += each * static_cast<double>(level.products) - level.seconds;
  return saved;
}

namespace {

constexpr int kFewest = 2, kMost = 12;  // digits of an FMM

/// The monitor's context.
struct Relaxation {
  std::shared_ptr<Operator> op;  // whose products are relaxed
  double first = 0;              // residual norm
};

PetscErrorCode monitor(KSP ksp, PetscInt iteration, PetscReal norm, void* context) {
  auto& r = *static_cast<Relaxation*>(context);
  AccuracyLevels& levels = *r.op->accuracy_levels();
  return guarded(PetscObjectComm(reinterpret_cast<PetscObject>(ksp)), levels.ranks(), "KSPMonitor_Octopole",
                 [&] {
                   if (iteration == 0) r.first = norm;
                   const int digits = agreed_relaxed_digits(levels.ranks(), levels.digits(), r.first, norm);
                   if (digits > 0) levels.relax_next(digits);
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

PetscErrorCode read_relax(MPI_Comm comm, const char* prefix, PetscBool& relax) {
  OCTOPOLE_PETSC_OPTIONS_BEGIN(comm, prefix, "octopole accuracy in solvers", "");
  OCTOPOLE_PETSC_CALL(PetscOptionsBool("-octopole_relax", "Use fewer digits as the residual decreases", "",
                                       relax, &relax, nullptr));
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

int agreed_digits_for(const mpi::Comm& comm, double rtol) {
  return comm.of_root(digits_for(rtol));
}

int relaxed_digits(int full, double first, double norm) {
  if (!(norm > 0) || !(first > 0) || !(norm < first)) return 0;
  return std::max(kFewest, static_cast<int>(std::ceil(full + std::log10(norm / first))));
}

int agreed_relaxed_digits(const mpi::Comm& comm, int full, double first, double norm) {
  return comm.of_root(relaxed_digits(full, first, norm));
}

namespace {

Accuracy attach_together(KSP ksp, const std::shared_ptr<Operator>& op, AccuracyLevels& levels, bool relax) {
  const MPI_Comm comm = PetscObjectComm(reinterpret_cast<PetscObject>(ksp));
  Accuracy accuracy;
  PetscReal rtol = 0;
  check(KSPGetTolerances(ksp, &rtol, nullptr, nullptr, nullptr), "KSPGetTolerances");
  accuracy.rtol = rtol;
  accuracy.wanted = agreed_digits_for(levels.ranks(), rtol);
  levels.set_digits(std::min(accuracy.wanted, kMost));
  accuracy.digits = levels.digits();
  accuracy.looser = accuracy.digits > 0 && accuracy.digits < accuracy.wanted;
  if (accuracy.looser)
    warn(comm,
         fmt::format("the FMM has {} digits, the solver's tolerance {:g} needs {}: the residual that it "
                     "reports may not be reached (-octopole_digits, or a larger -ksp_rtol)",
                     accuracy.digits, accuracy.rtol, accuracy.wanted));

  const char* prefix = nullptr;
  check(KSPGetOptionsPrefix(ksp, &prefix), "KSPGetOptionsPrefix");
  PetscBool asked = relax ? PETSC_TRUE : PETSC_FALSE;
  check(read_relax(comm, prefix, asked), "options database");
  const mpi::NamedValue relaxed{"relax", asked ? "true" : "false"};
  mpi::require_equal(levels.ranks(), {&relaxed, 1}, "relax on every rank, or on none");
  if (!asked) return accuracy;
  if (!levels.can_relax()) {
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

}  // namespace

Accuracy attach(KSP ksp, bool relax) {
  const QuietErrors quiet;
  Mat matrix = nullptr;
  check(KSPGetOperators(ksp, &matrix, nullptr), "KSPGetOperators");
  const std::shared_ptr<Operator> op = operator_of(matrix);
  AccuracyLevels* levels = op ? op->accuracy_levels() : nullptr;
  if (!levels)
    throw AgreedError("the matrix of this KSP has no FMM", "set its operators first (KSPSetOperators)");
  return run_together(levels->ranks(), "attach", [&] { return attach_together(ksp, op, *levels, relax); });
}

}  // namespace octopole::petsc
