// Command-line options of the kernel.
#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "octopole/kernels.hpp"

namespace octopole::app {

/// The parameters of a kernel.
std::vector<NamedParameter> named_parameters(const AnyKernel& kernel);
/// As members of a report: "kernel" and its parameters by name.
nlohmann::ordered_json kernel_json(const AnyKernel& kernel);
/// As text: name and parameters.
std::string kernel_text(const AnyKernel& kernel);
/// Names that --kernel takes.
std::vector<std::string> names_of_kernels(bool scalar_only = false);
/// The kernel of resolved parameters.
AnyKernel kernel_of(const Parameters& parameters);

/// --kernel and the options of its parameters; add_to() before parsing, get() after.
class KernelOptions {
 public:
  /// `scalar_only`: without vector kernels and their parameters.
  void add_to(CLI::App& parser, bool scalar_only = false);
  /// Throws UsageError for a parameter that the kernel does not have, or one that is missing or out of range.
  AnyKernel get() const;

 private:
  std::string name_ = std::string(Laplace::name);
  /// By name; the values are where the parser writes them.
  std::vector<std::pair<std::string, std::unique_ptr<std::optional<double>>>> options_;
};

}  // namespace octopole::app
