// Results of a run, as a table for people and as JSON for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/hosts.hpp"
#include "app/options.hpp"
#include "cost/option_table.hpp"
#include "octopole/summary.hpp"
#include "octopole/verify.hpp"

namespace octopole::app {

/// All data reported on a run.
struct RunReport {
  std::string input, output;                      // empty if there is none
  std::optional<PointDistribution> distribution;  // instead of an input
  Machine machine;
  std::string simd;
  std::string throughput;  // origin of the cost model's throughput
  bool explain = false;    // print the cost model's table
  Summary summary;
  std::vector<double> evaluations;  // seconds of each evaluation, slowest rank
  double read_seconds = 0, write_seconds = 0;
  std::optional<Verification> verification;
  bool self_check = false;  // verified by the self-check, not by --verify
  double check_seconds = 0;
};

double median(std::vector<double> values);

/// Whether the measured errors are below the requested digits, relative to the scale (octopole/verify.hpp);
/// empty if nothing was measured or no digits were requested.
std::optional<bool> digits_reached(const RunReport& report);
/// False if digits_reached() is false.
bool is_accurate(const RunReport& report);

/// The text or the number; null if empty.
nlohmann::ordered_json null_if_empty(const std::string& text);
nlohmann::ordered_json null_if_empty(std::optional<double> value);
/// The parameters that the table of options writes to `destination`; null where unset.
nlohmann::ordered_json parameters_json(const Parameters& parameters, Destination destination);
/// The report as JSON, with stable names; and as text.
nlohmann::ordered_json report_json(const RunReport& report);
std::string to_json(const RunReport& report);

/// The table: points, operators, tree, seconds, communication, memory and error in about 20 lines; `verbose`
/// adds lists, stages, operators, balance and exchanges.
std::string to_table(const RunReport& report, bool verbose);

/// Warnings, one line each; empty if there are none.
std::vector<std::string> warnings(const RunReport& report);

}  // namespace octopole::app
