#include "app/kernel_options.hpp"

#include <fmt/format.h>

#include "app/program.hpp"
#include "octopole/error.hpp"

namespace octopole::app {

std::vector<NamedParameter> kernel_parameters(const OperatorKey& key) {
  std::vector<NamedParameter> result;
  for (const std::string_view name : kernel_parameter_names(key.kernel))
    result.push_back({name, key.kernel_parameters[result.size()]});
  return result;
}

void KernelOptions::add_to(CLI::App& parser) {
  const std::vector<std::string_view> names = kernel_names();
  parser.add_option("--kernel", name_, "laplace, 1/(4 pi r), or yukawa, exp(-lambda r)/(4 pi r)")
      ->check(CLI::IsMember(std::vector<std::string>(names.begin(), names.end())))
      ->option_text(fmt::format("NAME={}", Laplace::name))
      ->group(kInputGroup);
  parser
      .add_option("--screening", screening_,
                  "lambda of yukawa, in the inverse of the points' unit of length; at least 0")
      ->group(kInputGroup);
}

AnyKernel KernelOptions::get() const {
  std::vector<NamedParameter> parameters;
  if (screening_) parameters.push_back({"screening", *screening_});
  try {
    return named_kernel(name_, parameters);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

}  // namespace octopole::app
