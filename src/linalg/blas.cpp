#include "linalg/blas.hpp"

#include <algorithm>
#include <type_traits>

// BLAS's Fortran interface, which all libraries have.
extern "C" {
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*,
            const int*, const double*, const int*, const double*, double*, const int*);
void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*,
            const int*, const float*, const int*, const float*, float*, const int*);
// Thread control of the libraries that have it.
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] void MKL_Set_Num_Threads(int);
[[gnu::weak]] int MKL_Get_Max_Threads();
}

namespace octopole::linalg {

template <class Real>
void gemm(Transpose ta, Transpose tb, Index m, Index n, Index k, Real alpha, const Real* a, Index lda,
          const Real* b, Index ldb, Real beta, Real* c, Index ldc) {
  if (m == 0 || n == 0) return;
  const auto to_int = [](Index value, const char* what) { return checked_cast<int>(value, what); };
  const int rows = to_int(m, "rows of a matrix"), columns = to_int(n, "columns of a matrix"),
            inner = to_int(k, "inner size of a matrix product"),
            la = to_int(std::max<Index>(lda, 1), "leading dimension"),
            lb = to_int(std::max<Index>(ldb, 1), "leading dimension"),
            lc = to_int(std::max<Index>(ldc, 1), "leading dimension");
  const char op_a = static_cast<char>(ta), op_b = static_cast<char>(tb);
  if constexpr (std::is_same_v<Real, double>)
    dgemm_(&op_a, &op_b, &rows, &columns, &inner, &alpha, a, &la, b, &lb, &beta, c, &lc);
  else
    sgemm_(&op_a, &op_b, &rows, &columns, &inner, &alpha, a, &la, b, &lb, &beta, c, &lc);
}
template void gemm(Transpose, Transpose, Index, Index, Index, double, const double*, Index, const double*,
                   Index, double, double*, Index);
template void gemm(Transpose, Transpose, Index, Index, Index, float, const float*, Index, const float*, Index,
                   float, float*, Index);

SerialBlas::SerialBlas() {
  if (openblas_set_num_threads != nullptr && openblas_get_num_threads != nullptr) {
    threads_ = openblas_get_num_threads();
    if (threads_ != 1) openblas_set_num_threads(1);
  } else if (MKL_Set_Num_Threads != nullptr && MKL_Get_Max_Threads != nullptr) {
    threads_ = MKL_Get_Max_Threads();
    if (threads_ != 1) MKL_Set_Num_Threads(1);
  }
}

SerialBlas::~SerialBlas() {
  if (threads_ <= 1) return;
  if (openblas_set_num_threads != nullptr)
    openblas_set_num_threads(threads_);
  else if (MKL_Set_Num_Threads != nullptr)
    MKL_Set_Num_Threads(threads_);
}

}  // namespace octopole::linalg
