// Random values of all options, and the outcome to expect.
#pragma once

#include <string>

#include "octopole/options.hpp"
#include "tests/ugly/random.hpp"

namespace octopole::ugly {

struct Choice {
  Options options;
  bool refused = false;  // contradictory or out of range: Error on all ranks, and no other outcome
  double bound = 1e-6;   // of the relative error (reference.hpp); infinite where nothing is promised
  double gradient_bound = 1e-6, hessian_bound = 1e-6;
  bool same_on_one_rank = true;  // whether rank 0 alone resolves the same parameters
  std::string description;       // all differences from Options{}
};

/// Draws all options from `random`, but from `limits` and `kinds` what was added since: draws from `random`
/// stay the same.
Choice draw_options(Random& random, Random& limits, Random& kinds);

}  // namespace octopole::ugly
