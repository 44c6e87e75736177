#include "app/plan_points.hpp"

#include <fmt/core.h>

#include <cmath>

#include "cost/tuning.hpp"
#include "tree/morton.hpp"

namespace octopole::app {
namespace {

/// Dimension of the set that the shape's points fill.
int dimensions(Shape shape) {
  switch (shape) {
    case Shape::sphere:
    case Shape::ellipsoid:
      return 2;
    case Shape::line:
      return 1;
    default:
      return 3;
  }
}

/// An even sample by the sequence of Roberts (2018), whose steps are powers of the inverse of the root of
/// x^(d + 1) = x + 1.
std::vector<double> even_sample(Shape shape, Index points) {
  const int d = dimensions(shape);
  double root = 2;
  for (int i = 0; i < 60; ++i) root = std::pow(1 + root, 1.0 / (d + 1));
  std::vector<double> sample(static_cast<std::size_t>(3 * points));
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < points; ++i) {
    const auto step = [&](int k) {
      const double place = 0.5 + static_cast<double>(i + 1) * std::pow(root, -k);
      return place - std::floor(place);
    };
    const auto point = shape_point(shape, step(1), d > 1 ? step(2) : 0.5, d > 2 ? step(3) : 0.5);
    for (std::size_t c = 0; c < 3; ++c) sample[static_cast<std::size_t>(3 * i) + c] = point[c];
  }
  return sample;
}

AlignedVector<morton::Code> sorted(AlignedVector<morton::Code> codes) {
  morton::sort_codes(codes);
  return codes;
}

}  // namespace

ForecastPoints::ForecastPoints(const mpi::Comm& comm, const std::string& path, const Parameters& parameters)
    : parameters_(parameters) {
  take(comm, read_points(comm, path));
  note_ = "the points of " + path;
}

ForecastPoints::ForecastPoints(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed,
                               const Parameters& parameters)
    : parameters_(parameters) {
  Points generated;
  generated.targets_are_sources = true;
  if (points <= kMostGenerated) {
    generated.sources = make_positions(shape, 0, points, seed);
    take(comm, generated);
    note_ = "the points themselves, as `octopole generate` makes them";
    return;
  }
  // With 2^d times fewer points the tree is one level shallower, with similar leaves.
  Index similar = points;
  while (similar > kMostGenerated / 8) similar >>= dimensions(shape);
  generated.sources = make_positions(shape, 0, similar, seed);
  tune_with(comm, generated);
  if (shape == Shape::cube) {
    const morton::RootCube cube = morton::RootCube::enclosing({{0, 0, 0}, {1, 1, 1}}, parameters_.padding);
    counts_ = std::make_unique<tree::UniformPoints>(points, -cube.corner[0] / cube.side,
                                                    (1 - cube.corner[0]) / cube.side, seed);
    note_ = "numbers of points drawn node by node";
  } else {
    const std::vector<double> sample = even_sample(shape, kMostGenerated);
    bounds_.include(sample);
    sorted_sources_ =
        sorted(morton::encode(morton::RootCube::enclosing(bounds_, parameters_.padding), sample));
    counts_ = std::make_unique<tree::ScaledPoints>(sorted_sources_, points);
    note_ = fmt::format("an even sample of {} points that stand for {:.1f} each", kMostGenerated,
                        static_cast<double>(points) / static_cast<double>(kMostGenerated));
    if (const double in_leaf =
            parameters_.ncrit * static_cast<double>(kMostGenerated) / static_cast<double>(points);
        in_leaf < 4)
      throw Error(
          fmt::format("{} points of this shape cannot be planned: leaves of {} points would hold {:.1f} of "
                      "the sample",
                      points, parameters_.ncrit, in_leaf),
          "plan fewer points, or a cube");
  }
  if (parameters.tune_ncrit)
    note_ += fmt::format(
        "; n_crit and padding are those of {} points: a run of this size wants --ncrit {} "
        "--padding {:.6f}",
        similar, parameters_.ncrit, parameters_.padding);
}

void ForecastPoints::tune_with(const mpi::Comm& comm, const Points& points) {
  const auto targets =
      points.targets_are_sources ? std::nullopt : std::optional<std::span<const double>>(points.targets);
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(points.sources);
  if (targets) bounds.include(*targets);
  const Tuning tuning = tune(comm, bounds, parameters_, points.sources, targets);
  parameters_.ncrit = tuning.ncrit;
  parameters_.padding = tuning.padding;
  bounds_ = bounds;
}

void ForecastPoints::take(const mpi::Comm& comm, const Points& points) {
  tune_with(comm, points);
  const morton::RootCube cube = morton::RootCube::enclosing(bounds_, parameters_.padding);
  source_codes_ = morton::encode(cube, points.sources);
  sorted_sources_ = sorted(source_codes_);
  if (points.targets_are_sources) {
    counts_ = std::make_unique<tree::SortedPoints>(sorted_sources_);
    return;
  }
  target_codes_ = morton::encode(cube, points.targets);
  sorted_targets_ = sorted(target_codes_);
  counts_ =
      std::make_unique<tree::SortedPoints>(sorted_sources_, std::span<const morton::Code>(sorted_targets_));
}

ListedPoints ForecastPoints::list(const AlignedVector<morton::Code>& codes, int ranks) {
  ListedPoints listed{codes, {}};
  const Index n = static_cast<Index>(codes.size());
  for (int rank = 0; rank < ranks; ++rank) listed.bounds.push_back(block_of(n, rank, ranks).first);
  listed.bounds.push_back(n);
  return listed;
}

std::optional<ListedPoints> ForecastPoints::list_targets(int ranks) const {
  if (target_codes_.empty()) return std::nullopt;
  return list(target_codes_, ranks);
}

}  // namespace octopole::app
