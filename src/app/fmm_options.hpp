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

/// Command-line options of the FMM; add_to() before parsing, get() after.
class FmmOptions {
 public:
  void add_to(CLI::App& parser);
  /// The precisions and --m2l alone.
  void add_method_to(CLI::App& parser);
  /// What a run is refused for: memory and overfull leaves.
  void add_limits_to(CLI::App& parser);
  /// Throws UsageError where resolve() would refuse the values.
  Options get() const;

 private:
  Options options_;
  std::string m2l_ = "auto", balance_by_ = "work", transport_{mpi::transport_name(mpi::kDefaultTransport)};
  bool no_balance_ = false, no_direct_leaves_ = false, no_tune_ = false;
};

}  // namespace octopole::app
