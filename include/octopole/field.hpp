// The result of an evaluation.
#pragma once

#include <vector>

#pragma GCC visibility push(default)
namespace octopole {

/// Result of an evaluation on this rank, in the order of the targets that this rank passed to set_points.
struct Field {
  std::vector<double> potential;  ///< (targets)
  std::vector<double> gradient;   ///< (targets, 3) interleaved; empty unless asked for
};

}  // namespace octopole
#pragma GCC visibility pop
