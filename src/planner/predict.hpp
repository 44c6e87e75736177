// Seconds from counts: a LogGP model of an evaluation (docs/planner.md).
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "octopole/options.hpp"
#include "planner/plan.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// A cluster as the model sees it.
struct MachineModel {
  std::string name;
  int cores_per_node = 1;
  int nics_per_node = 1;
  double latency = 0;            // seconds: L
  double overhead = 0;           // seconds of a processor for each message, at either end: o
  double bandwidth = 1;          // bytes a second of a network interface: 1 / G
  double copy_bandwidth = 1;     // bytes a second and thread, to pack and unpack
  double thread_efficiency = 1;  // of a rank's threads together, against rates with all threads busy
  Rates rates;
  double rate_uncertainty = 0;       // relative
  double latency_uncertainty = 1;    // factor
  double bandwidth_uncertainty = 1;  // factor
};

/// The steps of an evaluation, each of which ends where ranks wait for others.
enum class Step : int { charges, upward, near_field, downward, results };
inline constexpr std::size_t kSteps = 5;
inline constexpr std::array<std::string_view, kSteps> kStepNames = {"charges", "upward", "near_field",
                                                                    "downward", "results"};

struct Prediction {
  std::array<double, kSteps> steps{};  // of the slowest rank each
  double total = 0;                    // their sum
  double low = 0, high = 0;            // with the machine's uncertainties in favour, and against
  std::array<double, kPhases> phases_max{}, phases_mean{};  // computing alone, a rank's threads together
  std::array<double, kExchanges> exchanges_max{};           // by itself, nothing hidden
  double compute_max = 0, compute_mean = 0;
};

/// Of the ranks that the plan looked at.
Prediction predict(const Plan& plan, const MachineModel& machine);

}  // namespace octopole
#pragma GCC visibility pop
