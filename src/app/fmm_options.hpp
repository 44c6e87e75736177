// The options of the method on the command line, shared by the subcommands that run it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "octopole/options.hpp"

namespace octopole::app {

/// What options and reports call an output: potential, or gradient (both).
std::string_view output_name(Output output);
Output parse_output(std::string_view name);  // of these two

/// Command-line options of the FMM, from the table of options; add_to() before parsing, get() after.
class FmmOptions {
 public:
  /// All but the limits.
  void add_to(CLI::App& parser);
  /// Those alone that change how an order is computed: precisions, surfaces, --m2l.
  void add_method_to(CLI::App& parser);
  /// What a run is refused for: memory and overfull leaves.
  void add_limits_to(CLI::App& parser);
  /// Throws UsageError where resolve() would refuse the values.
  Options get() const;

 private:
  Options options_;
};

}  // namespace octopole::app
