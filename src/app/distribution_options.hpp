// A point distribution on the command line, as `generate` writes it and `run` makes it in memory.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "io/point_distributions.hpp"
#include "io/points_file.hpp"

namespace octopole::app {

/// Points and charges at random, of a shape.
struct PointDistribution {
  Shape shape = Shape::cube;
  Charges charges = Charges::uniform;
  Index sources = 0;
  std::optional<Index> targets;  // other points; unset: sources = targets
  std::uint64_t seed = 1;
};

class DistributionOptions {
 public:
  /// Adds the shape under the name given ("shape" makes it an argument), and --points, --seed, --charges and
  /// --targets. Returns the shape's option.
  CLI::Option* add_to(CLI::App& parser, const std::string& shape_name);
  /// Makes the distribution optional: the other options then need the shape, and the shape needs --points.
  void make_optional();
  bool given() const { return shape_option_->count() > 0; }
  PointDistribution get() const;

 private:
  CLI::Option *shape_option_ = nullptr, *points_option_ = nullptr;
  std::vector<CLI::Option*> others_;
  std::string shape_, charges_ = "uniform";
  PointDistribution distribution_;
};

/// This rank's block of the distribution, the same points that `octopole generate` writes to a file.
/// `before_making`: like `before_reading` of read_points.
Points make_points(const mpi::Comm& comm, const PointDistribution& distribution,
                   const BeforeReading& before_making = {});

/// Description such as "cube of 1000 points, seed 1".
std::string describe(const PointDistribution& distribution);

}  // namespace octopole::app
