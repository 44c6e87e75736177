#include "bem/near_rule.hpp"

#include <string>

namespace octopole::bem {
namespace {

/// Largest error of the potential of uniform charge density sigma on a plane, divided by sigma times the
/// panel diameter: at heights from 0 to 4 diameters, for equilateral triangles and halves of squares. Sorted
/// by work. With one point the error falls only as 1 / multiple, so wider near zones do not pay off.
struct Measured {
  int points;
  double multiple, error;
};
constexpr Measured kMeasured[] = {{1, 2.5, 8.5e-3}, {3, 1.5, 1.8e-4}, {3, 2, 1.8e-5}, {6, 1.5, 2.7e-6},
                                  {6, 2, 3.5e-7},   {6, 3, 4.6e-8},   {7, 4, 6.5e-9}, {7, 5, 2.2e-9},
                                  {7, 6, 7.5e-10},  {7, 8, 2.0e-10}};

/// Below this tolerance corrections are stored in double.
constexpr double kSingleTolerance = 1e-7;

}  // namespace

NearRule near_rule(double tolerance, double relative_size) {
  if (!(tolerance >= 1e-12 && tolerance <= 0.1))
    throw Error("the tolerance of the panels' quadrature is " + std::to_string(tolerance),
                "choose one between 1e-12 and 0.1");
  if (!(relative_size > 0)) throw Error("the relative size of panels is not positive");
  for (const Measured& m : kMeasured)
    if (m.error * relative_size <= tolerance) return {m.points, m.multiple, tolerance < kSingleTolerance};
  const Measured& best = kMeasured[std::size(kMeasured) - 1];
  return {best.points, best.multiple, true};
}

}  // namespace octopole::bem
