// Command-line options of the method, shared by the subcommands that run it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "octopole/options.hpp"

namespace octopole::app {

/// Name of an output in options and reports: potential, or gradient (both).
std::string_view output_name(Output output);
Output parse_output(std::string_view name);  // one of these two names

/// Command-line options of the FMM, from the table of options; add_to() before parsing, get() after.
class FmmOptions {
 public:
  explicit FmmOptions(const Options& defaults = {}) : options_(defaults) {}

  /// Adds all options but the limits.
  void add_to(CLI::App& parser);
  /// Adds only the options that change how an order is computed: precisions, surfaces, --m2l.
  void add_method_to(CLI::App& parser);
  /// Adds the limits beyond which a run is refused: memory and overfull leaves.
  void add_limits_to(CLI::App& parser);
  /// Returns the options; throws UsageError where resolve() would reject the values.
  Options get() const;

 private:
  Options options_;
};

}  // namespace octopole::app
