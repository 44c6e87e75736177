#include "bem/dense.hpp"

#include <algorithm>

#include "bem/panel_potential.hpp"
#include "bem/triangle_rule.hpp"
#include "linalg/lu.hpp"
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

}  // namespace octopole::bem
