#include "cost/tuning_model.hpp"

#include <algorithm>
#include <array>

#include "distributed/ghosts.hpp"

namespace octopole {
namespace {

using tree::DensityLevel;

/// Counts for all candidates of n_crit at once: a value for the candidates [low, high) is added at the end of
/// the range and subtracted before its beginning; sums from the last candidate down give the counts of each.
class CountsByCandidate {
 public:
  explicit CountsByCandidate(std::size_t candidates) : counts_(candidates) {}
  void add(double WorkCounts::*what, std::size_t low, std::size_t high, double value) {
    if (low >= high) return;
    counts_[high - 1].*what += value;
    if (low > 0) counts_[low - 1].*what -= value;
  }
  std::vector<WorkCounts> sums() {
    for (std::size_t k = counts_.size() - 1; k-- > 0;)
      for (double WorkCounts::*what : kAllCounts) counts_[k].*what += counts_[k + 1].*what;
    return counts_;
  }

 private:
  std::vector<WorkCounts> counts_;
};

/// For each node of one level, the number of candidates, from the smallest on, for which it exists and which
/// divide it.
struct Candidates {
  std::vector<std::size_t> exists, splits;
};

/// Numbers of points of a node and of a coarser leaf. The members call add(count, value).
struct CoarserPair {
  double sources, targets, coarse_sources, coarse_targets;
  double touching;  // sources in cells of the leaf that touch the node, counted by count_level

  template <class Add>
  void near_target(const Add& add) const {  // P2P
    add(&WorkCounts::near_pairs, targets * (coarse_sources - touching));
    if (targets > 0) add(&WorkCounts::near_gathers, coarse_sources - touching);
  }
  template <class Add>
  void far_target(const Add& add) const {  // X: P2L
    add(&WorkCounts::p2l_sources, targets > 0 ? coarse_sources : 0);
  }
  template <class Add>
  void far_source(const Add& add) const {  // W: M2P, counted as P2P by count_level
    add(&WorkCounts::near_pairs, -coarse_targets * sources);
    if (coarse_targets > 0) add(&WorkCounts::near_gathers, -sources);
    add(&WorkCounts::m2p_targets, sources > 0 ? coarse_targets : 0);
  }
};

std::vector<std::array<std::int32_t, 8>> children_of(const DensityLevel& above, const DensityLevel& level) {
  std::array<std::int32_t, 8> none;
  none.fill(-1);
  std::vector<std::array<std::int32_t, 8>> children(above.parent.size(), none);
  for (std::size_t node = 0; node < level.parent.size(); ++node)
    children[static_cast<std::size_t>(level.parent[node])][level.octant[node]] =
        static_cast<std::int32_t>(node);
  return children;
}

/// 2:1 balance: divides the nodes that touch a divided node of the next level.
void balance(const DensityLevel& above, const DensityLevel& level, const std::vector<std::size_t>& splits,
             std::vector<std::size_t>& splits_above) {
  for (std::size_t node = 0; node < splits.size(); ++node) {
    if (splits[node] == 0) continue;
    const auto parent = static_cast<std::size_t>(level.parent[node]);
    const auto& near = above.near[static_cast<std::size_t>(above.row[parent])];
    for (const morton::NeighbourStep& step : morton::kNeighbourSteps[level.octant[node]]) {
      const std::int32_t other = near[step.parent_direction];
      // Nodes with too few points for any candidate have no children here.
      if (other < 0 || above.row[static_cast<std::size_t>(other)] < 0) continue;
      std::size_t& its = splits_above[static_cast<std::size_t>(other)];
      its = std::max(its, splits[node]);
    }
  }
}

/// Finds, by level, for which candidates nodes exist and are divided.
std::vector<Candidates> find_candidates(const TuningModel& model, const std::vector<DensityLevel>& levels) {
  std::vector<Candidates> found(levels.size());
  const auto divided = [&](std::int32_t points) {
    const auto& ncrits = model.ncrits;
    return static_cast<std::size_t>(std::lower_bound(ncrits.begin(), ncrits.end(), model.scale * points) -
                                    ncrits.begin());
  };
  for (std::size_t depth = 0; depth < levels.size(); ++depth) {
    const DensityLevel& level = levels[depth];
    auto& splits = found[depth].splits;
    splits.resize(level.parent.size());
    for (std::size_t node = 0; node < level.parent.size(); ++node) {
      splits[node] = static_cast<int>(depth) < model.max_level ? divided(level.points(node)) : 0;
      if (depth > 0)
        splits[node] =
            std::min(splits[node], found[depth - 1].splits[static_cast<std::size_t>(level.parent[node])]);
    }
  }
  for (std::size_t depth = levels.size(); model.balanced && depth-- > 1;)
    balance(levels[depth - 1], levels[depth], found[depth].splits, found[depth - 1].splits);
  for (std::size_t depth = 0; depth < levels.size(); ++depth) {
    auto& [exists, splits] = found[depth];
    exists.assign(splits.size(), model.ncrits.size());
    for (std::size_t node = 0; depth > 0 && node < splits.size(); ++node) {
      exists[node] = found[depth - 1].splits[static_cast<std::size_t>(levels[depth].parent[node])];
      splits[node] = std::min(splits[node], exists[node]);
    }
  }
  return found;
}

class Counter {
 public:
  Counter(const TuningModel& model) : m_(model), counts_(model.ncrits.size()) {}

