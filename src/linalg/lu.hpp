// Dense linear systems by LU factors, and parts of inverses.
#pragma once

#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"

#pragma GCC visibility push(default)
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

/// Rows of inverses, one matrix after the other in the same memory.
class InverseRows {
 public:
  /// The first `count` rows of A^-1, count x n packed and column-major, of a square matrix `a` (column-major,
  /// n x n). In single precision where an estimate of the condition number allows four digits (LAPACK sgetrf,
  /// sgecon), else in double. About n^3 / 3 + n^2 count / 2 multiplications with an addition each. False
  /// where the matrix is singular; `rows` is then left as it was.
  bool operator()(Index n, Index count, const AlignedVector<double>& a, AlignedVector<double>& rows);

 private:
  template <class Real>
  struct Memory {
    AlignedVector<Real> factors, rows;
  };
  template <class Real>
  static bool compute(Index size, Index count, const AlignedVector<double>& matrix, Memory<Real>& memory,
                      AlignedVector<double>& rows);
  Memory<float> single_;
  Memory<double> double_;
};

}  // namespace octopole::linalg
#pragma GCC visibility pop
