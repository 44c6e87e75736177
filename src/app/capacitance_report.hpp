// Report of octopole capacitance.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bem/solve/capacitance.hpp"

namespace octopole::app {

struct CapacitanceReport {
  std::vector<std::string> meshes, conductors;
  std::string repairs;           // empty if none were requested
  double unit = 1;               // metres
  std::optional<double> length;  // in the mesh's unit
  Index panels = 0;
  int ranks = 1, threads = 1;
  double read_seconds = 0, seconds = 0;
  bem::Capacitance result;

  /// C_mk in farads.
  double farads(std::size_t m, std::size_t k) const;
};

std::string to_json(const CapacitanceReport& report);
std::string to_table(const CapacitanceReport& report);
/// One line per solve that did not converge: residual, iterations, advice.
std::vector<std::string> failures(const CapacitanceReport& report);

}  // namespace octopole::app
