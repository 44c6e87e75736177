// The work of evaluations with candidate trees, counted from the density of a sample.
#pragma once

#include <vector>

#include "cost/work.hpp"
#include "tree/density.hpp"

namespace octopole {

/// Counts the work in the trees of all candidates of n_crit at once.
struct TuningModel {
  const std::vector<double>& ncrits;  // ascending
  double scale;                       // points that one sampled point represents
  bool same;                          // sources = targets
  bool by_fft;                        // M2L's method
  bool balanced;
  int max_level;                          // of the trees
  double direct_sources, direct_targets;  // up to these numbers of points, P2P sums W and X

  /// Counts by candidate. `levels` must go down to nodes that no candidate divides.
  std::vector<WorkCounts> count(const std::vector<tree::DensityLevel>& levels) const;
};

}  // namespace octopole
