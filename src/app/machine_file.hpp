// The file that describes a cluster for `octopole plan`.
#pragma once

#include <string>

#include "planner/predict.hpp"

namespace octopole::app {

/// Reads a machine file, or where `path` is "reference" the built-in copy of jobs/machines/reference.json.
/// Throws Error where the file is missing, is not JSON, or lacks a number or has one that cannot be.
MachineModel read_machine(const std::string& path);

}  // namespace octopole::app
