// The measurements of octopole bench.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "app/mpi_session.hpp"
#include "io/point_distributions.hpp"
#include "octopole/fmm.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"

namespace octopole::app {

/// Cases to measure: every cloud with every number of points, digits and output.
struct BenchPlan {
  Options method;  // its digits are replaced by those below
  std::vector<Shape> shapes = {Shape::cube, Shape::sphere, Shape::ellipsoid};
  std::vector<Index> points = {1000000};
  std::vector<int> digits = {3, 6, 9, 12};
  std::vector<Output> outputs = {Output::potential, Output::potential_and_gradient};
  int repeats = 5;
  Index samples = 1000;
  std::uint64_t seed = 1;
  Rates rates;  // measured in this process, as peak rates
};

/// Result of one case. Seconds are medians over the repeats, of the slowest rank.
struct BenchResult {
  Shape shape = Shape::cube;
  Index points = 0;
  int digits = 0;
  Output output = Output::potential;
  Summary summary;  // of the last evaluation
  double operators_seconds = 0, setup_seconds = 0, evaluate_seconds = 0;
  std::array<double, kSetupStages> stage_seconds{};
  std::array<double, kPhases> phase_seconds{};
  std::array<double, kPhases> gflops{};    // 1e9 flops per second, all ranks and threads
  std::array<double, kPhases> fraction{};  // of the peak given by the rates
  double pairs_per_point = 0;              // evaluate_seconds x direct-sum rate / points
  double relative_l2 = 0;
  double gradient_relative_l2 = 0;  // if the gradient is computed
  double worst() const { return std::max(relative_l2, gradient_relative_l2); }
  Index peak_bytes = 0;  // sum over ranks, since the start of the case where the system reports it
};

/// Pairs per second of the direct sum's loop in double precision, all ranks and threads together.
double direct_sum_rate(const mpi::Comm& comm, const Rates& rates);

/// Measures all cases and calls tell(result) on rank 0 after each. Collective.
std::vector<BenchResult> measure(const mpi::Comm& comm, const BenchPlan& plan,
                                 const std::function<void(const BenchResult&)>& tell);

}  // namespace octopole::app
