// Memory, work and communication of a run on many ranks, counted by one process with the functions of the
// set-up (the trees of virtual ranks, one after another), and the time predicted from them.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cost/memory.hpp"
#include "cost/operation_counts.hpp"
#include "fmm/statistics.hpp"
#include "octopole/options.hpp"
#include "tree/count_tree.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Which points the callers pass: those that they own, so that charges and results are not sent; or any, so
/// that every rank's block of N / P points is a random part of all.
enum class Callers { owners, scattered };
std::string_view callers_name(Callers callers);  // "owners", "scattered"

/// The codes of all points in the callers' order, rank after rank, and where each rank's begin (ranks + 1).
struct ListedPoints {
  std::span<const morton::Code> codes;
  std::vector<Index> bounds;
};

struct ForecastRequest {
  const tree::PointCounts& points;
  Parameters parameters;  // with the n_crit of the tree
  int ranks = 1;
  int threads = 1;
  Callers callers = Callers::owners;
  std::optional<ListedPoints> sources =
      std::nullopt;  // instead of `callers`; with both if targets are distinct
  std::optional<ListedPoints> targets = std::nullopt;
  int sample = 0;  // maximum number of ranks to examine; 0: all
};

/// One rank of the plan.
struct RankForecast {
  int rank = 0;
  Index sources = 0, targets = 0;  // owned
  Index leaves = 0;                // of its part, complete
  Index nodes = 0;                 // of its locally essential tree
  Index ghost_nodes = 0;           // of these, outside its part
  Index ghost_sources = 0;
  OperationCounts operations;
  double near_inside = 0;  // P2P pairs that do not wait for ghosts
  RankTraffic traffic;     // of the evaluation; of the set-up, only requests and ghost coordinates
  /// Shared ancestors' children by level; each level is a step that waits for the previous one.
  std::vector<std::pair<int, TrafficCounts>> ancestor_steps;
  RankMemory memory;
  /// Estimate of the maximum memory of the rank, as made by set_points before it requests ghosts; callers
  /// that are not the owners have equal shares of the points.
  MemoryEstimate estimate;
};

struct Forecast {
  Parameters parameters;
  tree::Count points;
  bool targets_are_sources = true;
  int ranks = 1, threads = 1;
  bool moved = false;                  // the partition is by work
  ReplicatedBytes replicated;          // on every rank
  std::vector<RankForecast> examined;  // ascending ranks; all, unless a sample was requested
  bool complete() const { return static_cast<int>(examined.size()) == ranks; }
};

/// Plans the run. If all ranks are examined, every number equals that of a real run with the same points,
/// parameters (including the throughput, on which balance by work depends) and threads. A sample has ranks
/// that own nodes of the coarsest level (at most half of the sample) and others at equal distances. With
/// balance by work it is partitioned in groups of four consecutive ranks with equal numbers of points. What a
/// rank sends follows from its own lists, because U and V are symmetric and X is the transpose of W; this
/// requires sources = targets. Where L2L ends in shared nodes is decided by the ranks of the sample. Threaded
/// over ranks. Throws Error for a sample with distinct targets.
Forecast make_forecast(const ForecastRequest& request);

/// The ranks in a sample of `size`, ascending.
std::vector<int> sample_ranks(const tree::Partition& partition, int size);

// ---- the time, predicted from the counts.

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
