// Where time and bytes go: an object that is passed along, never a global.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "octopole/base/types.hpp"

namespace octopole {

/// The phases of one evaluation: the eight operators, check-to-local within L2L, and the exchanges (charges
/// to owners, ghosts, shared ancestors, results back).
enum class Phase : int { p2m, m2m, m2l, l2l, l2p, m2p, p2l, p2p, exchange };
inline constexpr std::size_t kPhases = 9;
inline constexpr std::array<std::string_view, kPhases> kPhaseNames = {"p2m", "m2m", "m2l", "l2l",     "l2p",
                                                                      "m2p", "p2l", "p2p", "exchange"};

/// The stages of a set-up: choice of n_crit and padding, codes and sorting, points to their owners,
/// refinement and balance and the locally essential tree, lists, ghosts (with their coordinates), work lists
/// and M2L's plan.
enum class SetupStage : int { tuning, sort, distribute, tree, lists, ghosts, plan };
inline constexpr std::size_t kSetupStages = 7;
inline constexpr std::array<std::string_view, kSetupStages> kSetupStageNames = {
    "tuning", "sort", "distribute", "tree", "lists", "ghosts", "plan"};

/// Seconds on a clock that never goes back; in a simulated run (OCTOPOLE_SMPI) the simulated ones.
double seconds_now();

/// Seconds by phase, bytes and messages between this rank and others during one evaluation.
struct Profile {
  std::array<double, kPhases> seconds{};
  double total_seconds = 0;
  Index bytes_sent = 0;
  Index bytes_received = 0;
  Index messages = 0;
};

/// Seconds by stage: mark() ends a stage that began with the one before.
class StageTimer {
 public:
  explicit StageTimer(std::array<double, kSetupStages>& seconds) : seconds_(seconds) {}
  void mark(SetupStage stage) {
    const double now = seconds_now();
    seconds_[static_cast<std::size_t>(stage)] += now - last_;
    last_ = now;
  }

 private:
  std::array<double, kSetupStages>& seconds_;
  double last_ = seconds_now();
};

/// Adds the life time of the object to a phase.
class PhaseTimer {
 public:
  PhaseTimer(Profile& profile, Phase phase) : slot_(profile.seconds[static_cast<std::size_t>(phase)]) {}
  ~PhaseTimer() { slot_ += seconds_now() - start_; }
  PhaseTimer(const PhaseTimer&) = delete;
  PhaseTimer& operator=(const PhaseTimer&) = delete;

 private:
  double& slot_;
  double start_ = seconds_now();
};

}  // namespace octopole
