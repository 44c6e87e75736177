// What an evaluation is made with, as every report tells it.
#pragma once

#include <nlohmann/json.hpp>

#include "octopole/options.hpp"

namespace octopole::app {

/// The names that reports of runs, of plans and of benchmarks have in common: digits (null where none were
/// asked for), orders, n_crit, padding, precisions and the method of M2L.
nlohmann::ordered_json parameters_json(const Parameters& parameters);

}  // namespace octopole::app
