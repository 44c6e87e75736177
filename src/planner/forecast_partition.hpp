// Partition of a plan's points among its ranks.
#pragma once

#include "planner/forecast.hpp"

namespace octopole {

/// The partition of a planned run, and the ranks to examine.
struct ForecastPartition {
  tree::Partition partition;
  std::vector<int> ranks;  // ascending
  bool moved = false;      // by work
  Index count_tree_bytes = 0;
};

/// Finds the partition. If all ranks are examined, it is that of the run itself. In a sample with balance by
/// work, each rank is in a group of kGroup consecutive ranks; groups have equal numbers of points and are
/// divided by work. Real runs also balance work between groups, so this is no better than they are.
inline constexpr int kGroup = 4;
ForecastPartition partition_forecast(const ForecastRequest& request);

}  // namespace octopole
