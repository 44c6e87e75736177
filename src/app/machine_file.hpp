// The file that describes a cluster for `octopole plan`.
#pragma once

#include <string>

#include "planner/forecast.hpp"

namespace octopole::app {

/// Reads a machine file; if `path` is "reference", the built-in copy of jobs/study/machines/reference.json.
/// Throws Error if the file is missing, is not JSON, or has a missing or impossible number.
MachineModel read_machine(const std::string& path);

}  // namespace octopole::app
