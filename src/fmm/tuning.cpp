#include "octopole/fmm/tuning.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "octopole/fmm/work.hpp"
#include "octopole/morton/sort.hpp"
#include "octopole/operators/surface.hpp"
#include "octopole/parallel/ghosts.hpp"
#include "octopole/tree/density.hpp"

namespace octopole {
namespace {
constexpr double kLargestCandidate = 3000;  // of n_crit
constexpr Index kSmallestSample = Index{1} << 16, kLargestSample = Index{1} << 20, kShare = 16;
constexpr int kCandidates = 16;  // of n_crit: 16, 23, 32, ... 2896
constexpr int kWidestGrid = 32;  // paddings make 32, 30, ... 18 nodes of level 5 span the points
constexpr int kNarrowestGrid = 18;
constexpr double kTolerance = 0.02;
constexpr double kBalanced = 16;

std::vector<double> candidate_ncrits(const Parameters& parameters) {
  if (!parameters.tune_ncrit) return {static_cast<double>(parameters.ncrit)};
  // Leaves with far fewer points than a surface never pay.
  const double first = std::max(32.0, 0.25 * static_cast<double>(surface_size(parameters.operators.order)));
  std::vector<double> ncrits;
  for (double ncrit = first; ncrit < kLargestCandidate; ncrit *= std::numbers::sqrt2)
    ncrits.push_back(std::floor(ncrit));
  return ncrits;
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

/// A scrambled number: which point of a block of `stride` stands for it.
std::uint64_t scramble(std::uint64_t x) {
  x = (x ^ (x >> 31)) * 0x7fb5d329728ea185;
  x = (x ^ (x >> 27)) * 0x81dadef4bc2dd44d;
  return x ^ (x >> 33);
}

/// One of every `stride` points of all ranks, on every rank.
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
  morton::sort_codes(codes);
  return codes;
}

/// Counts for all candidates of n_crit at once: what holds for the candidates [low, high) is added where the
/// range ends and taken back where it begins; sums from the last candidate down give each its own.
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

struct Model {
  const std::vector<double>& ncrits;
  double scale;  // points that one of the sample stands for
  bool same;     // the targets are the sources
  bool by_fft;
  bool balanced;

  /// The number of candidates that split a node of so many points.
  std::size_t splitting(std::int32_t sources, std::int32_t targets) const {
    const double points = scale * std::max(sources, targets);
    return static_cast<std::size_t>(std::lower_bound(ncrits.begin(), ncrits.end(), points) - ncrits.begin());
  }

  void count_level(const tree::DensityLevel& level, std::size_t depth, const std::vector<std::size_t>& above,
                   const std::vector<std::size_t>& split, CountsByCandidate& counts) const {
    const bool expands = depth >= parallel::kFirstLevel, inherits = depth > parallel::kFirstLevel;
    for (std::size_t node = 0; node < level.parent.size(); ++node) {
      const double sources = level.sources[node], targets = level.targets[node];
      const std::size_t exists =
          depth == 0 ? ncrits.size() : above[static_cast<std::size_t>(level.parent[node])];
      const std::size_t splits = std::min(split[node], exists);
      if (expands && sources > 0) {
        counts.add(&WorkCounts::source_leaves, splits, exists, 1);
        counts.add(&WorkCounts::sources, splits, exists, scale * sources);
        if (inherits) counts.add(&WorkCounts::m2m_children, 0, exists, 1);
      }
      if (expands && targets > 0) {
        counts.add(&WorkCounts::local_nodes, 0, exists, 1);
        counts.add(&WorkCounts::targets, splits, exists, scale * targets);
        if (inherits) counts.add(&WorkCounts::l2l_children, 0, exists, 1);
      }
      if (splits < exists && targets > 0) {
        const double around = level.around[node];
        // A sampled point's own pair stands for itself alone, not for scale^2 pairs.
        const double pairs = same ? scale * scale * targets * (around - 1) + scale * targets
                                  : scale * scale * targets * around;
        counts.add(&WorkCounts::near_pairs, splits, exists, pairs);
        counts.add(&WorkCounts::near_gathers, splits, exists, scale * around);
      }
      if (depth == 0 || splits == 0) continue;
      if (sources > 0) counts.add(&WorkCounts::families_in, 0, splits, 1);
      if (targets == 0) continue;
      counts.add(&WorkCounts::families_out, 0, splits, 1);
      const auto& near = level.near[static_cast<std::size_t>(level.row[node])];
      for (std::size_t d = 0; d < 27; ++d) {
        const std::int32_t other = near[d];
        if (d == 13 || other < 0 || level.sources[static_cast<std::size_t>(other)] == 0) continue;
        const std::size_t both = std::min(splits, split[static_cast<std::size_t>(other)]);
        if (by_fft)
          counts.add(&WorkCounts::family_pairs, 0, both, 1);
        else
          counts.add(&WorkCounts::v_pairs, 0, both, 1512.0 / 26);  // of 26 * 64 pairs of children
      }
    }
  }

  std::vector<WorkCounts> count(const std::vector<tree::DensityLevel>& levels) const {
    // By level and node, how many candidates split it: the first ones, as all above it do.
    std::vector<std::vector<std::size_t>> split(levels.size());
    for (std::size_t depth = 0; depth < levels.size(); ++depth) {
      const tree::DensityLevel& level = levels[depth];
      split[depth].resize(level.parent.size());
      for (std::size_t node = 0; node < level.parent.size(); ++node) {
        std::size_t& mine = split[depth][node];
        mine = splitting(level.sources[node], level.targets[node]);
        if (depth > 0) mine = std::min(mine, split[depth - 1][static_cast<std::size_t>(level.parent[node])]);
      }
    }
    for (std::size_t depth = levels.size(); balanced && depth-- > 1;)
      balance(levels[depth - 1], levels[depth], split[depth], split[depth - 1]);
    CountsByCandidate counts(ncrits.size());
    const std::vector<std::size_t> none;
    for (std::size_t depth = 0; depth < levels.size(); ++depth)
      count_level(levels[depth], depth, depth > 0 ? split[depth - 1] : none, split[depth], counts);
    return counts.sums();
  }

