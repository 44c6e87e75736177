#include "cost/tuning.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "base/pages.hpp"
#include "base/threads.hpp"
#include "cost/leaf_cost.hpp"
#include "cost/rank_setup.hpp"
#include "distributed/ghosts.hpp"
#include "kernels/any_kernel.hpp"
#include "operators/surface.hpp"
#include "tree/count_tree.hpp"
#include "tree/morton.hpp"

namespace octopole {
namespace {

// The model: the work of evaluations with candidate trees, counted from the density of a sample.

/// Counts the work in the trees of all candidates of n_crit at once.
struct TuningModel {
  const std::vector<double>& ncrits;  // ascending
  double scale;                       // points that one sampled point represents
  bool targets_are_sources;
  bool by_fft;                            // M2L's method
  bool two_to_one;                        // balance
  int max_level;                          // of the trees
  double direct_sources, direct_targets;  // up to these numbers of points, P2P sums W and X

  /// Counts by candidate. `levels` must go down to nodes that no candidate divides.
  std::vector<OperationCounts> count(const std::vector<tree::DensityLevel>& levels) const;
};

using tree::DensityLevel;

/// Counts for all candidates of n_crit at once: a value for the candidates [low, high) is added at the end of
/// the range and subtracted before its beginning; sums from the last candidate down give the counts of each.
class CountsByCandidate {
 public:
  explicit CountsByCandidate(std::size_t candidates) : counts_(candidates) {}
  void add(double OperationCounts::*what, std::size_t low, std::size_t high, double value) {
    if (low >= high) return;
    counts_[high - 1].*what += value;
    if (low > 0) counts_[low - 1].*what -= value;
  }
  std::vector<OperationCounts> sums() {
    for (std::size_t k = counts_.size() - 1; k-- > 0;)
      for (double OperationCounts::*what : kAllCounts) counts_[k].*what += counts_[k + 1].*what;
    return counts_;
  }

