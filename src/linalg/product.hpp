// Products of matrices, for operators applied to many nodes at once.
#pragma once

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::linalg {

/// C = A B for packed column-major matrices: A is m x k, B is k x n, C, which must not overlap them, m x n.
/// In the calling thread, for Real float and double, by the instruction set that simd::active_isa() says.
///
/// Every number of C is summed in the same order, wherever its row and column lie and whatever else is in the
/// matrices: results do not depend on which nodes share a batch, and so on which rank they are. BLAS
/// libraries do not promise that (OpenBLAS 0.3.21 rounds single precision by a column's place), nor do those
/// of today know tomorrow's machines: docs/performance.md.
template <class Real>
void multiply(Index m, Index n, Index k, const Real* a, const Real* b, Real* c);

}  // namespace octopole::linalg
#pragma GCC visibility pop
