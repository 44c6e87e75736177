// The density of a sample of the points at every level: input of the cost models of trees.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tree/morton.hpp"

#pragma GCC visibility push(default)
namespace octopole::tree {

/// Nodes of one level in Morton order. Levels end where neither sources nor targets of the sample exceed a
/// bound.
struct DensityLevel {
  std::vector<std::int32_t> sources, targets;      // points of the sample
  std::vector<std::int32_t> parent;                // in the level above
  std::vector<std::uint8_t> octant;                // of the parent
  std::vector<std::int32_t> around;                // sources in the node and its same-level neighbours
  std::vector<std::int32_t> row;                   // in near, for nodes that are split; otherwise -1
  std::vector<std::array<std::int32_t, 27>> near;  // by direction, in this level; -1 where there is none

  std::int32_t points(std::size_t node) const { return std::max(sources[node], targets[node]); }
};

/// The tree of all non-empty nodes whose parents have more than `bound` sources or targets. Codes are
/// ascending; `targets` may be the same array as `sources`.
std::vector<DensityLevel> measure_density(std::span<const morton::Code> sources,
                                          std::span<const morton::Code> targets, std::int32_t bound,
                                          int max_level);

}  // namespace octopole::tree
#pragma GCC visibility pop
