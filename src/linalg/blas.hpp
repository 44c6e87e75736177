// Matrix products of any form and size by the system's BLAS, for set-up.
#pragma once

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::linalg {

enum class Transpose : char { no = 'N', yes = 'T' };

/// Computes C = alpha op(A) op(B) + beta C, column-major: op(A) is m x k, op(B) k x n, C m x n; lda, ldb, ldc
/// are the leading dimensions. Throws Error if a size exceeds BLAS's int.
template <class Real>
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, Real alpha, const Real* a, Index lda,
          const Real* b, Index ldb, Real beta, Real* c, Index ldc);

/// Makes BLAS single-threaded for the lifetime of the object, so that gemm may be called inside OpenMP
/// regions without a second pool of threads. Must be created and destroyed outside of them. Affects OpenBLAS
/// and MKL; other libraries are left as they are.
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
