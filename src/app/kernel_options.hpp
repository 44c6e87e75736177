// Command-line options of the kernel.
#pragma once

#include <CLI/CLI.hpp>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "octopole/kernels.hpp"

namespace octopole::app {

/// The parameters of a kernel.
std::vector<NamedParameter> named_parameters(const AnyKernel& kernel);
/// As members of a report: "kernel" and its parameters by name.
nlohmann::ordered_json kernel_json(const AnyKernel& kernel);
/// As text: name and parameters.
std::string kernel_text(const AnyKernel& kernel);
/// The kernel of resolved parameters.
AnyKernel kernel_of(const Parameters& parameters);

/// --kernel and the options of its parameters; add_to() before parsing, get() after.
class KernelOptions {
 public:
  void add_to(CLI::App& parser);
  /// Throws UsageError for a parameter that the kernel does not have, or one that is missing or out of range.
  AnyKernel get() const;

 private:
  std::string name_ = std::string(Laplace::name);
  std::optional<double> screening_;
};

}  // namespace octopole::app
