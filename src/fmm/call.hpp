// The first step of every collective call: do all ranks make the same one, and with good input?
#pragma once

#include "mpi/comm.hpp"

namespace octopole {

/// The collective members of Fmm, by what ranks must ask for alike.
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

/// What ranks must know of each other's input: whether it holds on any rank; the largest over the ranks.
struct CallFacts {
  bool wrong = false;                     // lengths, or the order of calls
  bool not_finite = false;                // NaN or infinity
  bool sources = false, targets = false;  // whether there are any
  double largest = 0;                     // magnitude
};

/// The facts of all ranks together, by one Allreduce of 7 numbers. Throws AgreedError where ranks make
/// different calls, saying which. Collective.
CallFacts agree_on_call(const mpi::Comm& comm, Call call, const CallFacts& mine = {});

}  // namespace octopole
