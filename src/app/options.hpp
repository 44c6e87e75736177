// Command-line options that several subcommands share: those of the method, and a point distribution.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

// ---- options of the method.

/// Name of an output in options and reports: potential, or gradient (both).
std::string_view output_name(Output output);
Output parse_output(std::string_view name);  // one of these two names

/// Command-line options of the FMM, from the table of options; add_to() before parsing, get() after.
class FmmOptions {
 public:
  explicit FmmOptions(const Options& defaults = {}) : options_(defaults) {}

  /// Adds all options but the limits, and but those named in `without`.
  void add_to(CLI::App& parser, std::initializer_list<std::string_view> without = {});
  /// Adds only the options that change how an order is computed (OptionInfo::method), and those named in
  /// `others`.
  void add_method_to(CLI::App& parser, std::initializer_list<std::string_view> others = {});
  /// Adds the limits beyond which a run is refused: memory and overfull leaves.
  void add_limits_to(CLI::App& parser);
  /// Returns the options; throws UsageError where resolve() would reject the values.
  Options get() const;
  /// Returns the number of vectors of charges in the file `path`. Throws AgreedError if --vectors is another
  /// one.
  int vectors_of_file(const std::string& path, int in_file) const;

 private:
  Options options_;
  CLI::Option* vectors_ = nullptr;  // --vectors, if it was added
};

// ---- a point distribution, as `generate` writes it and `run` makes it in memory.

/// Points and charges at random, of a shape.
struct PointDistribution {
  Shape shape = Shape::cube;
  Charges charges = Charges::uniform;
  Index sources = 0;
  std::optional<Index> targets;  // other points; unset: sources = targets
  std::uint64_t seed = 1;
  int vectors = 1;  // of charges
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
