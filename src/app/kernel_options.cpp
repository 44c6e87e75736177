#include "app/kernel_options.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "app/program.hpp"
#include "kernels/any_kernel.hpp"
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
  std::vector<NamedParameter> named;
  for (const std::string_view name : kernel_parameter_names(parameters.kernel))
    named.push_back({name, parameters.kernel_parameters[named.size()]});
  return named_kernel(parameters.kernel, named);
}

std::vector<std::string> names_of_kernels(bool scalar_only) {
  std::vector<std::string> names;
  for (const std::string_view name : kernel_names())
    if (!scalar_only || kernel_type(name)->components == 1) names.emplace_back(name);
  return names;
}

void KernelOptions::add_to(CLI::App& parser, bool scalar_only) {
  const std::vector<std::string> names = names_of_kernels(scalar_only);
  parser
      .add_option("--kernel", name_,
                  fmt::format("{}{}", fmt::join(names, ", "), scalar_only ? "" : " (parameters: --help-all)"))
      ->check(CLI::IsMember(names))
      ->option_text(fmt::format("NAME={}", Laplace::name))
      ->group(kInputGroup);
  const auto add = [&](const std::string& name, const std::string& help, const std::string& group) {
    options_.emplace_back(name, std::make_unique<std::optional<double>>());
    parser.add_option("--" + name, *options_.back().second, help)->group(group);
  };
  add("screening", "lambda of yukawa, in the inverse of the points' unit of length; at least 0",
      std::string(kInputGroup));
  if (scalar_only) return;
  const std::string group = expert_group("kernel");
  add("viscosity", "Dynamic viscosity of stokes", group);
  add("shear-modulus", "Shear modulus of elasticity", group);
  add("poisson", "Poisson's ratio of elasticity, at most 0.5", group);
}

AnyKernel KernelOptions::get() const {
  std::vector<NamedParameter> parameters;
  for (const auto& [name, value] : options_)
    if (*value) parameters.push_back({name, **value});
  try {
    return named_kernel(name_, parameters);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
}

}  // namespace octopole::app
