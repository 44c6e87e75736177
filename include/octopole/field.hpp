// The result of an evaluation.
#pragma once

#include <vector>

#pragma GCC visibility push(default)
namespace octopole {

/// Result of an evaluation on this rank, in the order of the targets that this rank passed to set_points.
/// Units: charge per length, and charge per length squared for the gradient.
struct Field {
  std::vector<double> potential;  ///< (targets, vectors)
  std::vector<double> gradient;   ///< (targets, 3, vectors), d/dx d/dy d/dz; empty unless requested
  int vectors = 1;                ///< of charges: the last index, which varies fastest
};

}  // namespace octopole
#pragma GCC visibility pop