 private:
  std::vector<OperationCounts> counts_;
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
    add(&OperationCounts::near_pairs, targets * (coarse_sources - touching));
    if (targets > 0) add(&OperationCounts::near_gathers, coarse_sources - touching);
  }
  template <class Add>
  void far_target(const Add& add) const {  // X: P2L
    add(&OperationCounts::p2l_sources, targets > 0 ? coarse_sources : 0);
  }
  template <class Add>
  void far_source(const Add& add) const {  // W: M2P, counted as P2P by count_level
    add(&OperationCounts::near_pairs, -coarse_targets * sources);
    if (coarse_targets > 0) add(&OperationCounts::near_gathers, -sources);
    add(&OperationCounts::m2p_targets, sources > 0 ? coarse_targets : 0);
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

/// Divides, by 2:1 balance, the nodes that touch a divided node of the next level.
void balance_two_to_one(const DensityLevel& above, const DensityLevel& level,
                        const std::vector<std::size_t>& splits, std::vector<std::size_t>& splits_above) {
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
  for (std::size_t depth = levels.size(); model.two_to_one && depth-- > 1;)
    balance_two_to_one(levels[depth - 1], levels[depth], found[depth].splits, found[depth - 1].splits);
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

  std::vector<OperationCounts> sums() { return counts_.sums(); }

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
      counts_.add(&OperationCounts::source_leaves, splits, exists, 1);
      counts_.add(&OperationCounts::sources, splits, exists, m_.scale * sources);
      if (inherits) counts_.add(&OperationCounts::m2m_children, 0, exists, 1);
    }
    if (expands && targets > 0) {
      counts_.add(&OperationCounts::local_nodes, 0, exists, 1);
      counts_.add(&OperationCounts::targets, splits, exists, m_.scale * targets);
      if (inherits) counts_.add(&OperationCounts::l2l_children, 0, exists, 1);
    }
    if (splits < exists && targets > 0) {
      const double around = level.around[node];
      // A sampled point's pair with itself represents `scale` pairs, not scale^2.
      const double pairs = m_.targets_are_sources
                               ? m_.scale * m_.scale * targets * (around - 1) + m_.scale * targets
                               : m_.scale * m_.scale * targets * around;
      counts_.add(&OperationCounts::near_pairs, splits, exists, pairs);
      counts_.add(&OperationCounts::near_gathers, splits, exists, m_.scale * around);
    }
    if (depth > 0 && splits > 0) count_families(level, node, candidates.splits);
  }
}

void Counter::count_families(const DensityLevel& level, std::size_t node,
                             const std::vector<std::size_t>& splits) {
  if (level.sources[node] > 0) counts_.add(&OperationCounts::families_in, 0, splits[node], 1);
  if (level.targets[node] == 0) return;
  counts_.add(&OperationCounts::families_out, 0, splits[node], 1);
  const auto& near = level.near[static_cast<std::size_t>(level.row[node])];
  for (std::size_t d = 0; d < 27; ++d) {
    const std::int32_t other = near[d];
    if (d == 13 || other < 0 || level.sources[static_cast<std::size_t>(other)] == 0) continue;
    const std::size_t both = std::min(splits[node], splits[static_cast<std::size_t>(other)]);
    if (m_.by_fft)
      counts_.add(&OperationCounts::family_pairs, 0, both, 1);
    else
      counts_.add(&OperationCounts::v_pairs, 0, both, 1512.0 / 26);  // 1512 of 26 * 64 pairs of children
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
  const auto add = [&](double OperationCounts::*what, double value) {
    counts_.add(what, std::max(low, divides), high, value);
  };
  if (touches || pair.targets <= m_.direct_targets)
    pair.near_target(add);
  else
    pair.far_target(add);
  if (touches) return;  // by 2:1 balance, divided nodes do not touch coarser leaves
  if (pair.sources > m_.direct_sources) pair.far_source(add);
  const auto add_divided = [&](double OperationCounts::*what, double value) {
    counts_.add(what, low, std::min(divides, high), value);
  };
  pair.far_target(add_divided);
  pair.far_source(add_divided);
}

std::vector<OperationCounts> TuningModel::count(const std::vector<DensityLevel>& levels) const {
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

// The candidates and the search among them.

constexpr double kLargestCandidate = 3000;  // of n_crit
constexpr Index kSmallestSample = Index{1} << 16, kLargestSample = Index{1} << 20, kShare = 4;
constexpr int kWidestGrid = 32;  // paddings for which 32, 30, ... 18 nodes of level 5 span the points
constexpr int kNarrowestGrid = 18;
constexpr double kTolerance = 0.02;
constexpr double kBalanced = 16;

std::vector<double> candidate_ncrits(const Parameters& parameters) {
  if (!parameters.tune_ncrit) return {static_cast<double>(parameters.ncrit)};
  // Leaves with far fewer points than a surface are never optimal.
  const double first = std::max(32.0, 0.25 * static_cast<double>(surface_size(parameters.operators.order)));
  std::vector<double> ncrits;
  for (double ncrit = first; ncrit < kLargestCandidate; ncrit *= std::numbers::sqrt2)
    ncrits.push_back(std::floor(ncrit));
  return ncrits;
}

/// Points per leaf for which P2P takes as long as all work per leaf and node, if all leaves were equally full
/// and had all their neighbours: the minimum cost per point.
double even_leaf(const Parameters& parameters, bool targets_are_sources) {
  const auto seconds = [&](const OperationCounts& counts) {
    return total(predict_seconds(counts, parameters, targets_are_sources));
  };
  OperationCounts leaf, square;
  leaf.source_leaves = leaf.local_nodes = leaf.m2m_children = leaf.l2l_children = 1;
  leaf.families_in = leaf.families_out = 1.0 / 8;
  leaf.family_pairs = 26.0 / 8;
  leaf.v_pairs = 189;
  square.near_pairs = 27;
  return std::sqrt(seconds(leaf) / seconds(square));
}

/// The candidates above 1.5 times `even`: smaller ones need more nodes to be examined. At the best n_crit the
/// mean number of points per leaf is near `even`; n_crit is 2.3 to 7 times `even` on cube, sphere and
/// ellipsoid.
std::vector<double> large_ones(const std::vector<double>& ncrits, double even) {
  if (ncrits.size() < 2) return ncrits;
  return {std::lower_bound(ncrits.begin(), ncrits.end() - 1, 1.5 * even), ncrits.end()};
}

std::vector<double> candidate_paddings(const Parameters& parameters) {
  if (!parameters.tune_padding) return {parameters.padding};
  std::vector<double> paddings;
  for (int nodes = kWidestGrid; nodes >= kNarrowestGrid; nodes -= 2)
    paddings.push_back(static_cast<double>(kWidestGrid) / nodes);
  return paddings;
}

Index stride_for(Index points) {
  const Index size = std::clamp(points / kShare, kSmallestSample, kLargestSample);
  return std::max(Index{1}, points / size);
}

/// A hash of a block's number: chooses the sampled point among the `stride` points of the block.
std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 31)) * 0x7fb5d329728ea185;
  x = (x ^ (x >> 27)) * 0x81dadef4bc2dd44d;
  return x ^ (x >> 33);
}

