// Matrix products by the system's BLAS.
#pragma once

#include <algorithm>
#include <type_traits>

#include "octopole/base/types.hpp"

namespace octopole::linalg {

enum class Transpose : char { no = 'N', yes = 'T' };

/// C = alpha op(A) op(B) + beta C, column-major: op(A) is m x k, op(B) k x n, C m x n; lda, ldb, ldc are the
/// leading dimensions. Throws Error where a size exceeds BLAS's int.
template <class Real>
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, Real alpha, const Real* a, Index lda,
          const Real* b, Index ldb, Real beta, Real* c, Index ldc);

/// Columns of one product in single precision. OpenBLAS's wider kernels (0.3.21, Haswell and Zen) round a
/// column by its place in the product; of 8 columns all are rounded alike, so that results do not depend on
/// which nodes share a batch, and so on which rank they are.
inline constexpr Index kSingleColumns = 8;

/// C = A B for packed column-major matrices: A is m x k, B is k x n.
template <class Real>
void multiply(Index m, Index n, Index k, const Real* a, const Real* b, Real* c) {
  const Index width = std::is_same_v<Real, float> ? kSingleColumns : n;
  for (Index j = 0; j < n; j += width)
    gemm(Transpose::no, Transpose::no, m, std::min(width, n - j), k, Real{1}, a, m, b + j * k, k, Real{0},
         c + j * m, m);
}

/// While one lives, BLAS computes in the calling thread only, so that gemm may be called inside OpenMP
/// regions without a second pool of threads. Made and destroyed outside of them. Acts on OpenBLAS and MKL;
/// other libraries are left as they are.
class SerialBlas {
 public:
  SerialBlas();
  ~SerialBlas();
  SerialBlas(const SerialBlas&) = delete;
  SerialBlas& operator=(const SerialBlas&) = delete;

 private:
  int threads_ = 0;
};

}  // namespace octopole::linalg
