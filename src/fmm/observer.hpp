// Observer of the work as it is done: none in ordinary runs; used by PETSc's log and by simulations that
// advance a virtual clock.
#pragma once

#include "base/profile.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct PointSetup;

/// Called on the thread that calls MPI. Calls after a piece of work are made before its time is taken, so
/// that changes of the clock of base/profile.hpp by the observer count as time of that work. Must not throw.
class WorkObserver {
 public:
  virtual ~WorkObserver() = default;

  /// A stage of the set-up begins; prepared() ends it, possibly several times per stage.
  virtual void preparing(SetupStage) {}

  /// A stage of the set-up is done, with the number of its items on this rank: tuning: sampled points; sort:
  /// the caller's points; distribute: owned points; tree and plan: nodes of the locally essential tree;
  /// lists: entries of U, V, W and X; balance: as tree; ghosts: sources, owned and ghosts.
  virtual void prepared(SetupStage stage, Index items) = 0;

  /// The set-up is complete.
  virtual void set_up(const PointSetup&) {}

  /// A piece of an evaluation begins; evaluated() ends it.
  virtual void evaluating(Phase) {}

  /// A piece of an evaluation is done: P2M, L2P and M2P as a whole (part 0); M2M, M2L, P2L and L2L of one
  /// level (part: of the parents in M2M, of the children in L2L, of the nodes otherwise); P2P before ghosts
  /// arrive (part 0) and with them (part 1).
  virtual void evaluated(const PointSetup& setup, Phase phase, std::size_t part) = 0;

  /// An exchange of the evaluation begins, or the completion of one that was started before the work that
  /// overlaps with it; exchanged() ends it. `traffic` is what is sent and received; it is empty for a
  /// completion.
  virtual void exchanging(Exchange) {}
  virtual void exchanged(Exchange, const Traffic& /*traffic*/) {}

  /// Bytes have passed, or will pass, through message buffers of an exchange of the evaluation.
  virtual void copied(Index bytes) = 0;
};

}  // namespace octopole
#pragma GCC visibility pop
