// The points of `octopole plan`: of a file, generated ones, or a distribution too large to be generated.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "planner/forecast.hpp"
#include "tree/root_cube.hpp"

namespace octopole::app {

/// Distributions of up to this number of points are generated, point by point as by `octopole generate`;
/// samples of larger ones have this number of points.
inline constexpr Index kMostGenerated = Index{1} << 24;

/// The points as known to the planner, with n_crit and padding chosen.
class ForecastPoints {
 public:
  /// Uses the points of a file; or those of a shape.
  ForecastPoints(const mpi::Comm& comm, const std::string& path, const Parameters& parameters);
  ForecastPoints(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed,
                 const Parameters& parameters);

  const tree::PointCounts& counts() const { return *counts_; }
  /// Parameters with the chosen n_crit and padding.
  const Parameters& parameters() const { return parameters_; }
  /// One line on the origin of the points and n_crit.
  const std::string& note() const { return note_; }
  /// Whether the points are available in the callers' order.
  bool listed() const { return !source_codes_.empty(); }
  /// The points in equal blocks, as ranks read them from a file.
  ListedPoints list_sources(int ranks) const { return list(source_codes_, ranks); }
  std::optional<ListedPoints> list_targets(int ranks) const;

 private:
  void tune_with(const mpi::Comm& comm, const Points& points);
  void take(const mpi::Comm& comm, const Points& points);
  static ListedPoints list(const AlignedVector<morton::Code>& codes, int ranks);

  Parameters parameters_;
  std::string note_;
  morton::Bounds bounds_ = morton::Bounds::empty();
  AlignedVector<morton::Code> source_codes_, target_codes_;      // in the callers' order
  AlignedVector<morton::Code> sorted_sources_, sorted_targets_;  // ascending; of the points or the sample
  std::unique_ptr<tree::PointCounts> counts_;
};

}  // namespace octopole::app
