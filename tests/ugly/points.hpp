// Clouds that are difficult for a tree or for floating-point numbers.
#pragma once

#include <string>
#include <vector>

#include "tests/ugly/random.hpp"

namespace octopole::ugly {

/// Points and charges of all ranks.
struct Problem {
  std::vector<double> sources, targets;  // (n, 3) interleaved; no targets if sources = targets
  std::vector<double> charges;           // (n)
  bool targets_are_sources = true;
  std::string description;

  const std::vector<double>& all_targets() const { return targets_are_sources ? sources : targets; }
};

/// At least one source and one target, mostly few and at most about 3,000 of each.
Problem draw_problem(Random& random);

}  // namespace octopole::ugly
