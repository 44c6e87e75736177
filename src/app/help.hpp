// --help shows what most users need, in groups; --help-all adds the options for experts.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace octopole::app {

inline constexpr char kInputGroup[] = "Input", kAccuracyGroup[] = "Accuracy", kOutputGroup[] = "Output",
                      kReportGroup[] = "Report", kRunGroup[] = "Run";

/// Name of the group of expert options with this title.
inline std::string expert_group(std::string_view title) {
  return "Expert: " + std::string(title);
}

/// Omits groups of expert options unless all are requested.
class GroupedHelp : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode mode) const override {
    all_ = mode == CLI::AppFormatMode::All;
    std::string text = CLI::Formatter::make_help(app, std::move(name), mode);
    for (std::size_t gap = 0; (gap = text.find("\n\n\n", gap)) != std::string::npos;) text.erase(gap, 1);
    return text;
  }
  std::string make_group(std::string group, bool is_positional,
                         std::vector<const CLI::Option*> options) const override {
    if (!all_ && group.starts_with("Expert: ")) return {};
    return CLI::Formatter::make_group(std::move(group), is_positional, std::move(options));
  }

 private:
  mutable bool all_ = false;
};

}  // namespace octopole::app
