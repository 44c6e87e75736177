#include "bem/two_spheres.hpp"

#include <cmath>

#include "octopole/error.hpp"

namespace octopole::bem {

TwoSphereCapacitance two_sphere_capacitance(double a, double b, double distance) {
  if (!(a > 0 && b > 0 && distance > a + b)) throw Error("two spheres touch, or have no radius");
  // acosh(1 + x) with x = ((d - a - b)(d + a + b)) / (2 a b), without cancellation.
  const double x = (distance - a - b) * (distance + a + b) / (2 * a * b);
  const double u = std::log1p(x + std::sqrt(x * (x + 2)));
  TwoSphereCapacitance sums{0, 0, 0};
  for (int n = 0; n * u < 40; ++n) {  // e^-40: 4e-18
    const double here = std::sinh(n * u), next = std::sinh((n + 1) * u);
    sums.c11 += 1 / (a * here + b * next);
    sums.c22 += 1 / (b * here + a * next);
    sums.c12 += 1 / next;
  }
  const double scale = a * b * std::sinh(u);
  return {scale * sums.c11, -scale / distance * sums.c12, scale * sums.c22};
}

}  // namespace octopole::bem
