// What evaluations of candidate trees would be made of, counted from the density of a sample.
#pragma once

#include <vector>

#include "cost/work.hpp"
#include "tree/density.hpp"

namespace octopole {

/// Counts the work of the trees that candidates of n_crit give, of all candidates at once.
struct TuningModel {
  const std::vector<double>& ncrits;  // ascending
  double scale;                       // points that one of the sample stands for
  bool same;                          // the targets are the sources
  bool by_fft;                        // M2L's method
  bool balanced;
  int max_level;                          // of the trees
  double direct_sources, direct_targets;  // up to so many, pairs of W and X are P2P's

  /// By candidate. `levels` go down to nodes that no candidate divides.
  std::vector<WorkCounts> count(const std::vector<tree::DensityLevel>& levels) const;
};

}  // namespace octopole
