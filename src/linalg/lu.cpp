#include "octopole/linalg/lu.hpp"

#include <algorithm>
#include <string>
#include <utility>

extern "C" {
void dgetrf_(const int*, const int*, double*, const int*, int*, int*);
void dgetrs_(const char*, const int*, const int*, const double*, const int*, const int*, double*, const int*,
             int*);
}

namespace octopole::linalg {

Lu::Lu(Index size, AlignedVector<double> a) : size_(size), a_(std::move(a)) {
  const int n = checked_cast<int>(size, "size of a dense matrix"), leading = std::max(n, 1);
  pivots_.resize(static_cast<std::size_t>(size));
  int info = 0;
  dgetrf_(&n, &n, a_.data(), &leading, pivots_.data(), &info);
  if (info > 0)
    throw Error("a dense matrix of size " + std::to_string(n) + " is singular (pivot " +
                std::to_string(info) + ")");
  if (info < 0) throw Error("LAPACK's dgetrf failed with info " + std::to_string(info));
}

void Lu::solve_with(char transpose, double* x, Index columns) const {
  const int n = static_cast<int>(size_), leading = std::max(n, 1),
            right = checked_cast<int>(columns, "columns");
  int info = 0;
  dgetrs_(&transpose, &n, &right, a_.data(), &leading, pivots_.data(), x, &leading, &info);
  if (info != 0) throw Error("LAPACK's dgetrs failed with info " + std::to_string(info));
}

}  // namespace octopole::linalg
