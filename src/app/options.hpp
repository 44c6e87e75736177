// Command-line options that several subcommands share: those of the method, and a point distribution.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

// ---- options of the method.

/// Name of an output in options and reports: potential, gradient (both), hessian (all three), or pressure
/// (potential and pressure).
std::string_view output_name(Output output);
Output parse_output(std::string_view name);  // one of these names
std::vector<std::string> output_names(bool scalar_only = false);

/// --gradient, and --fields, what is computed and written.
class FieldOptions {
 public:
  void add_to(CLI::App& parser, const std::string& group);
  /// Throws UsageError if the kernel lacks a field.
  FieldParts get(const AnyKernel& kernel) const;

 private:
  bool gradient_ = false;
  std::vector<std::string> fields_;
};

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
  /// Sets what strengths the sources have to what the file `path` has. Throws AgreedError if --vectors or
  /// --source-kind says something else.
  void take_from_file(const std::string& path, const StrengthShape& in_file, Options& options) const;

 private:
  Options options_;
  CLI::Option *vectors_ = nullptr, *source_kind_ = nullptr;  // if they were added
};

// ---- a point distribution, as `generate` writes it and `run` makes it in memory.

/// Points and charges at random, of a shape.
struct PointDistribution {
  Shape shape = Shape::cube;
  Charges charges = Charges::uniform;
  Index sources = 0;
  std::optional<Index> targets;  // other points; unset: sources = targets
  std::uint64_t seed = 1;
  StrengthShape strengths;
};

/// --vectors and --source-kind, where sources are made without an evaluation.
class StrengthOptions {
 public:
  void add_to(CLI::App& parser);
  StrengthShape get() const;

 private:
  std::string kind_ = "charges";
  int vectors_ = 1;
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
