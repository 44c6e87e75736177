// The measurements behind the table that turns digits into parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "octopole/fmm/options.hpp"
#include "octopole/io/clouds.hpp"
#include "octopole/mpi/comm.hpp"

namespace octopole::app {

/// What to measure.
struct CalibrationPlan {
  Options method;  // precisions and M2L; orders and ncrit are those below
  Index points = 200000;
  int first_order = 2, last_order = 16;
  std::vector<int> check_extra = {0,
                                  2};  // check order minus order; both checks for svd, the upward one for fft
  std::vector<int> ncrits = {50, 100, 200, 400};
  std::vector<Shape> shapes = {Shape::cube, Shape::sphere, Shape::ellipsoid, Shape::plummer};
  Index samples = 1000;
  std::uint64_t seed = 1;
};

/// One evaluation.
struct Measurement {
  int order = 0, check_order = 0, ncrit = 0;
  Shape shape = Shape::cube;
  double relative_l2 = 0;  // of the potential
  double seconds = 0;      // evaluate, the slowest rank
};

/// The cheapest parameters that reach so many digits.
struct Recommendation {
  int digits = 0, order = 0, check_order = 0, ncrit = 0;
  double worst_error = 0;  // over shapes and ncrits
  double seconds = 0;      // geometric mean over the shapes at this ncrit
};

/// Runs the plan, calling tell(measurement) on rank 0 for each. Collective; results on all ranks.
std::vector<Measurement> measure(const mpi::Comm& comm, const CalibrationPlan& plan,
                                 const std::function<void(const Measurement&)>& tell);

/// For every number of digits that is reached: the smallest order whose worst error times `safety` is below
/// 10^-digits, of its check orders the smallest that does, and the ncrit that is fastest over the shapes.
std::vector<Recommendation> recommend(const std::vector<Measurement>& measurements, double safety);

}  // namespace octopole::app
