// Counted work as simulated seconds.
#pragma once

#include <array>

#include "fmm/observer.hpp"
#include "octopole/fmm.hpp"

namespace octopole::app {

/// Measured nanoseconds of one thread per item of each set-up stage (for the items see
/// WorkObserver::prepared); see docs/developers/simulation.md.
inline constexpr std::array<double, kSetupStages> kSetupNanoseconds = {1000, 40, 150, 800, 30, 250, 60, 250};

/// Converts work to seconds of one thread by counts and throughput, as the planner does, and advances the
/// virtual clock of this rank by them.
class WorkCharger : public WorkObserver {
 public:
  /// Uses the throughput of the parameters; `targets_are_sources` as in seconds_of(); copy_bandwidth: bytes
  /// per second of copies into and out of message buffers; charge: false only sums.
  WorkCharger(const Parameters& parameters, bool targets_are_sources, double copy_bandwidth, bool charge)
      : parameters_(parameters),
        targets_are_sources_(targets_are_sources),
        copy_bandwidth_(copy_bandwidth),
        charge_(charge) {}

  void prepared(SetupStage stage, Index items) override;
  void evaluated(const PointSetup& setup, Phase phase, std::size_t part) override;
  void copied(Index bytes) override;

  /// Resets the sums over evaluations.
  void restart() { seconds_ = {}; }

  /// Seconds of the evaluations since restart(), by phase.
  const std::array<double, kPhases>& seconds() const { return seconds_; }
  double total() const;

 private:
  void charge(double seconds) const;

  Parameters parameters_;
  bool targets_are_sources_;
  double copy_bandwidth_;
  bool charge_;
  std::array<double, kPhases> seconds_{};
};

}  // namespace octopole::app
