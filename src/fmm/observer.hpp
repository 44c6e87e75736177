// Who wants to know of work as it is done: nobody in ordinary runs; a simulation charges a virtual clock for
// it.
#pragma once

#include "base/profile.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct PointSetup;

/// Called on the thread that calls MPI. What is told after the work is told before its time is taken, so that
/// what the observer does to the clock of base/profile.hpp counts as the work's time. Must not throw.
class WorkObserver {
 public:
  virtual ~WorkObserver() = default;

  /// A stage of the set-up begins; prepared() ends it, possibly several times a stage.
  virtual void preparing(SetupStage) {}

  /// A stage of the set-up is done, of so many items of this rank: tuning: points of the sample; sort: the
  /// caller's points; distribute: owned points; tree and plan: nodes of the locally essential tree; lists:
  /// entries of U, V, W and X; balance: as tree; ghosts: sources, owned and ghosts.
  virtual void prepared(SetupStage stage, Index items) = 0;

  /// The set-up is complete.
  virtual void set_up(const PointSetup&) {}

  /// A piece of an evaluation begins; evaluated() ends it.
  virtual void evaluating(Phase) {}

  /// A piece of an evaluation is done: P2M, L2P and M2P as a whole (part 0); M2M, M2L, P2L and L2L of one
  /// level (part: of the parents in M2M, of the children in L2L, of the nodes otherwise); P2P before ghosts
  /// arrive (part 0) and with them (part 1).
  virtual void evaluated(const PointSetup& setup, Phase phase, std::size_t part) = 0;

  /// An exchange of the evaluation begins, or what was begun before the work that it overlaps with is being
  /// finished; exchanged() ends it. `traffic` is what travels, nothing when it is being finished.
  virtual void exchanging(Exchange) {}
  virtual void exchanged(Exchange, const Traffic& /*traffic*/) {}

  /// Bytes have gone, or will go, through message buffers of an exchange of the evaluation.
  virtual void copied(Index bytes) = 0;
};

}  // namespace octopole
#pragma GCC visibility pop
