// Matrix products by the system's BLAS.
#pragma once

#include "octopole/base/types.hpp"

namespace octopole::linalg {

enum class Transpose : char { no = 'N', yes = 'T' };

/// C = alpha op(A) op(B) + beta C, column-major: op(A) is m x k, op(B) k x n, C m x n; lda, ldb, ldc are the
/// leading dimensions. Throws Error where a size exceeds BLAS's int.
template <class Real>
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, Real alpha, const Real* a, Index lda,
          const Real* b, Index ldb, Real beta, Real* c, Index ldc);

/// C = A B for packed column-major matrices: A is m x k, B is k x n.
template <class Real>
void multiply(Index m, Index n, Index k, const Real* a, const Real* b, Real* c) {
  gemm(Transpose::no, Transpose::no, m, n, k, Real{1}, a, m, b, k, Real{0}, c, m);
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
