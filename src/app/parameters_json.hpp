// Parameters of an evaluation, as in all reports.
#pragma once

#include <nlohmann/json.hpp>

#include "cost/option_table.hpp"

namespace octopole::app {

/// The parameters that the table of options writes to `destination`; null where unset.
nlohmann::ordered_json parameters_json(const Parameters& parameters, Destination destination);

}  // namespace octopole::app
