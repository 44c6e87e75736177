// How a plan's points are divided among its ranks.
#pragma once

#include "planner/plan.hpp"

namespace octopole {

/// The parts of a planned run and the ranks to look at.
struct PlannedParts {
  tree::Partition partition;
  std::vector<int> ranks;  // ascending
  bool moved = false;      // by work
  Index count_tree_bytes = 0;
};

/// With all ranks looked at, the partition that the run itself finds. Else, by work, each rank of the sample
/// is one of a group of kGroup consecutive ranks that have equal numbers of points together and are divided
/// among themselves by work: whole runs even out work between groups, too, so that this is no better than
/// they are.
inline constexpr int kGroup = 4;
PlannedParts divide_plan(const PlanRequest& request);

}  // namespace octopole
