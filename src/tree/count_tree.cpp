#include "tree/count_tree.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace octopole::tree {

Index count_codes(std::span<const Code> codes, Code first, Code end) {
  const auto low = std::lower_bound(codes.begin(), codes.end(), first);
  return std::lower_bound(low, codes.end(), end) - low;
}

std::vector<Count> count_points(std::span<const NodeKey> nodes, std::span<const Code> sources,
                                std::span<const Code> targets) {
  std::vector<Count> counts(nodes.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const Code first = nodes[i].first_code(), end = nodes[i].end_code();
    counts[i] = {count_codes(sources, first, end), count_codes(targets, first, end)};
  }
  return counts;
}

CountTree::CountTree(Count root, Index threshold, int max_level)
    : threshold_(threshold), max_level_(max_level) {
  nodes_.push_back(NodeKey::root());
  counts_.push_back(root);
  split_.push_back(0);
  find_frontier(0);
}

void CountTree::grow(std::span<const Count> counts) {
  const std::size_t first = nodes_.size(), size = first + frontier_.size();
  nodes_.reserve(size);  // exact, because every rank holds a copy of the tree
  counts_.reserve(size);
  split_.reserve(size);
  nodes_.insert(nodes_.end(), frontier_.begin(), frontier_.end());
  counts_.insert(counts_.end(), counts.begin(), counts.end());
  split_.resize(nodes_.size(), 0);
  find_frontier(first);
}

void CountTree::find_frontier(std::size_t first) {
  frontier_.clear();
  for (std::size_t i = first; i < nodes_.size(); ++i) {
    if (counts_[i].largest() <= threshold_ || nodes_[i].level() >= max_level_) continue;
    split_[i] = 1;
    for (int octant = 0; octant < 8; ++octant) frontier_.push_back(nodes_[i].child(octant));
  }
}

std::size_t CountTree::position(NodeKey key) const {
  return static_cast<std::size_t>(std::lower_bound(nodes_.begin(), nodes_.end(), key) - nodes_.begin());
}

bool CountTree::is_split(NodeKey key) const {
  const std::size_t i = position(key);
  return i < nodes_.size() && nodes_[i] == key && split_[i];
}

const Count& CountTree::count(NodeKey key) const {
  return counts_[position(key)];
}

std::vector<std::size_t> CountTree::leaves() const {
  std::vector<std::size_t> result;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (!split_[i]) result.push_back(i);
  std::sort(result.begin(), result.end(),
            [this](std::size_t a, std::size_t b) { return nodes_[a].first_code() < nodes_[b].first_code(); });
  return result;
}

std::size_t CountTree::bytes() const {
  return nodes_.capacity() * sizeof(NodeKey) + counts_.capacity() * sizeof(Count) + split_.capacity();
}

std::vector<NodeKey> CountTree::splits() const {
  std::vector<NodeKey> result;
  for (std::size_t i = 0; i < nodes_.size(); ++i)
    if (split_[i]) result.push_back(nodes_[i]);
  return result;
}

