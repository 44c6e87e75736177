// The record of a run: one line of JSON for collection by studies, described in docs/cluster.md.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "app/binding.hpp"
#include "app/report.hpp"

namespace octopole::app {

/// --record, and options for what only the user knows.
class RecordOptions {
 public:
  void add_to(CLI::App& parser);
  const std::string& file() const { return file_; }
  bool wanted() const { return !file_.empty(); }

  /// The line, without its newline.
  std::string line(const RunReport& report, const std::optional<Binding>& binding) const;

 private:
  std::string file_, study_, launcher_, kind_ = "measured";
};

}  // namespace octopole::app
