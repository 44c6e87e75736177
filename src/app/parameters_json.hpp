// Parameters of an evaluation, as in all reports.
#pragma once

#include <nlohmann/json.hpp>

#include "octopole/options.hpp"

namespace octopole::app {

/// Members common to reports of runs, plans and benchmarks: digits (null if not set), orders, n_crit,
/// padding, precisions and M2L method.
nlohmann::ordered_json parameters_json(const Parameters& parameters);

}  // namespace octopole::app