namespace {

using morton::kDepth;

/// The begin of each octant of the node in codes[begin, end), and the end.
std::array<Index, 9> cut(std::span<const Code> codes, NodeKey node, Index begin, Index end) {
  std::array<Index, 9> bounds;
  bounds[0] = begin;
  bounds[8] = end;
  const Code first = node.first_code(), width = (node.end_code() - first) / 8;
  for (std::size_t octant = 1; octant < 8; ++octant)
    bounds[octant] =
        std::lower_bound(codes.begin() + bounds[octant - 1], codes.begin() + end, first + octant * width) -
        codes.begin();
  return bounds;
}

std::uint64_t mix(std::uint64_t z) {  // the finaliser of SplitMix64
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// Uniform in (0, 1).
double uniform(std::uint64_t state) {
  return (static_cast<double>(mix(state) >> 11) + 0.5) * 0x1p-53;
}

/// A random number of the binomial distribution of n trials with probability p: by inversion if the variance
/// is small, otherwise by the normal approximation.
Index binomial(Index n, double p, std::uint64_t state) {
  if (n == 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - binomial(n, 1 - p, state);
  const double trials = static_cast<double>(n), variance = trials * p * (1 - p);
  constexpr double kFew = 30;
  if (variance > kFew) {
    const double normal = std::sqrt(-2 * std::log(uniform(state))) *
                          std::cos(2 * std::numbers::pi * uniform(state + 0x9e3779b97f4a7c15));
    const double drawn = std::floor(trials * p + std::sqrt(variance) * normal + 0.5);
    return static_cast<Index>(std::clamp(drawn, 0.0, trials));
  }
  double term = std::exp(trials * std::log1p(-p)), left = uniform(state) - term;
  Index k = 0;
  for (; left > 0 && k < n; left -= term) {
    ++k;
    term *= (trials - static_cast<double>(k) + 1) / static_cast<double>(k) * p / (1 - p);
    if (term < 1e-300) break;  // the rest is rounding error
  }
  return k;
}

}  // namespace

SortedPoints::SortedPoints(std::span<const Code> sources, std::optional<std::span<const Code>> targets)
    : sources_(sources), targets_(targets) {}

Places SortedPoints::root() const {
  const Index sources = static_cast<Index>(sources_.size());
  return {0, sources, 0, targets_ ? static_cast<Index>(targets_->size()) : sources};
}

std::array<Places, 8> SortedPoints::divide(NodeKey node, const Places& places) const {
  const auto s = cut(sources_, node, places.source_begin, places.source_end);
  const auto t = targets_ ? cut(*targets_, node, places.target_begin, places.target_end) : s;
  std::array<Places, 8> children;
  for (std::size_t octant = 0; octant < 8; ++octant)
    children[octant] = {s[octant], s[octant + 1], t[octant], t[octant + 1]};
  return children;
}

Index ScaledPoints::points_before(Index sample) const {
  const auto size = static_cast<__int128>(sample_.size());
  return static_cast<Index>((static_cast<__int128>(sample) * points_ + size / 2) / size);
}

Index ScaledPoints::sample_from(Index points) const {
  // The inverse of points_before, which is strictly increasing, because points >= the size of the sample.
  const auto size = static_cast<__int128>(sample_.size());
  auto sample = static_cast<Index>((static_cast<__int128>(points) * size) / points_);
  while (points_before(sample) < points) ++sample;
  while (sample > 0 && points_before(sample) > points) --sample;
  return sample;
}

std::array<Places, 8> ScaledPoints::divide(NodeKey node, const Places& places) const {
  const auto s = cut(sample_, node, sample_from(places.source_begin), sample_from(places.source_end));
  std::array<Places, 8> children;
  for (std::size_t octant = 0; octant < 8; ++octant) {
    const Index begin = points_before(s[octant]), end = points_before(s[octant + 1]);
    children[octant] = {begin, end, begin, end};
  }
  return children;
}

std::array<Places, 8> UniformPoints::divide(NodeKey node, const Places& places) const {
  const morton::Anchor anchor = node.anchor();
  const double width = std::ldexp(1.0, -anchor.level);
  const std::array<std::int32_t, 3> cell = {anchor.x, anchor.y, anchor.z};
  std::array<double, 3> low{};  // per axis: fraction of the node's part of the box that is in the lower half
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double from = cell[axis] * width;
    const auto inside = [&](double a, double b) {
      return std::max(0.0, std::min(b, upper_) - std::max(a, lower_));
    };
    const double whole = inside(from, from + width);
    low[axis] = whole > 0 ? inside(from, from + width / 2) / whole : 0.5;
  }
  const std::uint64_t state = mix(seed_ ^ mix(node.bits * 0x9e3779b97f4a7c15));
  // Halved along z, then y, then x: the order of octants.
  std::array<Index, 8> counts{};
  const Index n = places.source_end - places.source_begin;
  const Index below = binomial(n, low[2], state);
  const std::array<Index, 2> by_z = {below, n - below};
  for (std::size_t z = 0; z < 2; ++z) {
    const Index near = binomial(by_z[z], low[1], state + 2 + z);
    const std::array<Index, 2> by_y = {near, by_z[z] - near};
    for (std::size_t y = 0; y < 2; ++y) {
      const Index left = binomial(by_y[y], low[0], state + 4 + 2 * z + y);
      counts[4 * z + 2 * y] = left;
      counts[4 * z + 2 * y + 1] = by_y[y] - left;
    }
  }
  std::array<Places, 8> children;
  Index begin = places.source_begin;
  for (std::size_t octant = 0; octant < 8; ++octant) {
    const Index end = begin + counts[octant];
    children[octant] = {begin, end, begin, end};
    begin = end;
  }
  return children;
}

NodeCounts::NodeCounts(const PointCounts& points, Index ncrit, int max_level)
    : points_(points), ncrit_(ncrit), max_level_(max_level), root_(points.root()), slots_(1 << 10) {}

const Places* NodeCounts::find(NodeKey parent) const {
  const std::size_t mask = slots_.size() - 1;
  for (std::size_t i = mix(parent.bits) & mask; slots_[i].parent != 0; i = (i + 1) & mask)
    if (slots_[i].parent == parent.bits) return blocks_[static_cast<std::size_t>(slots_[i].block)].data();
  return nullptr;
}

void NodeCounts::rehash() {
  std::vector<Slot> old(2 * slots_.size());
  old.swap(slots_);
  const std::size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.parent == 0) continue;
    std::size_t i = mix(slot.parent) & mask;
    while (slots_[i].parent != 0) i = (i + 1) & mask;
    slots_[i] = slot;
  }
}