/// Samples one of every `stride` points of all ranks, for every rank.
std::vector<double> gather_sample(const mpi::Comm& comm, std::span<const double> points, Index stride) {
  const Index count = static_cast<Index>(points.size() / 3), first = comm.exclusive_sum(count);
  std::vector<double> mine;
  for (Index block = first / stride; block * stride < first + count; ++block) {
    const Index chosen =
        block * stride +
        static_cast<Index>(scramble(static_cast<std::uint64_t>(block)) % static_cast<std::uint64_t>(stride)) -
        first;
    if (chosen >= 0 && chosen < count)
      mine.insert(mine.end(), points.begin() + 3 * chosen, points.begin() + 3 * chosen + 3);
  }
  return comm.gather_all(std::span<const double>(mine));
}

AlignedVector<morton::Code> sorted_codes(const morton::RootCube& cube, std::span<const double> points) {
  AlignedVector<morton::Code> codes = morton::encode(cube, points);
  morton::sort(codes);
  return codes;
}

bool cheaper(const TuningRow& a, const TuningRow& b) {
  return a.total < b.total;
}

/// The model's rows for the paddings that were examined; each rank examines its share of them.
class Search {
 public:
  /// Seconds of an evaluation by n_crit and phase, for one padding.
  using Seconds = std::vector<std::array<double, kPhases>>;
  using SecondsOf = std::function<Seconds(double padding, const std::vector<double>& ncrits)>;

  /// Examines every second padding, then the two next to the best (cyclically: padding 2 is padding 1 with
  /// one level more).
  Search(const mpi::Comm& comm, const std::vector<double>& paddings, std::vector<double> ncrits,
         const SecondsOf& seconds_of)
      : ncrits_(std::move(ncrits)), rows_(paddings.size()) {
    const std::size_t count = paddings.size();
    std::vector<std::size_t> first;
    for (std::size_t i = 0; i < count; i += 2) first.push_back(i);
    look_at(comm, paddings, first, seconds_of);
    const std::size_t i = best_padding();
    if (count > 2) look_at(comm, paddings, {(i + count - 1) % count, (i + 1) % count}, seconds_of);
  }

  const TuningRow& best() const { return cheapest(rows_[best_padding()]); }

  /// The largest of the neighbouring n_crit that are as good as the best: the costs that the model omits grow
  /// with the number of nodes.
  const TuningRow& choice() const {
    const std::vector<TuningRow>& of_best = rows_[best_padding()];
    std::size_t i = static_cast<std::size_t>(&best() - of_best.data());
    const double bound = (1 + kTolerance) * of_best[i].total;
    while (i + 1 < of_best.size() && of_best[i + 1].total <= bound) ++i;
    return of_best[i];
  }

  std::vector<TuningRow> table() const {
    std::vector<TuningRow> table;
    for (const auto& of_padding : rows_)
      if (!of_padding.empty()) table.push_back(cheapest(of_padding));
    const std::vector<TuningRow>& of_best = rows_[best_padding()];
    table.insert(table.end(), of_best.begin(), of_best.end());
    return table;
  }

 private:
  static const TuningRow& cheapest(const std::vector<TuningRow>& rows) {
    return *std::min_element(rows.begin(), rows.end(), cheaper);
  }
  std::size_t best_padding() const {
    std::size_t best = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i)
      if (!rows_[i].empty() && cheaper(cheapest(rows_[i]), cheapest(rows_[best]))) best = i;
    return best;
  }
  void look_at(const mpi::Comm& comm, const std::vector<double>& paddings,
               const std::vector<std::size_t>& which, const SecondsOf& seconds_of) {
    const auto rank = static_cast<std::size_t>(comm.rank()), ranks = static_cast<std::size_t>(comm.size());
    std::vector<double> found(which.size() * ncrits_.size() * kPhases, 0);
    const auto look_at_one = [&](std::size_t i) {
      auto place = found.begin() + static_cast<std::ptrdiff_t>(i * ncrits_.size() * kPhases);
      for (const auto& by_phase : seconds_of(paddings[which[i]], ncrits_))
        place = std::copy(by_phase.begin(), by_phase.end(), place);
    };
    mpi::collectively(comm, [&] {
      const std::size_t mine = which.size() > rank ? (which.size() - rank + ranks - 1) / ranks : 0;
      parallel_for(static_cast<Index>(mine), 1,
                   [&](Index i) { look_at_one(rank + static_cast<std::size_t>(i) * ranks); });
    });
    comm.allreduce(std::span(found), MPI_SUM);  // one rank's value plus zeros
    auto next = found.begin();
    for (const std::size_t i : which) {
      rows_[i].clear();
      for (const double ncrit : ncrits_) {
        TuningRow row{paddings[i], static_cast<int>(ncrit), {}, 0};
        for (double& s : row.seconds) row.total += s = *next++;
        rows_[i].push_back(row);
      }
    }
  }

  std::vector<double> ncrits_;
  std::vector<std::vector<TuningRow>> rows_;  // by padding and n_crit; empty if not examined
};

}  // namespace

