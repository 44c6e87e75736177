#include "octopole/petsc/ladder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "octopole/base/release.hpp"
#include "octopole/fmm/access.hpp"
#include "octopole/kernels.hpp"

namespace octopole::petsc {
namespace {

// Steps of relaxation: an Fmm more costs a set-up and its memory.
constexpr int kRungs[] = {3, 6, 9};

/// Options of the same method for other digits.
Options with_digits(Options options, int digits) {
  options.digits = digits;
  options.order = options.check_order = options.downward_check_order = std::nullopt;
  options.svd_tolerance = std::nullopt;
  options.svd_rank = std::nullopt;
  return options;
}

}  // namespace

FmmLadder::FmmLadder(std::shared_ptr<Fmm> fmm)
    : comm_(FmmAccess::comm(*fmm)), options_(fmm->options()), full_(std::make_unique<Entry>()) {
  full_->fmm = std::move(fmm);
  source_count_ = static_cast<Index>(full_->fmm->sources().size() / 3);  // throws where there are none
  same_ = full_->fmm->targets_are_sources();
  target_count_ = same_ ? source_count_ : static_cast<Index>(full_->fmm->targets().size() / 3);
  FmmAccess::observe(*full_->fmm, &full_->observer);
  adopt(*full_);
}

FmmLadder::FmmLadder(MPI_Comm comm, const Options& options, std::vector<double> sources,
                     std::optional<std::vector<double>> targets)
    : comm_(mpi::Comm::duplicate(comm)),
      options_(options),
      source_count_(static_cast<Index>(sources.size() / 3)),
      target_count_(static_cast<Index>((targets ? *targets : sources).size() / 3)),
      same_(!targets),
      source_points_(std::move(sources)) {
  if (targets) target_points_ = std::move(*targets);
  mpi::collectively(comm_, [&] {
    if (source_points_.size() % 3 != 0 || target_points_.size() % 3 != 0)
      throw Error("coordinates are not three a point");
    resolve(options_, Laplace::name);
  });
}

FmmLadder::~FmmLadder() {
  if (full_ && full_->fmm) FmmAccess::observe(*full_->fmm, nullptr);  // others may hold it
}

void FmmLadder::adopt(Entry& entry) {
  entry.observer.expect(FmmAccess::flops(*entry.fmm));
  entry.rung.digits = entry.fmm->parameters().digits.value_or(0);
}

std::unique_ptr<FmmLadder::Entry> FmmLadder::build(const Options& options, std::span<const double> sources,
                                                   std::optional<std::span<const double>> targets) const {
  const SetupStageScope stage;
  const double start = seconds_now();
  auto entry = std::make_unique<Entry>();
  {
    const EventScope event(log_events().operators);
    entry->fmm = std::make_shared<Fmm>(comm_.handle(), Laplace{}, options);
  }
  const EventScope event(log_events().set_points);
  FmmAccess::observe(*entry->fmm, &entry->observer);
  if (targets)
    entry->fmm->set_points(sources, *targets);
  else
    entry->fmm->set_points(sources);
  adopt(*entry);
  entry->rung.setup_seconds = seconds_now() - start;
  return entry;
}

bool FmmLadder::set_digits(int digits) {
  if (full_ || options_.digits || options_.order) return false;
  options_.digits = digits;
  return true;
}

int FmmLadder::digits() const {
  if (full_) return full_->rung.digits;
  return resolve(options_, Laplace::name).digits.value_or(0);
}

Fmm& FmmLadder::full() {
  if (!full_) {
    full_ = build(options_, source_points_,
                  same_ ? std::nullopt : std::optional<std::span<const double>>(target_points_));
    release(source_points_);
    release(target_points_);
  }
  return *full_->fmm;
}

FmmLadder::Entry& FmmLadder::entry(int digits) {
  full();
  if (digits <= 0) return *full_;
  for (const int rung : kRungs) {
    if (rung < digits || rung >= full_->rung.digits) continue;
    std::unique_ptr<Entry>& cheaper = cheaper_[rung];
    if (!cheaper) {
      const std::vector<double> sources = full_->fmm->sources();
      const std::vector<double> targets = same_ ? std::vector<double>() : full_->fmm->targets();
      cheaper = build(with_digits(options_, rung), sources,
                      same_ ? std::nullopt : std::optional<std::span<const double>>(targets));
    }
    return *cheaper;
  }
  return *full_;
}

void FmmLadder::evaluate(std::span<const double> charges, Field& field) {
  Entry& e = entry(std::exchange(next_digits_, 0));
  e.observer.start_evaluation();
  const double start = seconds_now();
  e.fmm->evaluate(charges, field);
  e.rung.seconds += seconds_now() - start;
  ++e.rung.products;
}

void FmmLadder::evaluate_plain(std::span<const double> charges, Field& field) {
  Fmm& fmm = full();
  FmmAccess::observe(fmm, nullptr);
  fmm.evaluate(charges, field);
  FmmAccess::observe(fmm, &full_->observer);
}

void FmmLadder::evaluate_transposed(std::span<const double> values, Field& field) {
  next_digits_ = 0;
  if (same_) return evaluate(values, field);
  full();
  if (!transposed_) {
    const std::vector<double> sources = full_->fmm->sources(), targets = full_->fmm->targets();
    transposed_ = build(options_, targets, std::span<const double>(sources));
  }
  transposed_->observer.start_evaluation();
  transposed_->fmm->evaluate(values, field);
}

std::vector<Rung> FmmLadder::rungs() const {
  std::vector<Rung> rungs;
  for (const auto& [digits, cheaper] : cheaper_)
    if (cheaper) rungs.push_back(cheaper->rung);
  if (full_) rungs.push_back(full_->rung);
  std::reverse(rungs.begin(), rungs.end());
  return rungs;
}

std::string describe(const FmmLadder& ladder) {
  std::string text = fmt::format(
      "octopole FMM, kernel {}, {}\n", Laplace::name,
      ladder.digits() > 0 ? fmt::format("{} digits", ladder.digits()) : std::string("accuracy by order"));
  const std::vector<Rung> rungs = ladder.rungs();
  for (const Rung& rung : rungs)
    text += fmt::format("products with {} digits: {}, {:.3g} s, set-up {:.3g} s\n", rung.digits,
                        rung.products, rung.seconds, rung.setup_seconds);
  if (rungs.size() > 1) text += fmt::format("relaxed accuracy saved {:.3g} s\n", seconds_saved(rungs));
  return text;
}

double seconds_saved(std::span<const Rung> rungs) {
  if (rungs.empty() || rungs[0].products == 0) return 0;
  const double each = rungs[0].seconds / static_cast<double>(rungs[0].products);
  double saved = 0;
  for (const Rung& rung : rungs.subspan(1)) saved += each * static_cast<double>(rung.products) - rung.seconds;
  return saved;
}

}  // namespace octopole::petsc
