// Dense linear systems by LU factors.
#pragma once

#include <vector>

#include "octopole/base/aligned.hpp"
#include "octopole/base/types.hpp"

namespace octopole::linalg {

/// PA = LU of a square matrix with partial pivoting (LAPACK dgetrf), in double.
class Lu {
 public:
  Lu() = default;
  /// `a` is size x size, column-major; it is factored in place. Throws Error where it is singular.
  Lu(Index size, AlignedVector<double> a);

  Index size() const { return size_; }
  Index bytes() const {
    return static_cast<Index>(a_.capacity() * sizeof(double) + pivots_.capacity() * sizeof(int));
  }

  /// x = A^-1 x for `columns` packed columns.
  void solve(double* x, Index columns = 1) const { solve_with('N', x, columns); }
  /// x = A^-T x.
  void solve_transposed(double* x, Index columns = 1) const { solve_with('T', x, columns); }

 private:
  void solve_with(char transpose, double* x, Index columns) const;
  Index size_ = 0;
  AlignedVector<double> a_;
  std::vector<int> pivots_;
};

}  // namespace octopole::linalg
