// What octopole does, as PETSc's stages and events: -log_view shows them.
#pragma once

#include <petsclog.h>

#include <array>
#include <optional>

#include "base/profile.hpp"
#include "fmm/observer.hpp"
#include "octopole/petsc.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// The stage "Octopole set-up" and the events. Of an evaluation: one for every operator (Oct:P2M, ..) with
/// the operations counted, one for every exchange (Oct:xCharges, ..) with messages and their lengths. Of a
/// set-up: Oct:SetPoints with all messages, and its parts (Oct:sTuning, ..). Oct:NearSetUp, Oct:NearApply:
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

/// An event while it lives.
class EventScope {
 public:
  explicit EventScope(PetscLogEvent event);
  ~EventScope();
  EventScope(const EventScope&) = delete;
  EventScope& operator=(const EventScope&) = delete;

 private:
  PetscLogEvent event_;
};

/// The stage of set-ups while it lives.
class SetupStageScope {
 public:
  SetupStageScope();
  ~SetupStageScope();
  SetupStageScope(const SetupStageScope&) = delete;
  SetupStageScope& operator=(const SetupStageScope&) = delete;
};

/// Counts what travelled in the event that is open: sends and receives with their lengths.
void log_traffic(const Traffic& traffic);
void log_flops(double flops);

/// Logs the evaluations and set-ups of one Fmm. Must outlive what it observes.
class LogObserver : public WorkObserver {
 public:
  /// Operations by phase of an evaluation of the points that are set (Fmm::flops).
  void expect(const std::array<double, kPhases>& flops) { flops_ = flops; }
  /// An evaluation begins.
  void start_evaluation() { counted_ = {}; }

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
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
