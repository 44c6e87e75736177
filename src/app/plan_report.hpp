// Report of `octopole plan`: a table for people, JSON for programs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "io/point_distributions.hpp"
#include "planner/forecast.hpp"

namespace octopole::app {

struct ForecastReport {
  Forecast forecast;
  MachineModel machine;
  Prediction prediction;
  std::string points_note;  // where the points come from
  std::string callers;      // how the callers hold them
};

/// Maximum and mean of a figure over the examined ranks, and the lowest rank with the maximum.
struct Worst {
  double max = 0, mean = 0;
  int rank = 0;
};
template <class Metric>
Worst worst_of(const Forecast& forecast, Metric&& metric) {
  Worst worst;
  for (const RankForecast& rank : forecast.examined) {
    const double value = static_cast<double>(metric(rank));
    worst.mean += value / static_cast<double>(forecast.examined.size());
    if (&rank == &forecast.examined.front() || value > worst.max) worst.max = value, worst.rank = rank.rank;
  }
  return worst;
}

std::string to_table(const ForecastReport& report);
/// JSON of one plan, or of a scaling curve; `curve` is "weak" or "strong", else empty.
std::string to_json(const std::vector<ForecastReport>& reports, const std::string& curve);
/// Record of kind `planned`, one line; see docs/cluster.md.
std::string to_record(const ForecastReport& report, const std::optional<Shape>& shape,
                      const std::string& study);
/// Table of a scaling curve, with efficiency relative to the first report.
std::string curve_table(const std::vector<ForecastReport>& reports, bool weak);

/// Efficiency relative to the first report, at the nominal numbers and at both ends of the band.
struct Efficiency {
  double nominal = 1, low = 1, high = 1;
};
Efficiency efficiency(const ForecastReport& first, const ForecastReport& report, bool weak);

}  // namespace octopole::app
