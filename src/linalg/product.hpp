// Matrix products, for operators applied to many nodes at once.
#pragma once

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::linalg {

/// Computes C = A B for packed column-major matrices: A is m x k, B is k x n, C is m x n and must not overlap
/// them. Runs in the calling thread, for Real float and double, with the instruction set of
/// simd::active_isa().
///
/// Every entry of C is summed in the same order, independent of its row and column and of the rest of the
/// matrices: results do not depend on which nodes share a batch, and so not on the rank that has them. BLAS
/// libraries do not promise that (OpenBLAS 0.3.21 rounds single precision by a column's position), and
/// current ones do not know future machines: docs/performance.md.
template <class Real>
void multiply(Index m, Index n, Index k, const Real* a, const Real* b, Real* c);

}  // namespace octopole::linalg
#pragma GCC visibility pop
