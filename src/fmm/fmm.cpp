#include "octopole/fmm.hpp"

#include <variant>

#include "base/threads.hpp"
#include "fmm/access.hpp"
#include "fmm/agreement.hpp"
#include "fmm/evaluate.hpp"
#include "fmm/leaf_points.hpp"
#include "fmm/set_points.hpp"
#include "fmm/statistics.hpp"
#include "mpi/agreement.hpp"
#include "simd/isa.hpp"

namespace octopole {

class Fmm::Implementation {
 public:
  Implementation(MPI_Comm parent, const AnyKernel& kernel, const Options& options,
                 const OperatorStores& stores)
      : comm_(mpi::Comm::duplicate(parent)), kernel_(kernel), options_(options) {
    mpi::or_end_all(comm_, "the construction of an Fmm", [&] {
      comm_.enter("options");
      mpi::collectively(comm_, [] {
        mpi::require_thread_level(max_threads());
        simd::active_isa();  // an invalid choice is an error here, not inside a parallel region
      });
      parameters_ = agree_on_parameters(comm_, options, kernel_);
      memory_.emplace(comm_, parameters_);
      memory_->require_for_operators();
      if (parameters_.operators.precision == Precision::double_precision)
        engine_ = Engine<double>{{}, {}, stores.in_double};
      else
        engine_ = Engine<float>{{}, {}, stores.in_single};
      if (kernel_.scale_free()) make_operators_of(nullptr);
    });
  }

  void set_points(std::span<const double> sources, std::optional<std::span<const double>> targets) {
    mpi::or_end_all(comm_, "set_points", [&] {
      const double start = seconds_now();
      std::visit(
          [](auto& engine) {  // evaluations of the old points do not need its contents
            if constexpr (requires { engine.workspace; }) engine.workspace = {};
          },
          engine_);
      memory_->begin(setup_ ? setup_->memory.stays : 0);
      PointSetup next = octopole::set_points(comm_, parameters_, sources, targets, observer_, &*memory_);
      double operators = 0;
      if (!kernel_.scale_free()) operators = make_operators_of(&next);
      setup_.emplace(std::move(next));
      profile_ = {};
      if (observer_) observer_->set_up(*setup_);
      setup_seconds_ = seconds_now() - start - operators;
    });
  }

  void evaluate(const Strengths& strengths, Field& field, Output output) {
    mpi::or_end_all(comm_, "evaluate", [&] {
      const CallerStrengths agreed =
          agree_on_strengths(comm_, setup_ ? &*setup_ : nullptr, parameters_, strengths, output);
      memory_->require_for_evaluation(agreed.kind, output, strengths.vectors);
      std::visit(
          [&](auto& engine) {
            if constexpr (requires { engine.workspace; })
              octopole::evaluate(comm_, kernel_, engine.operators, *setup_, parameters_.near_precision,
                                 engine.workspace, agreed, output, field, profile_, observer_);
          },
          engine_);
      profile_.reductions = agreed.reductions;
    });
  }

  void observe(WorkObserver* observer) { observer_ = observer; }
  const Parameters& parameters() const { return parameters_; }
  const AnyKernel& kernel() const { return kernel_; }
  const Options& options() const { return options_; }
  const mpi::Comm& comm() const { return comm_; }
  /// Runs work(set-up) on all ranks; throws AgreedError before set_points.
  template <class Work>
  auto with_points(Call call, const char* name, const Work& work) {
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

  std::array<double, kPhases> flops() { return count_flops(setup(), parameters_.operators); }

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
    LevelOperators<Real> operators;
    Workspace<Real> workspace;
    OperatorStore<Real>* store;
  };

  /// Reads or computes the operators: one set, or those of the levels of `setup`. Returns the seconds.
  double make_operators_of(const PointSetup* setup) {
    const double start = seconds_now();
    comm_.enter("operators");
    std::visit(
        [&](auto& engine) {
          if constexpr (requires { engine.store; })
            engine.operators =
                setup ? prepare_level_operators(comm_, kernel_, parameters_.operators, setup->cube.side,
                                                setup->levels, engine.store, engine.operators, note_)
                      : LevelOperators(prepare_operators(comm_, kernel_.translation_kernel(),
                                                         parameters_.operators, engine.store, note_));
        },
        engine_);
    operators_seconds_ = seconds_now() - start;
    return operators_seconds_;
  }

  mpi::Comm comm_;
  AnyKernel kernel_;
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

Fmm::Fmm(MPI_Comm comm, const AnyKernel& kernel, const Options& options, const OperatorStores& stores)
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
Field Fmm::evaluate(std::span<const double> charges, Output output, int vectors) {
  Field field;
  evaluate(charges, field, output, vectors);
  return field;
}
void Fmm::evaluate(std::span<const double> charges, Field& field, Output output, int vectors) {
  implementation().evaluate({charges, {}, vectors}, field, output);
}
Field Fmm::evaluate(const Strengths& strengths, Output output) {
  Field field;
  evaluate(strengths, field, output);
  return field;
}
void Fmm::evaluate(const Strengths& strengths, Field& field, Output output) {
  implementation().evaluate(strengths, field, output);
}
const Parameters& Fmm::parameters() const {
  return implementation().parameters();
}
const AnyKernel& Fmm::kernel() const {
  return implementation().kernel();
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
  return implementation().with_points(Call::sources, "sources",
                                      [](PointSetup& setup) { return caller_sources(setup); });
}
std::vector<double> Fmm::targets() const {
  return implementation().with_points(Call::targets, "targets",
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
  return fmm.implementation().with_points(Call::leaf_points, "leaf_points", [&fmm](PointSetup& setup) {
    return octopole::leaf_points(comm(fmm), setup);
  });
}
std::array<double, kPhases> FmmAccess::flops(const Fmm& fmm) {
  return fmm.implementation().flops();
}

}  // namespace octopole
