#include "octopole/fmm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "base/threads.hpp"
#include "fmm/access.hpp"
#include "fmm/agreement.hpp"
#include "fmm/call.hpp"
#include "fmm/leaf_points.hpp"
#include "fmm/over_ranks.hpp"
#include "fmm/passes.hpp"
#include "fmm/prepare.hpp"
#include "fmm/setup.hpp"
#include "fmm/setup_work.hpp"
#include "fmm/summarize.hpp"
#include "mpi/agreement.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

void check_points(std::span<const double> points, const char* what) {
  if (points.size() % 3 != 0)
    throw Error(fmt::format("{}: {} coordinates are not three per point", what, points.size()));
}

struct ValueCheck {
  bool finite = true;
  double largest = 0;  // magnitude, without NaN
};

ValueCheck look_at(std::span<const double> values) {
  bool finite = true;
  double largest = 0;
#pragma omp parallel for schedule(static) reduction(&& : finite) reduction(max : largest)
  for (const double value : values) {
    finite = finite && std::isfinite(value);
    largest = std::max(largest, std::abs(value));  // unchanged by NaN
  }
  return {finite, largest};
}

// Throws on all ranks if any value is NaN or infinite, with their number and the index of the first.
// Collective.
void report_not_finite(const mpi::Comm& comm, std::span<const double> values, Index width, const char* what) {
  Index bad = 0, first = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) && bad++ == 0) first = static_cast<Index>(i);
  const Index total = comm.sum(bad);
  if (total == 0) return;
  const Index before = comm.exclusive_sum(static_cast<Index>(values.size()));
  const Index place = comm.min(bad > 0 ? (before + first) / width : std::numeric_limits<Index>::max());
  throw AgreedError(fmt::format("{}: {} NaN or infinite values, the first at index {}", what, total, place));
}

// A power of two near the largest charge, as floats have a smaller range than the caller's doubles.
double charge_unit(double largest) {
  return largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;
}

}  // namespace

class Fmm::Implementation {
 public:
  Implementation(MPI_Comm parent, const Laplace& kernel, const Options& options, const OperatorStores& stores)
      : comm_(mpi::Comm::duplicate(parent)), kernel_(kernel), options_(options) {
    mpi::or_end_all(comm_, "the construction of an Fmm", [&] {
      comm_.enter("options");
      mpi::collectively(comm_, [] {
        mpi::require_thread_level(max_threads());
        simd::active_isa();  // an invalid choice is an error here, not inside a parallel region
      });
      parameters_ = agree_on_parameters(comm_, options, Laplace::name);
      memory_.emplace(comm_, parameters_);
      memory_->require_for_operators();
      const double start = seconds_now();
      comm_.enter("operators");
      if (parameters_.operators.precision == Precision::double_precision)
        engine_ = Engine<double>{
            prepare_operators(comm_, kernel_, parameters_.operators, stores.in_double, note_), {}};
      else
        engine_ = Engine<float>{
            prepare_operators(comm_, kernel_, parameters_.operators, stores.in_single, note_), {}};
      operators_seconds_ = seconds_now() - start;
    });
  }

  void set_points(std::span<const double> sources, std::optional<std::span<const double>> targets) {
    mpi::or_end_all(comm_, "set_points", [&] {
      const double start = seconds_now();
      comm_.enter("input");
      check_input(sources, targets);
      std::visit(
          [](auto& engine) {  // evaluations of the old points do not need its contents
            if constexpr (requires { engine.workspace; }) engine.workspace = {};
          },
          engine_);
      memory_->begin(setup_ ? setup_->memory.stays : 0);
      PointSetup next = make_setup(comm_, parameters_, sources, targets, observer_, &*memory_);
      setup_.emplace(std::move(next));
      profile_ = {};
      if (observer_) observer_->set_up(*setup_);
      setup_seconds_ = seconds_now() - start;
    });
  }

  void evaluate(std::span<const double> charges, Field& field, Output output) {
    mpi::or_end_all(comm_, "evaluate", [&] {
      comm_.enter("input");
      // One reduction for everything that ranks must agree on; details are checked only if something is
      // wrong.
      const ValueCheck mine = look_at(charges);
      const CallFacts all = agree_on_call(
          comm_, output == Output::potential ? Call::evaluate_potential : Call::evaluate_gradient,
          {.wrong = is_wrong(charges), .not_finite = !mine.finite, .largest = mine.largest});
      if (all.wrong) mpi::collectively(comm_, [&] { check_length(charges); });
      if (all.not_finite) report_not_finite(comm_, charges, 1, "charges");
      const double unit = parameters_.any_in_single() ? charge_unit(all.largest) : 1;
      std::visit(
          [&](auto& engine) {
            if constexpr (requires { engine.workspace; })
              octopole::evaluate(comm_, kernel_, engine.operators, *setup_, parameters_.near_precision,
                                 engine.workspace, charges, unit, output, field, profile_, observer_);
          },
          engine_);
      profile_.reductions = 1;
    });
  }

  void observe(WorkObserver* observer) { observer_ = observer; }
  const Parameters& parameters() const { return parameters_; }
  const Options& options() const { return options_; }
  const mpi::Comm& comm() const { return comm_; }
  /// Runs work(set-up) on all ranks; throws AgreedError if there is none.
  template <class Work>
  auto with_setup(Call call, const char* name, const Work& work) {
    return mpi::or_end_all(comm_, name, [&] {
      comm_.enter("input");
      if (agree_on_call(comm_, call, {.wrong = !setup_}).wrong)
        throw AgreedError("the Fmm has no points yet", "call set_points first");
      return work(*setup_);
    });
  }
  PointSetup& setup() {
    if (!setup_) throw Error("the Fmm has no points yet", "call set_points first");
    return *setup_;
  }

