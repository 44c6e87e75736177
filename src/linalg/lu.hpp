// LU factorisations of dense matrices, by LAPACK.
#pragma once

#include <vector>

#include "base/aligned.hpp"
#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::linalg {

/// Makes BLAS single-threaded for the lifetime of the object, so that it may be called inside OpenMP
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

/// Factorisation PA = LU of a square matrix with partial pivoting (LAPACK dgetrf), in double.
class Lu {
 public:
  Lu() = default;
  /// Factors `a` (size x size, column-major) in place. Throws Error if it is singular.
  Lu(Index size, AlignedVector<double> a);

  Index size() const { return size_; }
  Index bytes() const {
    return static_cast<Index>(a_.capacity() * sizeof(double) + pivots_.capacity() * sizeof(int));
  }

  /// Overwrites x, `columns` packed columns, by A^-1 x.
  void solve(double* x, Index columns = 1) const { solve_with('N', x, columns); }
  /// Overwrites x by A^-T x.
  void solve_transposed(double* x, Index columns = 1) const { solve_with('T', x, columns); }

 private:
  void solve_with(char transpose, double* x, Index columns) const;
  Index size_ = 0;
  AlignedVector<double> a_;
  std::vector<int> pivots_;
};

/// Computes rows of inverses, one matrix after another in the same memory.
class InverseRows {
 public:
  /// Sets `rows` to the first `count` rows of A^-1, count x n packed and column-major, of a square matrix `a`
  /// (column-major, n x n). Works in single precision if an estimate of the condition number allows four
  /// digits (LAPACK sgetrf, sgecon), else in double. Takes about n^3 / 3 + n^2 count / 2 multiplications with
  /// an addition each. Returns false if the matrix is singular; `rows` is then unchanged.
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
