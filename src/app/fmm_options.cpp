#include "app/fmm_options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "app/help.hpp"
#include "app/program.hpp"
#include "cost/option_table.hpp"
#include "octopole/kernels.hpp"

namespace octopole::app {

std::string_view output_name(Output output) {
  return Choices<Output>::name(output);
}
Output parse_output(std::string_view name) {
  return name == output_name(Output::potential) ? Output::potential : Output::potential_and_gradient;
}

namespace {

/// Parses "none" or a number of bytes with or without a unit ("512MiB"); throws CLI::ValidationError.
Index parse_memory_limit(std::string text) {
  if (text == "none") return kNoMemoryLimit;
  const CLI::AsSizeValue to_bytes(false);  // a KB has 1024 bytes
  if (const std::string problem = to_bytes(text); !problem.empty())
    throw CLI::ValidationError("--memory-limit", problem);
  Index bytes = 0;
  if (!CLI::detail::lexical_cast(text, bytes) || bytes <= 0)
    throw CLI::ValidationError("--memory-limit", "must be none, or more than no bytes");
  return bytes;
}

/// The flag of an option, and that of its alias, as CLI11 takes them: "--new-name,--old-name".
std::string flags_of(const OptionInfo& info, const std::string& prefix = "--") {
  std::string flags = prefix + std::string(info.name);
  if (!info.alias.empty()) flags += "," + prefix + std::string(info.alias);
  std::replace(flags.begin(), flags.end(), '_', '-');
  return flags;
}

std::string range_of(const OptionInfo& info) {
  return std::isinf(info.most) ? fmt::format(" (at least {})", info.least)
                               : fmt::format(" ({} to {})", info.least, info.most);
}

/// Adds one option of the table to a parser.
class OptionAdder {
 public:
  OptionAdder(CLI::App& parser, Options& options) : parser_(parser), options_(options) {}

  void operator()(const OptionInfo& info, bool Options::*member) {
    const bool is_on = options_.*member;  // the flag sets the other value
    const std::string help = is_on ? "Turn off: " + std::string(info.help) : std::string(info.help);
    parser_
        .add_flag_callback(
            flags_of(info, is_on ? "--no-" : "--"), [&value = options_.*member, is_on] { value = !is_on; },
            help)
        ->group(group_of(info));
  }
  void operator()(const OptionInfo& info, std::optional<Index> Options::*member) {
    if (info.name == "memory_limit") {
      parser_
          .add_option_function<std::string>(
              "--memory-limit",
              [&value = options_.*member](const std::string& text) { value = parse_memory_limit(text); },
              "Refuse a run that needs more bytes per rank by estimate (512MiB, 4GiB), or none for any")
          ->default_str(std::string(info.if_unset))
          ->group(group_of(info));
      return;
    }
    add_number(info, options_.*member)->default_str(std::string(info.if_unset));
  }
  void operator()(const OptionInfo& info, std::optional<int> Options::*member) {
    add_number(info, options_.*member)->default_str(std::string(info.if_unset));
  }
  void operator()(const OptionInfo& info, std::optional<double> Options::*member) {
    add_number(info, options_.*member)->default_str(std::string(info.if_unset));
  }
  void operator()(const OptionInfo& info, int Options::*member) {
    add_number(info, options_.*member)->capture_default_str();
  }
  void operator()(const OptionInfo& info, double Options::*member) {
    add_number(info, options_.*member)->capture_default_str();
  }
  template <class Enum>
  void operator()(const OptionInfo& info, std::optional<Enum> Options::*member) {
    add_choice<Enum>(info, options_.*member, {"auto"})->default_str("auto");
  }
  template <class Enum>
  void operator()(const OptionInfo& info, Enum Options::*member) {
    add_choice<Enum>(info, options_.*member, {})
        ->default_str(std::string(Choices<Enum>::name(options_.*member)));
  }

 private:
  static std::string group_of(const OptionInfo& info) {
    const std::string_view name = kOptionGroupNames[static_cast<std::size_t>(info.group)];
    return info.basic ? std::string(kAccuracyGroup) : expert_group(name);
  }
  template <class Number>
  CLI::Option* add_number(const OptionInfo& info, Number& value) {
    const std::string flags = info.name == "digits" ? "-d,--digits" : flags_of(info);
    return parser_.add_option(flags, value, std::string(info.help) + range_of(info))->group(group_of(info));
  }
  template <class Enum, class Value>
  CLI::Option* add_choice(const OptionInfo& info, Value& value, std::vector<std::string> names) {
    for (const Enum choice : Choices<Enum>::values) names.emplace_back(Choices<Enum>::name(choice));
    const auto set = [&value, unset = value](const std::string& text) {
      value = unset;  // "auto"
      for (const Enum choice : Choices<Enum>::values)
        if (text == Choices<Enum>::name(choice)) value = choice;
    };
    return parser_.add_option_function<std::string>(flags_of(info), set, std::string(info.help))
        ->check(CLI::IsMember(names))
        ->group(group_of(info));
  }

  CLI::App& parser_;
  Options& options_;
};

/// Adds the options of the table that `wanted` accepts; each command adds its own output option.
template <class Wanted>
void add_options(CLI::App& parser, Options& options, const Wanted& wanted) {
  for_each_option([&, add = OptionAdder(parser, options)](const OptionInfo& info, auto member) mutable {
    if (info.name != "output" && wanted(info)) add(info, member);
  });
}

constexpr std::array<std::string_view, 8> kMethodOptions = {
    "precision", "near_precision", "near_form",    "m2l_precision",
    "m2l",       "inner_radius",   "outer_radius", "outer_grading"};

}  // namespace

void FmmOptions::add_method_to(CLI::App& parser) {
  add_options(parser, options_, [](const OptionInfo& info) {
    return std::find(kMethodOptions.begin(), kMethodOptions.end(), info.name) != kMethodOptions.end();
  });
}

void FmmOptions::add_to(CLI::App& parser) {
  add_options(parser, options_, [](const OptionInfo& info) { return info.group != OptionGroup::limits; });
}

void FmmOptions::add_limits_to(CLI::App& parser) {
  add_options(parser, options_, [](const OptionInfo& info) { return info.group == OptionGroup::limits; });
}

Options FmmOptions::get() const {
  try {
    resolve(options_, Laplace::name);
  } catch (const Error& error) {
    throw UsageError(error.what());
  }
  return options_;
}

}  // namespace octopole::app
