#include "octopole/fmm/fmm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <variant>

#include "octopole/fmm/leaf_points.hpp"
#include "octopole/fmm/passes.hpp"
#include "octopole/fmm/prepare.hpp"
#include "octopole/fmm/setup.hpp"
#include "octopole/fmm/summarize.hpp"
#include "octopole/simd/isa.hpp"

namespace octopole {
namespace {

void check_points(std::span<const double> points, const char* what) {
  if (points.size() % 3 != 0)
    throw Error(fmt::format("{}: {} coordinates are not three a point", what, points.size()));
}

// Throws on all ranks where any value of any rank is NaN or infinite, saying how many and where the first is.
// Collective.
void check_finite(const mpi::Comm& comm, std::span<const double> values, Index width, const char* what) {
  Index bad = 0, first = static_cast<Index>(values.size());
#pragma omp parallel for schedule(static) reduction(+ : bad) reduction(min : first)
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i])) {
      ++bad;
      first = std::min(first, static_cast<Index>(i));
    }
  const Index total = comm.sum(bad);
  if (total == 0) return;
  const Index before = comm.exclusive_sum(static_cast<Index>(values.size()));
  const Index place = comm.min(bad > 0 ? (before + first) / width : std::numeric_limits<Index>::max());
  throw Error(fmt::format("{}: {} NaN or infinite values, the first at index {}", what, total, place));
}

struct ChargeCheck {
  bool finite = true;
  double largest = 0;  // magnitude, NaN left out
};

ChargeCheck look_at(std::span<const double> charges) {
  bool finite = true;
  double largest = 0;
#pragma omp parallel for schedule(static) reduction(&& : finite) reduction(max : largest)
  for (std::size_t i = 0; i < charges.size(); ++i) {
    finite = finite && std::isfinite(charges[i]);
    largest = std::max(largest, std::abs(charges[i]));  // which NaN leaves alone
  }
  return {finite, largest};
}

// Floats reach neither as high nor as low as the caller's doubles: a power of two near the largest charge.
double charge_unit(double largest) {
  return largest > 0 ? std::ldexp(1.0, std::ilogb(largest)) : 1;
}

}  // namespace

class Fmm::Implementation {
 public:
  Implementation(MPI_Comm parent, const Laplace& kernel, const Options& options, const OperatorStores& stores)
      : comm_(mpi::Comm::duplicate(parent)), kernel_(kernel), options_(options) {
    mpi::collectively(comm_, [&] {
      parameters_ = resolve(options, Laplace::name);
      simd::active_isa();  // a bad choice is an error here, not inside a parallel region
    });
    const double start = seconds_now();
    if (parameters_.operators.precision == Precision::double_precision)
      engine_ = Engine<double>{
          prepare_operators(comm_, kernel_, parameters_.operators, stores.in_double, note_), {}};
    else
      engine_ = Engine<float>{
          prepare_operators(comm_, kernel_, parameters_.operators, stores.in_single, note_), {}};
    operators_seconds_ = seconds_now() - start;
  }

  void set_points(std::span<const double> sources, std::optional<std::span<const double>> targets) {
    const double start = seconds_now();
    const std::span<const double> distinct = targets.value_or(std::span<const double>{});
    mpi::collectively(comm_, [&] {
      check_points(sources, "sources");
      check_points(distinct, "targets");
    });
    check_finite(comm_, sources, 3, "source positions");
    if (targets) check_finite(comm_, distinct, 3, "target positions");
    if (comm_.sum(static_cast<Index>(sources.size())) == 0) throw Error("there are no sources on any rank");
    if (targets && comm_.sum(static_cast<Index>(distinct.size())) == 0)
      throw Error("there are no targets on any rank");
    setup_.reset();
    profile_ = {};
    std::visit(
        [](auto& engine) {
          if constexpr (requires { engine.workspace; }) engine.workspace = {};
        },
        engine_);
    setup_.emplace(make_setup(comm_, parameters_, sources, targets, observer_));
    if (observer_) observer_->set_up(*setup_);
    setup_seconds_ = seconds_now() - start;
  }

  void evaluate(std::span<const double> charges, Field& field, Output output) {
    // One reduction tells all that ranks must agree on; only where something is wrong do they look closer.
    const ChargeCheck mine = look_at(charges);
    double over_all[3] = {is_wrong(charges) ? 1.0 : 0.0, mine.finite ? 0.0 : 1.0, mine.largest};
    comm_.allreduce(std::span<double>(over_all), MPI_MAX);
    if (over_all[0] > 0) mpi::collectively(comm_, [&] { check_length(charges); });
    if (over_all[1] > 0) check_finite(comm_, charges, 1, "charges");
    const double unit = parameters_.any_in_single() ? charge_unit(over_all[2]) : 1;
    std::visit(
        [&](auto& engine) {
          if constexpr (requires { engine.workspace; })
            octopole::evaluate(kernel_, engine.operators, *setup_, parameters_.near_precision,
                               engine.workspace, charges, unit, output, field, profile_, observer_);
        },
        engine_);
    profile_.reductions = 1;
  }

  void observe(WorkObserver* observer) { observer_ = observer; }
  const Parameters& parameters() const { return parameters_; }
  const Options& options() const { return options_; }
  const mpi::Comm& comm() const { return comm_; }
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
    Summary s = setup_ ? summarize(comm_, parameters_, *setup_, profile_) : Summary{};
    if (!setup_) s.parameters = parameters_;
    s.setup_seconds = over_ranks(comm_, setup_seconds_);
    s.operators_seconds = over_ranks(comm_, operators_seconds_);
    s.operators_note = note_;
    return s;
  }

 private:
  template <class Real>
  struct Engine {
    OperatorSet<Real> operators;
    Workspace<Real> workspace;
  };

  bool is_wrong(std::span<const double> charges) const {
    return !setup_ || static_cast<Index>(charges.size()) != setup_->source_exchange.caller_count();
  }
  // Throws where is_wrong.
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
void Fmm::observe(WorkObserver* observer) {
  implementation().observe(observer);
}
const Parameters& Fmm::parameters() const {
  return implementation().parameters();
}
const Options& Fmm::options() const {
  return implementation().options();
}
const mpi::Comm& Fmm::comm() const {
  return implementation().comm();
}
bool Fmm::targets_are_sources() const {
  return !implementation().setup().target_exchange;
}
std::vector<double> Fmm::sources() const {
  return caller_sources(implementation().setup());
}
std::vector<double> Fmm::targets() const {
  return caller_targets(implementation().setup());
}
LeafPoints Fmm::leaf_points() const {
  return octopole::leaf_points(comm(), implementation().setup());
}
std::array<double, kPhases> Fmm::flops() const {
  return implementation().flops();
}
Summary Fmm::summary() const {
  return implementation().summary();
}

}  // namespace octopole
