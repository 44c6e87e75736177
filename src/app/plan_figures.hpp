// The figures of one planned rank, by name.
#pragma once

#include <array>
#include <string_view>

#include "planner/plan.hpp"

namespace octopole::app {

struct Figure {
  const char* name;       // in the table
  const char* json_name;  // in the report
  double (*of)(const RankPlan&);
  double unit;  // of the table
};

inline constexpr std::array<Figure, 13> kFigures = {{
    {"sources", "sources", [](const RankPlan& r) { return static_cast<double>(r.sources); }, 1},
    {"targets", "targets", [](const RankPlan& r) { return static_cast<double>(r.targets); }, 1},
    {"leaves", "leaves", [](const RankPlan& r) { return static_cast<double>(r.leaves); }, 1},
    {"nodes", "nodes", [](const RankPlan& r) { return static_cast<double>(r.nodes); }, 1},
    {"ghost nodes", "ghost_nodes", [](const RankPlan& r) { return static_cast<double>(r.ghost_nodes); }, 1},
    {"ghost sources", "ghost_sources", [](const RankPlan& r) { return static_cast<double>(r.ghost_sources); },
     1},
    {"MB held", "memory_bytes", [](const RankPlan& r) { return static_cast<double>(r.memory.total()); }, 1e6},
    {"  points", "memory_points", [](const RankPlan& r) { return static_cast<double>(r.memory.points); },
     1e6},
    {"  tree", "memory_tree", [](const RankPlan& r) { return static_cast<double>(r.memory.tree); }, 1e6},
    {"  lists", "memory_lists", [](const RankPlan& r) { return static_cast<double>(r.memory.lists); }, 1e6},
    {"  values", "memory_values", [](const RankPlan& r) { return static_cast<double>(r.memory.values); },
     1e6},
    {"  partition", "memory_partition",
     [](const RankPlan& r) { return static_cast<double>(r.memory.partition); }, 1e6},
    {"MB at most", "memory_peak_bytes",
     [](const RankPlan& r) { return static_cast<double>(r.estimate.peak()); }, 1e6},
}};

/// Names of kAllCounts, in its order.
inline constexpr std::array<const char*, kAllCounts.size()> kCountNames = {
    "sources",      "source_leaves", "m2m_children", "l2l_children", "families_in",
    "families_out", "family_pairs",  "v_pairs",      "local_nodes",  "targets",
    "near_pairs",   "near_gathers",  "m2p_targets",  "p2l_sources"};

}  // namespace octopole::app
