// Kernel matrices between surfaces, in double, and their singular value decompositions.
#pragma once

#include <array>
#include <cmath>

#include "base/aligned.hpp"
#include "linalg/svd.hpp"
#include "octopole/kernels.hpp"
#include "operators/surface.hpp"

namespace octopole {

/// Returns f(x - y) without the kernel's constant.
template <Kernel K>
double evaluate(const K& kernel, double dx, double dy, double dz) {
  const double r2 = dx * dx + dy * dy + dz * dz;
  return kernel.potential(r2, r2 > 0 ? 1 / std::sqrt(r2) : 0.0);
}

/// Placement of a surface: its points are scale * point + centre.
struct Placement {
  std::array<double, 3> centre{0, 0, 0};
  double scale = 1;
};

/// Returns K(i, j) = f(rows_i - columns_j), column-major (rows x columns).
template <Kernel K>
AlignedVector<double> kernel_matrix(const K& kernel, const Surface<double>& rows, const Placement& row_place,
                                    const Surface<double>& columns, const Placement& column_place) {
  const Index m = rows.size(), n = columns.size();
  AlignedVector<double> matrix(static_cast<std::size_t>(m * n));
#pragma omp parallel for schedule(static)
  for (Index j = 0; j < n; ++j) {
    const double x = column_place.scale * columns.x[j] + (column_place.centre[0] - row_place.centre[0]);
    const double y = column_place.scale * columns.y[j] + (column_place.centre[1] - row_place.centre[1]);
    const double z = column_place.scale * columns.z[j] + (column_place.centre[2] - row_place.centre[2]);
    for (Index i = 0; i < m; ++i)
      matrix[j * m + i] = evaluate(kernel, row_place.scale * rows.x[i] - x, row_place.scale * rows.y[i] - y,
                                   row_place.scale * rows.z[i] - z);
  }
  return matrix;
}

/// Returns the thin SVD of a kernel matrix between the surfaces of two concentric cubes, of row_order and
/// column_order points per edge (column-major; at least as many rows as columns). The kernel must be even in
/// x, in y and in z: functions even or odd in each axis then form eight classes that the matrix does not mix,
/// and each block is decomposed separately, at an eighth of the size. Threaded.
linalg::Svd mirrored_svd(int row_order, int column_order, const AlignedVector<double>& matrix);

}  // namespace octopole
