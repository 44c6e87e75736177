// LU factors of small dense matrices, by LAPACK.
#pragma once

#include <vector>

#include "octopole/base/aligned.hpp"
#include "octopole/base/types.hpp"

namespace octopole::linalg {

/// The first `rows` rows of the inverse of the packed column-major n x n matrix `a`, which is overwritten by
/// its factors, into `inverse` (rows x n, column-major): LU with partial pivoting (dgetrf), then transposed
/// solves (dgetrs). Returns false where a pivot is zero or not finite; `inverse` is then undefined. `pivots`
/// and `work` are room that is used again. Single-threaded if BLAS is (SerialBlas).
bool leading_inverse(Index n, Index rows, double* a, double* inverse, std::vector<int>& pivots,
                     AlignedVector<double>& work);

}  // namespace octopole::linalg