double model_scale(Index stride) {
  double scale = static_cast<double>(stride);
  while (scale > kLargestScale) scale /= 64;
  return scale;
}

Tuning tune(const mpi::Comm& comm, const morton::Bounds& bounds, const Parameters& parameters,
            std::span<const double> sources, std::optional<std::span<const double>> targets) {
  const Index surface = surface_size(parameters.operators.order),
              check = surface_size(parameters.operators.downward_check_order);
  Tuning tuning{parameters.padding,
                parameters.ncrit,
                comm.of_root(direct_points(parameters, surface, !targets)),
                comm.of_root(direct_points(parameters, check, !targets)),
                0,
                {}};
  if (!parameters.tune_ncrit && !parameters.tune_padding) return tuning;
  Index points = comm.sum(static_cast<Index>(sources.size() / 3));
  if (targets) points = std::max(points, comm.sum(static_cast<Index>(targets->size() / 3)));
  const Index stride = stride_for(points);

  const std::vector<double> sample = gather_sample(comm, sources, stride);
  const std::vector<double> target_sample =
      targets ? gather_sample(comm, *targets, stride) : std::vector<double>{};
  tuning.sample = static_cast<Index>(std::max(sample.size(), target_sample.size()) / 3);
  const double direct_sources = static_cast<double>(tuning.direct_sources),
               direct_targets = static_cast<double>(tuning.direct_targets);

  const Search::SecondsOf seconds_of = [&](double padding, const std::vector<double>& ncrits) {
    const TuningModel model{ncrits,
                            model_scale(stride),
                            !targets,
                            parameters.operators.m2l == M2lMethod::fft,
                            parameters.options.two_to_one,
                            parameters.options.max_level,
                            direct_sources,
                            direct_targets};
    // 2:1 balance also divides nodes of fewer points than n_crit; a single candidate would leave none of
    // these.
    const double fewest = ncrits.front() / (parameters.tune_ncrit ? 1 : kBalanced);
    const morton::RootCube cube = root_cube(bounds, padding, parameters);
    const auto source_codes = sorted_codes(cube, sample), target_codes = sorted_codes(cube, target_sample);
    const auto levels =
        tree::measure_density(source_codes, targets ? target_codes : source_codes,
                              static_cast<std::int32_t>(fewest / model.scale), parameters.options.max_level);
    Search::Seconds seconds;
    for (const OperationCounts& counts : model.count(levels))
      seconds.push_back(predict_seconds(counts, parameters, model.targets_are_sources));
    return seconds;
  };
  const std::vector<double> paddings = candidate_paddings(parameters), ncrits = candidate_ncrits(parameters);
  const std::vector<double> large = large_ones(ncrits, comm.of_root(even_leaf(parameters, !targets)));
  Search search(comm, paddings, large, seconds_of);
  const bool more = search.choice().ncrit == static_cast<int>(large.front()) && large.size() < ncrits.size();
  if (comm.of_root(more)) search = Search(comm, paddings, ncrits, seconds_of);
  tuning.padding = comm.of_root(search.choice().padding);
  tuning.ncrit = comm.of_root(search.choice().ncrit);
  tuning.table = search.table();
  // The next steps touch returned pages anew, which costs more than what two threads keep.
  if (max_threads() > 2) return_freed_memory();
  return tuning;
}

morton::RootCube root_cube(const morton::Bounds& bounds, double padding, const Parameters& parameters) {
  return morton::RootCube::enclosing(bounds, padding, !is_scale_free(parameters.operators));
}

}  // namespace octopole
