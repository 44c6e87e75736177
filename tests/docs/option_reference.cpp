// Prints docs/options.md from the table of options.
#include <fmt/core.h>

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "cost/option_table.hpp"

namespace octopole {
namespace {

std::string dashed(std::string_view name) {
  std::string text(name);
  for (char& c : text)
    if (c == '_') c = '-';
  return text;
}

template <class T>
std::string values_of(const OptionInfo& info, const T&) {
  if constexpr (std::is_same_v<T, bool>) {
    return "true, false";
  } else if constexpr (std::is_enum_v<T>) {
    std::string names;
    for (const T choice : Choices<T>::values)
      names += (names.empty() ? "" : ", ") + std::string(Choices<T>::name(choice));
    return names;
  } else {
    return std::isinf(info.most) ? fmt::format("at least {}", info.least)
                                 : fmt::format("{} to {}", info.least, info.most);
  }
}
template <class T>
std::string values_of(const OptionInfo& info, const std::optional<T>&) {
  return values_of(info, T());
}

template <class T>
std::string default_of(const OptionInfo&, const T& value) {
  if constexpr (std::is_enum_v<T>)
    return std::string(Choices<T>::name(value));
  else
    return fmt::format("{}", value);
}
template <class T>
std::string default_of(const OptionInfo& info, const std::optional<T>&) {
  return std::string(info.if_unset);
}

/// The name and the alias, each after `prefix` and before a backquote.
std::string named(const OptionInfo& info, const std::string& prefix) {
  const std::string name = prefix + dashed(info.name) + "`";
  return info.alias.empty() ? name : name + " (earlier " + prefix + dashed(info.alias) + "`)";
}
template <class T>
std::string flag_of(const OptionInfo& info, const T&) {
  if (info.name == "output") return "`--gradient`, `--fields`";
  if (info.name == "digits") return "`-d`, `--digits`";
  return named(info, "`--");
}
std::string flag_of(const OptionInfo& info, const bool& value) {
  return named(info, value ? "`--no-" : "`--");
}

void print() {
  fmt::print(
      "# Options\n\n"
      "Every option of the method, as a member of `octopole::Options`, on the command line of `octopole run` "
      "and\n"
      "in PETSc's options database (`-octopole_<member>`; not `output` and `source_kind`). One number of "
      "digits chooses all "
      "that is\n"
      "not given. `octopole <command> --help-all` shows the other options of a command. This page is "
      "generated\n"
      "from the table in `cost/option_table`.\n");
  const Options defaults;
  std::optional<OptionGroup> group;
  for_each_option([&](const OptionInfo& info, auto member) {
    if (group != info.group) {
      group = info.group;
      std::string title(kOptionGroupNames[static_cast<std::size_t>(info.group)]);
      title[0] = static_cast<char>(std::toupper(title[0]));
      fmt::print("\n## {}\n\n| member | command line | values | default | |\n|---|---|---|---|---|\n", title);
    }
    fmt::print("| `{}` | {} | {} | {} | {} |\n", info.name, flag_of(info, defaults.*member),
               values_of(info, defaults.*member), default_of(info, defaults.*member), info.help);
  });
  fmt::print(
      "\n`Options::throughput` has no row: on the command line it is `--throughput`\n"
      "([machine throughput](throughput.md)). On the command line "
      "`--memory-limit` takes units (`512MiB`,\n"
      "`4GiB`), and `none` instead of 0.\n");
}

}  // namespace
}  // namespace octopole

int main() {
  octopole::print();
}
