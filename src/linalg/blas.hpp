// Matrix products by the system's BLAS, of any form and size: for set-up.
#pragma once

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::linalg {

enum class Transpose : char { no = 'N', yes = 'T' };

/// C = alpha op(A) op(B) + beta C, column-major: op(A) is m x k, op(B) k x n, C m x n; lda, ldb, ldc are the
/// leading dimensions. Throws Error where a size exceeds BLAS's int.
template <class Real>
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, Real alpha, const Real* a, Index lda,
          const Real* b, Index ldb, Real beta, Real* c, Index ldc);

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
#pragma GCC visibility pop