  /// 2:1 balance: nodes that touch one of the next level that is divided are divided themselves.
  static void balance(const tree::DensityLevel& above, const tree::DensityLevel& level,
                      const std::vector<std::size_t>& split, std::vector<std::size_t>& split_above) {
    for (std::size_t node = 0; node < split.size(); ++node) {
      if (split[node] == 0) continue;
      const auto parent = static_cast<std::size_t>(level.parent[node]);
      const auto& near = above.near[static_cast<std::size_t>(above.row[parent])];
      for (const morton::NeighbourStep& step : morton::kNeighbourSteps[level.octant[node]]) {
        const std::int32_t other = near[step.parent_direction];
        // What has too few points for any candidate has no children here.
        if (other < 0 || above.row[static_cast<std::size_t>(other)] < 0) continue;
        std::size_t& its = split_above[static_cast<std::size_t>(other)];
        its = std::max(its, split[node]);
      }
    }
  }
};

}  // namespace

double model_scale(Index stride) {
  double scale = static_cast<double>(stride);
  while (scale > kLargestScale) scale /= 64;
  return scale;
}

Tuning tune(const mpi::Comm& comm, const morton::Bounds& bounds, const Parameters& parameters,
            std::span<const double> sources, std::optional<std::span<const double>> targets) {
  Tuning tuning{parameters.padding, parameters.ncrit, 0, {}};
  if (!parameters.tune_ncrit && !parameters.tune_padding) return tuning;
  Index points = comm.sum(static_cast<Index>(sources.size() / 3));
  if (targets) points = std::max(points, comm.sum(static_cast<Index>(targets->size() / 3)));
  const Index stride = stride_for(points);

  const std::vector<double> sample = gather_sample(comm, sources, stride);
  const std::vector<double> target_sample =
      targets ? gather_sample(comm, *targets, stride) : std::vector<double>{};
  tuning.sample = static_cast<Index>(std::max(sample.size(), target_sample.size()) / 3);
  const std::vector<double> ncrits = candidate_ncrits(parameters), paddings = candidate_paddings(parameters);
  const Model model{ncrits, model_scale(stride), !targets, parameters.operators.m2l == M2lMethod::fft,
                    parameters.balance};
  // Balance also divides nodes of fewer points than the candidates allow: a single one leaves none of these.
  const double fewest = ncrits.front() / (ncrits.size() == 1 ? kBalanced : 1);
  const auto bound = static_cast<std::int32_t>(fewest / model.scale);

  const auto rows_of = [&](double padding) {
    const morton::RootCube cube = morton::RootCube::enclosing(bounds, padding);
    const auto source_codes = sorted_codes(cube, sample), target_codes = sorted_codes(cube, target_sample);
    const auto levels = tree::measure_density(source_codes, targets ? target_codes : source_codes, bound,
                                              parameters.max_level);
    const std::vector<WorkCounts> counts = model.count(levels);
    std::vector<TuningRow> rows;
    for (std::size_t k = 0; k < ncrits.size(); ++k) {
      TuningRow row{padding, static_cast<int>(ncrits[k]), {}, 0};
      row.seconds = predict_seconds(counts[k], parameters, model.same);
      for (const double seconds : row.seconds) row.total += seconds;
      rows.push_back(row);
    }
    return rows;
  };
  const auto cheaper = [](const TuningRow& a, const TuningRow& b) { return a.total < b.total; };
  const auto cheapest = [&](const std::vector<TuningRow>& rows) {
    return *std::min_element(rows.begin(), rows.end(), cheaper);
  };
  // Every second padding, then the two beside the best: padding 2 would be padding 1 with a level more.
  const std::size_t count = paddings.size();
  std::vector<std::vector<TuningRow>> rows(count);
  const auto look_at = [&](const std::vector<std::size_t>& which) {
    mpi::collectively(comm, [&] {
#pragma omp parallel for schedule(dynamic)
      for (std::size_t i = 0; i < which.size(); ++i) rows[which[i]] = rows_of(paddings[which[i]]);
    });
  };
  const auto best_padding = [&] {
    std::size_t best = 0;
    for (std::size_t i = 0; i < count; ++i)
      if (!rows[i].empty() && cheapest(rows[i]).total < cheapest(rows[best]).total) best = i;
    return best;
  };
  std::vector<std::size_t> first;
  for (std::size_t i = 0; i < count; i += 2) first.push_back(i);
  look_at(first);
  if (const std::size_t i = best_padding(); count > 2) look_at({(i + count - 1) % count, (i + 1) % count});

  for (const auto& of_padding : rows)
    if (!of_padding.empty()) tuning.table.push_back(cheapest(of_padding));
  const std::vector<TuningRow>* const chosen = &rows[best_padding()];
  const auto best = std::min_element(chosen->begin(), chosen->end(), cheaper);
  const auto good = [&](const TuningRow& row) { return row.total <= (1 + kTolerance) * best->total; };
  // Of neighbours as good as the best the largest: what the model leaves out, nodes cost.
  auto high = best;
  while (high + 1 != chosen->end() && good(*(high + 1))) ++high;
  tuning.padding = best->padding;
  tuning.ncrit = high->ncrit;
  tuning.table.insert(tuning.table.end(), chosen->begin(), chosen->end());
  return tuning;
}

}  // namespace octopole
