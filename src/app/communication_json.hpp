// The report's part on communication, as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "fmm/statistics.hpp"

namespace octopole::app {

/// Bytes, messages and peers per exchange: minimum, mean, maximum and worst rank; also values of each rank,
/// for up to kListedRanks ranks.
nlohmann::ordered_json communication_json(const CommunicationSummary& communication);

}  // namespace octopole::app
