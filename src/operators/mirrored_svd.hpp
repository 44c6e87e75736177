// Singular value decompositions of matrices that the reflections of the cube leave as they are.
#pragma once

#include "base/aligned.hpp"
#include "linalg/svd.hpp"

namespace octopole {

/// The thin SVD of a kernel matrix between the surfaces of two concentric cubes, of row_order and
/// column_order points an edge (column-major; at least as many rows as columns). The kernel must not change
/// under x -> -x, nor y, nor z: functions even or odd in each axis then fall into eight classes that the
/// matrix does not mix, and each is decomposed by itself, an eighth as large. Threaded.
linalg::Svd mirrored_svd(int row_order, int column_order, const AlignedVector<double>& matrix);

}  // namespace octopole
