#include "tree/density.hpp"

#include <algorithm>

namespace octopole::tree {
namespace {

using morton::Code;

struct Range {
  std::int32_t begin, end;
  std::int32_t size() const { return end - begin; }
};

/// Divides a range of codes, whose digits above `shift` are equal, by octant.
std::array<Range, 8> divide_range(std::span<const Code> codes, Range range, int shift) {
  std::array<Range, 8> parts;
  const Code* const all = codes.data();
  std::int32_t from = range.begin;
  for (Code octant = 0; octant < 8; ++octant) {
    const Code* end =
        octant == 7 ? all + range.end : std::partition_point(all + from, all + range.end, [=](Code code) {
          return (code >> shift & 7) <= octant;
        });
    parts[octant] = {from, static_cast<std::int32_t>(end - all)};
    from = parts[octant].end;
  }
  return parts;
}

/// Finds the neighbours of the children from those of their parents.
void find_near(const DensityLevel& above, const std::vector<std::array<std::int32_t, 8>>& children,
               std::int32_t bound, DensityLevel& level) {
  level.around.resize(level.parent.size());
  level.row.resize(level.parent.size());
  for (std::size_t node = 0; node < level.parent.size(); ++node) {
    const auto parent_node = static_cast<std::size_t>(level.parent[node]);
    const auto& around = above.near[static_cast<std::size_t>(above.row[parent_node])];
    const auto& steps = morton::kNeighbourSteps[level.octant[node]];
    std::array<std::int32_t, 27> near;
    std::int32_t sources = 0;
    for (std::size_t direction = 0; direction < 27; ++direction) {
      const std::int32_t parent = around[steps[direction].parent_direction];
      near[direction] = parent < 0 ? -1 : children[static_cast<std::size_t>(parent)][steps[direction].octant];
      if (near[direction] >= 0) sources += level.sources[static_cast<std::size_t>(near[direction])];
    }
    level.around[node] = sources;
    level.row[node] = -1;
    if (level.points(node) <= bound) continue;
    level.row[node] = static_cast<std::int32_t>(level.near.size());
    level.near.push_back(near);
  }
}

}  // namespace

std::vector<DensityLevel> measure_density(std::span<const Code> sources, std::span<const Code> targets,
                                          std::int32_t bound, int max_level) {
  const bool targets_are_sources = sources.data() == targets.data();
  std::vector<DensityLevel> levels(1);
  std::vector<Range> s{{0, static_cast<std::int32_t>(sources.size())}},
      t{{0, static_cast<std::int32_t>(targets.size())}};
  DensityLevel& root = levels[0];
  root.sources = {s[0].size()};
  root.targets = {t[0].size()};
  root.parent = {-1};
  root.octant = {0};
  root.around = root.sources;
  root.row = {0};
  root.near.resize(1);
  root.near[0].fill(-1);
  root.near[0][13] = 0;
  for (int depth = 1; depth <= max_level; ++depth) {
    const DensityLevel& above = levels.back();
    DensityLevel level;
    std::vector<Range> level_s, level_t;
    std::vector<std::array<std::int32_t, 8>> children(above.parent.size());
    const int shift = 3 * (morton::kDepth - depth);
    for (std::size_t node = 0; node < above.parent.size(); ++node) {
      children[node].fill(-1);
      if (above.points(node) <= bound) continue;
      const auto parts_s = divide_range(sources, s[node], shift);
      const auto parts_t = targets_are_sources ? parts_s : divide_range(targets, t[node], shift);
      for (std::size_t octant = 0; octant < 8; ++octant) {
        if (parts_s[octant].size() + parts_t[octant].size() == 0) continue;
        children[node][octant] = static_cast<std::int32_t>(level.parent.size());
        level.sources.push_back(parts_s[octant].size());
        level.targets.push_back(parts_t[octant].size());
        level.parent.push_back(static_cast<std::int32_t>(node));
        level.octant.push_back(static_cast<std::uint8_t>(octant));
        level_s.push_back(parts_s[octant]);
        level_t.push_back(parts_t[octant]);
      }
    }
    if (level.parent.empty()) break;
    find_near(above, children, bound, level);
    s.swap(level_s);
    t.swap(level_t);
    levels.push_back(std::move(level));
  }
  return levels;
}

}  // namespace octopole::tree
