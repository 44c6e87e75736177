#include "cost/tuning.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <numbers>
#include <utility>

#include "base/threads.hpp"
#include "cost/rank_setup.hpp"
#include "cost/tuning_model.hpp"
#include "operators/surface.hpp"
#include "tree/morton.hpp"

namespace octopole {
namespace {
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
double even_leaf(const Parameters& parameters, bool same) {
  const auto seconds = [&](const WorkCounts& counts) {
    double sum = 0;
    for (const double of_phase : predict_seconds(counts, parameters, same)) sum += of_phase;
    return sum;
  };
  WorkCounts leaf, square;
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
  morton::sort_codes(codes);
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
                            parameters.balance,
                            parameters.max_level,
                            direct_sources,
                            direct_targets};
    // 2:1 balance also divides nodes of fewer points than n_crit; a single candidate would leave none of
    // these.
    const double fewest = ncrits.front() / (parameters.tune_ncrit ? 1 : kBalanced);
    const morton::RootCube cube = morton::RootCube::enclosing(bounds, padding);
    const auto source_codes = sorted_codes(cube, sample), target_codes = sorted_codes(cube, target_sample);
    const auto levels =
        tree::measure_density(source_codes, targets ? target_codes : source_codes,
                              static_cast<std::int32_t>(fewest / model.scale), parameters.max_level);
    Search::Seconds seconds;
    for (const WorkCounts& counts : model.count(levels))
      seconds.push_back(predict_seconds(counts, parameters, model.same));
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
  return tuning;
}

}  // namespace octopole
