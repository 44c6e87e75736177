#include "octopole/linalg/lu.hpp"

#include <algorithm>
#include <cmath>

extern "C" {
void dgetrf_(const int*, const int*, double*, const int*, int*, int*);
void dgetrs_(const char*, const int*, const int*, const double*, const int*, const int*, double*, const int*,
             int*);
}

namespace octopole::linalg {

bool leading_inverse(Index n, Index rows, double* a, double* inverse, std::vector<int>& pivots,
                     AlignedVector<double>& work) {
  const int size = checked_cast<int>(n, "size of a LAPACK matrix"),
            wanted = checked_cast<int>(rows, "rows of an inverse");
  int info = 0;
  pivots.resize(static_cast<std::size_t>(n));
  dgetrf_(&size, &size, a, &size, pivots.data(), &info);
  if (info != 0) return false;
  for (Index i = 0; i < n; ++i)
    if (!std::isfinite(a[i * n + i])) return false;
  // Row i of the inverse is the solution x of A^T x = e_i.
  work.assign(static_cast<std::size_t>(n * rows), 0);
  for (Index i = 0; i < rows; ++i) work[static_cast<std::size_t>(i * n + i)] = 1;
  dgetrs_("T", &size, &wanted, a, &size, pivots.data(), work.data(), &size, &info);
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < rows; ++i) inverse[j * rows + i] = work[static_cast<std::size_t>(i * n + j)];
  return std::all_of(work.begin(), work.end(), [](double x) { return std::isfinite(x); });
}

}  // namespace octopole::linalg