const Places* NodeCounts::divide(NodeKey parent, const Places& places) {
  if (2 * blocks_.size() >= slots_.size()) rehash();
  const std::size_t mask = slots_.size() - 1;
  std::size_t i = mix(parent.bits) & mask;
  while (slots_[i].parent != 0) i = (i + 1) & mask;
  slots_[i] = {parent.bits, static_cast<std::int32_t>(blocks_.size())};
  blocks_.push_back(points_.divide(parent, places));
  return blocks_.back().data();
}

Places NodeCounts::places(NodeKey node) {
  if (node.level() == 0) return root_;
  const NodeKey parent = node.parent();
  const auto octant = static_cast<std::size_t>(node.octant());
  if (const Places* children = find(parent)) return children[octant];
  const Places above = places(parent);
  if (above.count().largest() == 0) return above;
  return divide(parent, above)[octant];
}

bool NodeCounts::refined(NodeKey node) {
  if (node.level() >= max_level_) return false;
  if (node.level() == 0) return root_.count().largest() > ncrit_;
  const NodeKey parent = node.parent();
  const Places* children = find(parent);
  if (!children) {
    if (!refined(parent)) return false;
    children = divide(parent, places(parent));
  }
  return children[node.octant()].count().largest() > ncrit_;
}

Count NodeCounts::before(Code code) {
  if (code >= morton::kCodeEnd) return {root_.source_end, root_.target_end};
  // The coarsest node that begins at the code.
  int level = kDepth;
  while (level > 0 && (code >> (3 * (kDepth - level)) & 7) == 0) --level;
  const Places here = places(NodeKey::containing(code, level));
  return {here.source_begin, here.target_begin};
}

CountTree grow_count_tree(const PointCounts& points, Index threshold, int max_level) {
  const Places root = points.root();
  CountTree tree(root.count(), threshold, max_level);
  std::vector<Places> last{root};  // of the most recently added nodes
  std::size_t first = 0;           // index of the first of them
  while (!tree.frontier().empty()) {
    const std::vector<NodeKey>& frontier = tree.frontier();
    std::vector<std::size_t> parents;  // indices in `last`
    for (std::size_t i = 0; i < last.size(); ++i)
      if (8 * parents.size() < frontier.size() &&
          tree.nodes()[first + i] == frontier[8 * parents.size()].parent())
        parents.push_back(i);
    std::vector<Places> next(frontier.size());
    std::vector<Count> counts(frontier.size());
#pragma omp parallel for schedule(static)
    for (std::size_t p = 0; p < parents.size(); ++p) {
      const auto children = points.divide(frontier[8 * p].parent(), last[parents[p]]);
      for (std::size_t octant = 0; octant < 8; ++octant) {
        next[8 * p + octant] = children[octant];
        counts[8 * p + octant] = children[octant].count();
      }
    }
    first = tree.nodes().size();
    tree.grow(counts);
    last.swap(next);
  }
  return tree;
}

// ---- the density of a sample.

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
