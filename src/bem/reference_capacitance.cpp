#include "bem/reference_capacitance.hpp"

#include <algorithm>
#include <cmath>

#include "bem/panel_integrals.hpp"
#include "linalg/dense.hpp"
#include "octopole/kernels.hpp"

namespace octopole::bem {

AlignedVector<double> dense_matrix(const Surface& surface) {
  const Index n = surface.size();
  AlignedVector<double> corners(static_cast<std::size_t>(9 * n)), centres(static_cast<std::size_t>(3 * n)),
      matrix(static_cast<std::size_t>(n * n));
  for (Index i = 0; i < n; ++i) {
    for (int c = 0; c < 3; ++c) std::copy_n(surface.corner(i, c).data(), 3, corners.data() + 9 * i + 3 * c);
    std::copy_n(panel_centroid(corners.data() + 9 * i).data(), 3, centres.data() + 3 * i);
  }
#pragma omp parallel for schedule(static)
  for (Index j = 0; j < n; ++j) {
    const double* panel = corners.data() + 9 * j;
    const double scale = Laplace::constant / panel_area(panel);
    for (Index i = 0; i < n; ++i)
      matrix[static_cast<std::size_t>(i + j * n)] = scale * triangle_integral(panel, centres.data() + 3 * i);
  }
  return matrix;
}

DenseCapacitance dense_capacitance(const Surface& surface) {
  const std::size_t n = surface.triangles.size(), conductors = surface.conductors.size();
  DenseCapacitance result;
  result.charges.assign(n * conductors, 0);
  for (std::size_t i = 0; i < n; ++i)
    result.charges[static_cast<std::size_t>(surface.conductor[i]) * n + i] = 1;
  const linalg::Lu factors(surface.size(), dense_matrix(surface));
  factors.solve(result.charges.data(), static_cast<Index>(conductors));
  result.matrix.assign(conductors * conductors, 0);
  for (std::size_t k = 0; k < conductors; ++k)
    for (std::size_t i = 0; i < n; ++i)
      result.matrix[static_cast<std::size_t>(surface.conductor[i]) * conductors + k] +=
          result.charges[k * n + i] * Laplace::constant;
  return result;
}

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
