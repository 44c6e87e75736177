// Singular value decompositions of dense matrices and what set-up derives from them, by Eigen.
#pragma once

#include "base/aligned.hpp"
#include "base/types.hpp"

namespace octopole::linalg {

// All results have equal bits on every processor with the instruction set of simd::active_isa(), with any
// number of threads: BLAS libraries choose their loops by the processor and do not promise that.

/// Thin SVD A = U diag(s) Vt: U is rows x size, Vt size x columns (both column-major), s is descending.
struct Svd {
  Index rows = 0, columns = 0;
  AlignedVector<double> u, s, vt;
  Index size() const { return static_cast<Index>(s.size()); }
};

/// Thin SVD of a packed column-major matrix of at least one row and one column. Throws Error if it does not
/// converge.
Svd thin_svd(Index rows, Index columns, const double* a);

/// The leading part of the SVD: all singular values above `tolerance` times the largest, at most `max_rank`
/// of them (0: no limit). Large matrices are first projected on the range of A times random vectors, whose
/// number grows until the remainder's Frobenius norm is below a tenth of the tolerance (or 2e-14, the
/// rounding errors) times the largest singular value (Halko, Martinsson, Tropp 2011, section 4.4); the random
/// numbers are always the same.
Svd truncated_svd(Index rows, Index columns, const double* a, double tolerance, Index max_rank);

/// A truncated pseudo-inverse as two factors, A^+ = second * first with first = U^T (rank x rows) and second
/// = V diag(1/s) (columns x rank), column-major. They are applied one after the other: their product in one
/// matrix would lose the digits that small singular values amplify.
struct PseudoInverse {
  Index rank = 0;
  AlignedVector<double> first, second;
};

/// Pseudo-inverse without the singular values that are not above `tolerance` times the largest.
PseudoInverse pseudo_inverse(const Svd& svd, double tolerance);

/// Pseudo-inverse of the transpose of the matrix that `svd` decomposes, truncated likewise.
PseudoInverse transposed_pseudo_inverse(const Svd& svd, double tolerance);

}  // namespace octopole::linalg
