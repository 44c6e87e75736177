// The report's part on communication, as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "fmm/communication.hpp"

namespace octopole::app {

/// Bytes, messages and peers by exchange: minimum, mean, maximum and worst rank; and of each rank where there
/// are few (kListedRanks).
nlohmann::ordered_json communication_json(const CommunicationSummary& communication);

}  // namespace octopole::app