  /// Counts the work of the nodes of a level, as if all neighbours of leaves were of the same level.
  void count_level(const DensityLevel& level, std::size_t depth, const Candidates& candidates);

  /// Counts the work between nodes and coarser leaves next to their parents, beyond what count_level has
  /// counted: for the nodes the cells of their level that touch them, for the leaves all points of the
  /// parents.
  void count_coarser(const DensityLevel& above, const DensityLevel& level, const Candidates& of_above,
                     const std::vector<std::size_t>& divides);

  std::vector<WorkCounts> sums() { return counts_.sums(); }

 private:
  void count_families(const DensityLevel& level, std::size_t node, const std::vector<std::size_t>& splits);
  void count_pair(const CoarserPair& pair, bool touches, std::size_t low, std::size_t high,
                  std::size_t divides);

  const TuningModel& m_;
  CountsByCandidate counts_;
};

void Counter::count_level(const DensityLevel& level, std::size_t depth, const Candidates& candidates) {
  const bool expands = depth >= distributed::kFirstLevel, inherits = depth > distributed::kFirstLevel;
  for (std::size_t node = 0; node < level.parent.size(); ++node) {
    const double sources = level.sources[node], targets = level.targets[node];
    const std::size_t exists = candidates.exists[node], splits = candidates.splits[node];
    if (expands && sources > 0) {
      counts_.add(&WorkCounts::source_leaves, splits, exists, 1);
      counts_.add(&WorkCounts::sources, splits, exists, m_.scale * sources);
      if (inherits) counts_.add(&WorkCounts::m2m_children, 0, exists, 1);
    }
    if (expands && targets > 0) {
      counts_.add(&WorkCounts::local_nodes, 0, exists, 1);
      counts_.add(&WorkCounts::targets, splits, exists, m_.scale * targets);
      if (inherits) counts_.add(&WorkCounts::l2l_children, 0, exists, 1);
    }
    if (splits < exists && targets > 0) {
      const double around = level.around[node];
      // A sampled point's pair with itself represents `scale` pairs, not scale^2.
      const double pairs = m_.same ? m_.scale * m_.scale * targets * (around - 1) + m_.scale * targets
                                   : m_.scale * m_.scale * targets * around;
      counts_.add(&WorkCounts::near_pairs, splits, exists, pairs);
      counts_.add(&WorkCounts::near_gathers, splits, exists, m_.scale * around);
    }
    if (depth > 0 && splits > 0) count_families(level, node, candidates.splits);
  }
}

void Counter::count_families(const DensityLevel& level, std::size_t node,
                             const std::vector<std::size_t>& splits) {
  if (level.sources[node] > 0) counts_.add(&WorkCounts::families_in, 0, splits[node], 1);
  if (level.targets[node] == 0) return;
  counts_.add(&WorkCounts::families_out, 0, splits[node], 1);
  const auto& near = level.near[static_cast<std::size_t>(level.row[node])];
  for (std::size_t d = 0; d < 27; ++d) {
    const std::int32_t other = near[d];
    if (d == 13 || other < 0 || level.sources[static_cast<std::size_t>(other)] == 0) continue;
    const std::size_t both = std::min(splits[node], splits[static_cast<std::size_t>(other)]);
    if (m_.by_fft)
      counts_.add(&WorkCounts::family_pairs, 0, both, 1);
    else
      counts_.add(&WorkCounts::v_pairs, 0, both, 1512.0 / 26);  // 1512 of 26 * 64 pairs of children
  }
}

void Counter::count_coarser(const DensityLevel& above, const DensityLevel& level, const Candidates& of_above,
                            const std::vector<std::size_t>& divides) {
  const auto& splits = of_above.splits;
  const auto children = children_of(above, level);
  std::vector<std::size_t> leaves;  // directions in which a candidate that divides the parent has a leaf
  for (std::size_t node = 0; node < level.parent.size(); ++node) {
    const auto parent = static_cast<std::size_t>(level.parent[node]);
    const auto& near = above.near[static_cast<std::size_t>(above.row[parent])];
    if (node == 0 || level.parent[node] != level.parent[node - 1]) {
      leaves.clear();
      for (std::size_t d = 0; d < 27; ++d)
        if (near[d] >= 0 && splits[static_cast<std::size_t>(near[d])] < splits[parent]) leaves.push_back(d);
    }
    if (leaves.empty()) continue;
    std::array<std::int32_t, 27> touching{};
    std::array<bool, 27> touches{};
    for (const morton::NeighbourStep& step : morton::kNeighbourSteps[level.octant[node]]) {
      touches[step.parent_direction] = true;
      const std::int32_t coarse = near[step.parent_direction];
      const std::int32_t cell = coarse < 0 ? -1 : children[static_cast<std::size_t>(coarse)][step.octant];
      if (cell >= 0) touching[step.parent_direction] += level.sources[static_cast<std::size_t>(cell)];
    }
    for (const std::size_t d : leaves) {
      const auto coarse = static_cast<std::size_t>(near[d]);
      const CoarserPair pair{m_.scale * level.sources[node], m_.scale * level.targets[node],
                             m_.scale * above.sources[coarse], m_.scale * above.targets[coarse],
                             m_.scale * touching[d]};
      count_pair(pair, touches[d], splits[coarse], std::min(splits[parent], of_above.exists[coarse]),
                 divides[node]);
    }
  }
}

/// Counts a pair for the candidates [low, high), of which the first `divides` divide the node.
void Counter::count_pair(const CoarserPair& pair, bool touches, std::size_t low, std::size_t high,
                         std::size_t divides) {
  const auto add = [&](double WorkCounts::*what, double value) {
    counts_.add(what, std::max(low, divides), high, value);
  };
  if (touches || pair.targets <= m_.direct_targets)
    pair.near_target(add);
  else
    pair.far_target(add);
  if (touches) return;  // by balance, divided nodes do not touch coarser leaves
  if (pair.sources > m_.direct_sources) pair.far_source(add);
  const auto add_divided = [&](double WorkCounts::*what, double value) {
    counts_.add(what, low, std::min(divides, high), value);
  };
  pair.far_target(add_divided);
  pair.far_source(add_divided);
}

}  // namespace

std::vector<WorkCounts> TuningModel::count(const std::vector<DensityLevel>& levels) const {
  const std::vector<Candidates> candidates = find_candidates(*this, levels);
  Counter counter(*this);
  for (std::size_t depth = 0; depth < levels.size(); ++depth) {
    counter.count_level(levels[depth], depth, candidates[depth]);
    if (depth > 0)
      counter.count_coarser(levels[depth - 1], levels[depth], candidates[depth - 1],
                            candidates[depth].splits);
  }
  return counter.sums();
}

}  // namespace octopole
