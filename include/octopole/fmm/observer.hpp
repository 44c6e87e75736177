// Who wants to know of work as it is done: nobody in ordinary runs; a simulation charges a virtual clock for
// it.
#pragma once

#include "octopole/base/profile.hpp"

namespace octopole {

struct PointSetup;

/// Called on the thread that calls MPI, after the work and before its time is taken, so that what it does to
/// the clock of base/profile.hpp counts as the work's time. Must not throw.
class WorkObserver {
 public:
  virtual ~WorkObserver() = default;

  /// A stage of the set-up is done, of so many items of this rank: tuning: points of the sample; sort: the
  /// caller's points; distribute: owned points; tree and plan: nodes of the locally essential tree; lists:
  /// entries of U, V, W and X; balance: as tree; ghosts: sources, owned and ghosts.
  virtual void prepared(SetupStage stage, Index items) = 0;

  /// A piece of an evaluation is done: P2M, L2P and M2P as a whole (part 0); M2M, M2L, P2L and L2L of one
  /// level (part: of the parents in M2M, of the children in L2L, of the nodes otherwise); P2P before ghosts
  /// arrive (part 0) and with them (part 1).
  virtual void evaluated(const PointSetup& setup, Phase phase, std::size_t part) = 0;

  /// Bytes have gone, or will go, through message buffers of an exchange of the evaluation.
  virtual void copied(Index bytes) = 0;
};

}  // namespace octopole
