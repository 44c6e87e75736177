// Kernel matrices between surfaces, in double, and their singular value decompositions.
#pragma once

#include <array>

#include "base/aligned.hpp"
#include "linalg/svd.hpp"
#include "octopole/kernels.hpp"
#include "operators/surface.hpp"

namespace octopole {

/// Placement of a surface: its points are scale * point + centre.
struct Placement {
  std::array<double, 3> centre{0, 0, 0};
  double scale = 1;
};

/// Returns K(i, j) = f(rows_i - columns_j) without the kernel's constant, column-major (rows x columns).
/// Threaded.
AlignedVector<double> kernel_matrix(const AnyKernel& kernel, const Surface<double>& rows,
                                    const Placement& row_place, const Surface<double>& columns,
                                    const Placement& column_place);

/// Returns the thin SVD of a kernel matrix between the surfaces of two concentric cubes, of row_order and
/// column_order points per edge (column-major; at least as many rows as columns). The kernel must be even in
/// x, in y and in z: functions even or odd in each axis then form eight classes that the matrix does not mix,
/// and each block is decomposed separately, at an eighth of the size. Threaded.
linalg::Svd mirrored_svd(int row_order, int column_order, const AlignedVector<double>& matrix);

}  // namespace octopole
