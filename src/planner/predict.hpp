// Seconds from counts: a LogGP model of an evaluation (docs/planner.md).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "octopole/options.hpp"
#include "planner/forecast.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Parameters of a cluster in the model.
struct MachineModel {
  std::string name;
  int cores_per_node = 1;
  int nics_per_node = 1;
  double latency = 0;            // seconds: L
  double overhead = 0;           // seconds of the processor per message, at each end: o
  double bandwidth = 1;          // bytes per second of a network interface: 1 / G
  double copy_bandwidth = 1;     // bytes per second and thread, to pack and unpack
  double thread_efficiency = 1;  // of all threads of a rank, relative to the throughput with all threads busy
  Throughput throughput;
  double throughput_uncertainty = 0;  // relative
  double latency_uncertainty = 1;     // factor
  double bandwidth_uncertainty = 1;   // factor
};

/// The steps of an evaluation; at the end of each, ranks wait for others.
enum class Step : int { charges, upward, near_field, downward, results };
inline constexpr std::size_t kSteps = 5;
inline constexpr std::array<std::string_view, kSteps> kStepNames = {"charges", "upward", "near_field",
                                                                    "downward", "results"};

struct Prediction {
  std::array<double, kSteps> steps{};  // of the slowest rank in each step
  double total = 0;                    // their sum
  double low = 0, high = 0;            // total with favourable and with unfavourable uncertainties
  std::array<double, kPhases> phases_max{}, phases_mean{};  // computation only, all threads of a rank
  std::array<double, kExchanges> exchanges_max{};           // each exchange alone, nothing hidden
  double compute_max = 0, compute_mean = 0;
};

/// Predicts the seconds of an evaluation from the ranks examined by the plan.
Prediction predict(const Forecast& forecast, const MachineModel& machine);

}  // namespace octopole
#pragma GCC visibility pop
