// The measurements of octopole bench.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "app/mpi_session.hpp"
#include "io/clouds.hpp"
#include "octopole/fmm.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"

namespace octopole::app {

/// What to measure: every cloud with every number of points, digits and output.
struct BenchPlan {
  Options method;  // digits are those below
  std::vector<Shape> shapes = {Shape::cube, Shape::sphere, Shape::ellipsoid};
  std::vector<Index> points = {1000000};
  std::vector<int> digits = {3, 6, 9, 12};
  std::vector<Output> outputs = {Output::potential, Output::potential_and_gradient};
  int repeats = 5;
  Index samples = 1000;
  std::uint64_t seed = 1;
  Rates rates;  // measured in this process: the peaks
};

/// One case. Seconds are medians of the repeats, of the slowest rank.
struct BenchResult {
  Shape shape = Shape::cube;
  Index points = 0;
  int digits = 0;
  Output output = Output::potential;
  Summary summary;  // of the last evaluation
  double operators_seconds = 0, setup_seconds = 0, evaluate_seconds = 0;
  std::array<double, kSetupStages> stage_seconds{};
  std::array<double, kPhases> phase_seconds{};
  std::array<double, kPhases> gflops{};    // a second, all ranks and threads
  std::array<double, kPhases> fraction{};  // of what the rates allow
  double pairs_per_point = 0;              // evaluate_seconds x direct-sum rate / points
  double relative_l2 = 0;
  double gradient_relative_l2 = 0;  // with the gradient
  double worst() const { return std::max(relative_l2, gradient_relative_l2); }
  Index peak_bytes = 0;  // of all ranks, since the case began where the system can tell
};

/// Pairs a second of the direct sum's loop in double, all ranks and threads at once.
double direct_sum_rate(const mpi::Comm& comm, const Rates& rates);

/// Tells every result on rank 0 as soon as it is there. Collective.
std::vector<BenchResult> measure(const mpi::Comm& comm, const BenchPlan& plan,
                                 const std::function<void(const BenchResult&)>& tell);

}  // namespace octopole::app
