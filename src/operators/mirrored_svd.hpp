// Singular value decompositions of matrices that are invariant under the reflections of the cube.
#pragma once

#include "base/aligned.hpp"
#include "linalg/svd.hpp"

namespace octopole {

/// Returns the thin SVD of a kernel matrix between the surfaces of two concentric cubes, of row_order and
/// column_order points per edge (column-major; at least as many rows as columns). The kernel must be even in
/// x, in y and in z: functions even or odd in each axis then form eight classes that the matrix does not mix,
/// and each block is decomposed separately, at an eighth of the size. Threaded.
linalg::Svd mirrored_svd(int row_order, int column_order, const AlignedVector<double>& matrix);

}  // namespace octopole