  std::array<double, kPhases> flops() {
    const OperatorKey& key = parameters_.operators;
    const Work work = work_of(count_work(setup(), key), key, expected_svd_rank(key));
    std::array<double, kPhases> flops{};
    for (std::size_t p = 0; p < kPhases; ++p)
      flops[p] = kFlopsPerPair * work[p].pairs + work[p].gemm + work[p].transform + work[p].sweep;
    return flops;
  }

  Summary summary() const {
    return mpi::or_end_all(comm_, "summary", [&] {
      comm_.enter("summary");
      agree_on_call(comm_, Call::summary);
      Summary s = setup_ ? summarize(comm_, parameters_, *setup_, profile_) : Summary{};
      if (!setup_) {
        s.ranks = comm_.size();
        s.threads = comm_.max(max_threads());
        s.parameters = parameters_;
      }
      s.setup_seconds = over_ranks(comm_, setup_seconds_);
      s.operators_seconds = over_ranks(comm_, operators_seconds_);
      s.operators_note = note_;
      return s;
    });
  }

 private:
  template <class Real>
  struct Engine {
    OperatorSet<Real> operators;
    Workspace<Real> workspace;
  };

  /// Checks lengths, finite coordinates, and that any rank has points. Collective.
  void check_input(std::span<const double> sources, std::optional<std::span<const double>> targets) const {
    const std::span<const double> distinct = targets.value_or(std::span<const double>{});
    const ValueCheck of_sources = look_at(sources), of_targets = look_at(distinct);
    const CallFacts all = agree_on_call(comm_, targets ? Call::set_points_with_targets : Call::set_points,
                                        {.wrong = sources.size() % 3 != 0 || distinct.size() % 3 != 0,
                                         .not_finite = !of_sources.finite || !of_targets.finite,
                                         .sources = !sources.empty(),
                                         .targets = !distinct.empty(),
                                         .largest = std::max(of_sources.largest, of_targets.largest)});
    if (all.wrong)
      mpi::collectively(comm_, [&] {
        check_points(sources, "sources");
        check_points(distinct, "targets");
      });
    if (all.not_finite) {
      report_not_finite(comm_, sources, 3, "source positions");
      report_not_finite(comm_, distinct, 3, "target positions");
    }
    if (!all.sources) throw AgreedError("there are no sources on any rank");
    if (targets && !all.targets) throw AgreedError("there are no targets on any rank");
  }
  bool is_wrong(std::span<const double> charges) const {
    return !setup_ || static_cast<Index>(charges.size()) != setup_->source_exchange.caller_count();
  }
  // Throws if is_wrong.
  void check_length(std::span<const double> charges) const {
    if (!setup_) throw Error("evaluate was called before set_points");
    if (is_wrong(charges))
      throw Error(fmt::format("charges: {} values for {} sources", charges.size(),
                              setup_->source_exchange.caller_count()));
  }

  mpi::Comm comm_;
  Laplace kernel_;
  Options options_;
  Parameters parameters_;
  std::variant<std::monostate, Engine<double>, Engine<float>> engine_;
  std::optional<MemoryCheck> memory_;
  std::optional<PointSetup> setup_;
  std::string note_;
  double operators_seconds_ = 0, setup_seconds_ = 0;
  Profile profile_;
  WorkObserver* observer_ = nullptr;
};

Fmm::Fmm(MPI_Comm comm, const Laplace& kernel, const Options& options, const OperatorStores& stores)
    : implementation_(std::make_unique<Implementation>(comm, kernel, options, stores)) {}
Fmm::Implementation& Fmm::implementation() const {
  if (!implementation_) throw Error("this Fmm has been moved from", "use the one it was moved to");
  return *implementation_;
}

Fmm::~Fmm() = default;
Fmm::Fmm(Fmm&&) noexcept = default;
Fmm& Fmm::operator=(Fmm&&) noexcept = default;

void Fmm::set_points(std::span<const double> sources, std::span<const double> targets) {
  implementation().set_points(sources, targets);
}
void Fmm::set_points(std::span<const double> points) {
  implementation().set_points(points, std::nullopt);
}
Field Fmm::evaluate(std::span<const double> charges, Output output) {
  Field field;
  evaluate(charges, field, output);
  return field;
}
void Fmm::evaluate(std::span<const double> charges, Field& field, Output output) {
  implementation().evaluate(charges, field, output);
}
const Parameters& Fmm::parameters() const {
  return implementation().parameters();
}
const Options& Fmm::options() const {
  return implementation().options();
}
MPI_Comm Fmm::comm() const {
  return implementation().comm().handle();
}
bool Fmm::targets_are_sources() const {
  return !implementation().setup().target_exchange;
}
std::vector<double> Fmm::sources() const {
  return implementation().with_setup(Call::sources, "sources",
                                     [](PointSetup& setup) { return caller_sources(setup); });
}
std::vector<double> Fmm::targets() const {
  return implementation().with_setup(Call::targets, "targets",
                                     [](PointSetup& setup) { return caller_targets(setup); });
}
Summary Fmm::summary() const {
  return implementation().summary();
}

void FmmAccess::observe(Fmm& fmm, WorkObserver* observer) {
  fmm.implementation().observe(observer);
}
const mpi::Comm& FmmAccess::comm(const Fmm& fmm) {
  return fmm.implementation().comm();
}
LeafPoints FmmAccess::leaf_points(const Fmm& fmm) {
  return fmm.implementation().with_setup(Call::leaf_points, "leaf_points", [&fmm](PointSetup& setup) {
    return octopole::leaf_points(comm(fmm), setup);
  });
}
std::array<double, kPhases> FmmAccess::flops(const Fmm& fmm) {
  return fmm.implementation().flops();
}

}  // namespace octopole
