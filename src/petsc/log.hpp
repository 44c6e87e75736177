// PETSc's log stages and events for octopole, which -log_view shows.
#pragma once

#include <petsclog.h>

#include <array>
#include <optional>

#include "base/profile.hpp"
#include "fmm/observer.hpp"
#include "octopole/petsc.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// The stage "Octopole set-up" and the events. For evaluations: one for every operator (Oct:P2M, ..) with the
/// operations counted, one for every exchange (Oct:xCharges, ..) with messages and their lengths. For
/// set-ups: Oct:SetPoints with all messages, and its parts (Oct:sTuning, ..). Oct:NearSetUp, Oct:NearApply:
/// the preconditioner; Oct:Correct: near corrections of boundary elements.
struct LogEvents {
  PetscLogStage setup_stage;
  PetscLogEvent set_points, operators, near_setup, near_apply, correct;
  std::array<PetscLogEvent, kPhases> phases;  // all but Phase::exchange
  std::array<PetscLogEvent, kExchanges> exchanges;
  std::array<PetscLogEvent, kSetupStages> stages;
};

/// The events; initialize() must have been called since PetscInitialize.
const LogEvents& log_events();

/// Logs an event during the object's lifetime.
class EventScope {
 public:
  explicit EventScope(PetscLogEvent event);
  ~EventScope();
  EventScope(const EventScope&) = delete;
  EventScope& operator=(const EventScope&) = delete;

 private:
  PetscLogEvent event_;
};

/// Logs in the stage of set-ups during the object's lifetime.
class SetupStageScope {
 public:
  SetupStageScope();
  ~SetupStageScope();
  SetupStageScope(const SetupStageScope&) = delete;
  SetupStageScope& operator=(const SetupStageScope&) = delete;
};

/// Adds sends and receives, with their lengths, to the current event.
void log_traffic(const Traffic& traffic);
void log_flops(double flops);

/// Logs the evaluations and set-ups of one Fmm. Must outlive what it observes.
class LogObserver : public WorkObserver {
 public:
  /// Sets the operations by phase of one evaluation of one vector (FmmAccess::flops).
  void expect(const std::array<double, kPhases>& flops) { flops_ = flops; }
  /// To be called before an evaluation.
  void start_evaluation(int vectors = 1) {
    counted_ = {};
    vectors_ = vectors;
  }

  void preparing(SetupStage stage) override;
  void prepared(SetupStage stage, Index items) override;
  void set_up(const PointSetup& setup) override;
  void evaluating(Phase phase) override;
  void evaluated(const PointSetup& setup, Phase phase, std::size_t part) override;
  void exchanging(Exchange exchange) override;
  void exchanged(Exchange exchange, const Traffic& traffic) override;
  void copied(Index) override {}

 private:
  std::array<double, kPhases> flops_{};
  std::array<bool, kPhases> counted_{};
  int vectors_ = 1;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
