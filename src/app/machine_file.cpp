#include "app/machine_file.hpp"

#include <fmt/core.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/machine_throughput.hpp"
#include "octopole/error.hpp"
#include "reference_machine.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

std::string text_of(const std::string& path) {
  if (path == "reference") return kReferenceMachine;
  std::ifstream file(path);
  if (!file) throw Error("cannot read the machine file '" + path + "'");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

double number(const ordered_json& json, const char* name, double least) {
  const double value = json.at(name).get<double>();
  if (!std::isfinite(value) || value < least)
    throw Error(fmt::format("{} = {} must be a number of at least {}", name, value, least));
  return value;
}

int whole(const ordered_json& json, const char* name) {
  constexpr double kMost = 1e9;
  const double value = number(json, name, 1);
  if (value > kMost || value != std::floor(value))
    throw Error(fmt::format("{} = {} must be a whole number of at most {}", name, value, kMost));
  return static_cast<int>(value);
}

/// The name of the throughput in a file: "rates" in older ones.
const char* throughput_name(const ordered_json& json) {
  return !json.contains("throughput") && json.contains("rates") ? "rates" : "throughput";
}

}  // namespace

MachineModel read_machine(const std::string& path) {
  const std::string text = text_of(path);
  try {
    const ordered_json json = ordered_json::parse(text);
    MachineModel m;
    m.name = json.at("name").get<std::string>();
    m.cores_per_node = whole(json.at("node"), "cores");
    m.nics_per_node = whole(json.at("node"), "nics");
    const ordered_json& network = json.at("network");
    m.latency = number(network, "latency", 0);
    m.overhead = number(network, "overhead", 0);
    m.bandwidth = number(network, "bandwidth", 1);
    m.copy_bandwidth = number(network, "copy_bandwidth", 1);
    m.thread_efficiency = number(json, "thread_efficiency", 0.01);
    m.throughput = throughput_from(json.at(throughput_name(json)));
    const ordered_json& uncertainty = json.at("uncertainty");
    m.throughput_uncertainty = number(uncertainty, throughput_name(uncertainty), 0);
    m.latency_uncertainty = number(uncertainty, "latency", 1);
    m.bandwidth_uncertainty = number(uncertainty, "bandwidth", 1);
    return m;
  } catch (const std::exception& error) {
    throw Error("'" + path + "' is not a machine file: " + error.what(),
                "see docs/planner.md and jobs/study/machines/reference.json");
  }
}

}  // namespace octopole::app
