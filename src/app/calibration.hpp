// Measurements for the table that maps digits to parameters.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "io/point_distributions.hpp"
#include "mpi/comm.hpp"
#include "octopole/options.hpp"

namespace octopole::app {

/// Positions of targets: at the sources, at other points of the same cloud, or anywhere in the cube around
/// it.
enum class TargetsOf { same, cloud, box };
inline constexpr std::array<std::string_view, 3> kTargetsNames = {"same", "cloud", "box"};  // of TargetsOf

/// What to measure.
struct CalibrationPlan {
  Options method;  // precisions and M2L; orders and ncrit are those below
  Index points = 200000;
  int first_order = 2, last_order = 16;
  std::vector<int> check_extra = {0,
                                  2};  // check order minus order; both checks for svd, the upward one for fft
  std::vector<int> ncrits = {50, 100, 200, 400};
  std::vector<Shape> shapes = {Shape::cube, Shape::sphere, Shape::ellipsoid, Shape::plummer, Shape::clusters};
  std::vector<TargetsOf> targets = {TargetsOf::same, TargetsOf::cloud, TargetsOf::box};
  std::vector<Output> outputs = {Output::potential, Output::potential_and_gradient};
  Index samples = 1000;
  std::uint64_t seed = 1;
};

/// One evaluation.
struct Measurement {
  int order = 0, check_order = 0, ncrit = 0;
  Shape shape = Shape::cube;
  TargetsOf targets = TargetsOf::same;
  Output output = Output::potential;
  double relative_l2 = 0;           // of the potential
  double gradient_relative_l2 = 0;  // where the gradient is computed
  double seconds = 0;               // of the evaluation, slowest rank

  double worst() const { return std::max(relative_l2, gradient_relative_l2); }
};

/// The fastest parameters that reach this number of digits of the output.
struct Recommendation {
  Output output = Output::potential;
  int digits = 0, order = 0, check_order = 0, ncrit = 0;
  double worst_error = 0;  // over shapes, targets and ncrits
  double seconds = 0;      // geometric mean over the shapes and targets at this ncrit
};

/// Runs the plan, calling tell(measurement) on rank 0 after each. Collective; results on all ranks.
std::vector<Measurement> measure(const mpi::Comm& comm, const CalibrationPlan& plan,
                                 const std::function<void(const Measurement&)>& tell);

/// Recommends for every output and number of digits that is reached: the smallest order whose worst error
/// (also of the gradient, if computed) times `safety` is below 10^-digits, the smallest of its check orders
/// that reaches this, and the ncrit that is fastest over the clouds.
std::vector<Recommendation> recommend(const std::vector<Measurement>& measurements, double safety);

}  // namespace octopole::app
