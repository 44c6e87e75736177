// The first step of every collective call: checks that all ranks make the same call, with valid input.
#pragma once

#include "mpi/comm.hpp"

namespace octopole {

/// The collective calls of Fmm that must be the same on all ranks.
enum class Call : int {
  set_points,
  set_points_with_targets,
  evaluate_potential,
  evaluate_gradient,
  summary,
  sources,
  targets,
  leaf_points
};

/// Facts about the input of one rank; over all ranks, whether they hold on any rank, and the largest
/// magnitude.
struct CallFacts {
  bool wrong = false;                     // lengths, or the order of calls
  bool not_finite = false;                // NaN or infinity
  bool sources = false, targets = false;  // whether there are any
  double largest = 0;                     // magnitude
};

/// Combines the facts of all ranks by one Allreduce of 7 numbers. Throws AgreedError if ranks make different
/// calls, and names these. Collective.
CallFacts agree_on_call(const mpi::Comm& comm, Call call, const CallFacts& mine = {});

}  // namespace octopole
