#include "app/kernel_options.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "octopole/error.hpp"

namespace octopole::app {

std::vector<NamedParameter> named_parameters(const AnyKernel& kernel) {
  std::vector<NamedParameter> result;
  for (const std::string_view name : kernel.parameter_names())
    result.push_back({name, kernel.parameters()[result.size()]});
  return result;
}

nlohmann::ordered_json kernel_json(const AnyKernel& kernel) {
  nlohmann::ordered_json json = {{"kernel", kernel.name()}};
  for (const auto& [name, value] : named_parameters(kernel)) json[std::string(name)] = value;
  return json;
}

std::string kernel_text(const AnyKernel& kernel) {
  std::string text(kernel.name());
  for (const auto& [name, value] : named_parameters(kernel)) text += fmt::format(", {} {:g}", name, value);
  return text;
}

AnyKernel kernel_of(const Parameters& parameters) {
  const OperatorKey& key = parameters.operators;
  std::vector<NamedParameter> named;
  for (const std::string_view name : kernel_parameter_names(key.kernel))
    named.push_back({name, key.kernel_parameters[named.size()]});
  return named_kernel(key.kernel, named);
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
