// Clouds that a tree, or floating-point numbers, may not like.
#pragma once

#include <string>
#include <vector>

#include "tests/ugly/random.hpp"

namespace octopole::ugly {

/// All ranks' points and charges.
struct Problem {
  std::vector<double> sources, targets;  // (n, 3) interleaved; no targets where they are the sources
  std::vector<double> charges;           // (n)
  bool targets_are_sources = true;
  std::string description;

  const std::vector<double>& all_targets() const { return targets_are_sources ? sources : targets; }
};

/// At least one source and one target, mostly few and at most about 3,000 of each.
Problem draw_problem(Random& random);

}  // namespace octopole::ugly
