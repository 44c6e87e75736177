// A run's figures, as a table for people and as JSON for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/cloud_options.hpp"
#include "app/mpi_session.hpp"
#include "octopole/summary.hpp"
#include "octopole/verify.hpp"

namespace octopole::app {

/// All there is to report on a run.
struct RunReport {
  std::string input, output;   // empty where there is none
  std::optional<Cloud> cloud;  // instead of an input
  Machine machine;
  std::string simd;
  std::string rates;     // where the cost model has its rates from
  bool explain = false;  // its table is wanted
  Summary summary;
  std::vector<double> evaluations;  // seconds of each evaluation, the slowest rank's
  double read_seconds = 0, write_seconds = 0;
  std::optional<Verification> verification;
  bool self_check = false;  // by which it was made, not --verify
  double check_seconds = 0;
};

double median(std::vector<double> values);

/// Whether the measured errors are below the digits asked for, relative to the scale (octopole/verify.hpp);
/// empty where nothing was measured or no digits were asked for.
std::optional<bool> digits_reached(const RunReport& report);
/// False where they are not.
bool is_accurate(const RunReport& report);

/// The report as JSON, with stable names; and as text.
nlohmann::ordered_json report_json(const RunReport& report);
std::string to_json(const RunReport& report);

/// The table: points, operators, tree, seconds, communication, memory and error in about 20 lines; `verbose`
/// adds lists, stages, operators, balance and exchanges.
std::string to_table(const RunReport& report, bool verbose);

/// One line each about what deserves attention; empty where all is well.
std::vector<std::string> warnings(const RunReport& report);

}  // namespace octopole::app
