// Dense matrices by BLAS and LAPACK, for set-up: products of any form, LU factorisations, singular values.
#pragma once

#include <vector>

#include "base/aligned.hpp"
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

/// Thin SVD A = U diag(s) Vt: U is rows x size, Vt size x columns (both column-major), s is descending.
struct Svd {
  Index rows = 0, columns = 0;
  AlignedVector<double> u, s, vt;
  Index size() const { return static_cast<Index>(s.size()); }
};

/// Thin SVD of a packed column-major matrix (LAPACK dgesdd). Throws Error if it does not converge.
Svd thin_svd(Index rows, Index columns, const double* a);

/// The leading part of the SVD: all singular values above `tolerance` times the largest, at most `max_rank`
/// of them (0: no limit). Large matrices are first projected on the range of A times random vectors, whose
/// number grows until the remainder's Frobenius norm is below a tenth of the tolerance (or 2e-14, the
/// rounding errors) times the largest singular value (Halko, Martinsson, Tropp 2011, section 4.4); the random
/// numbers are always the same.
Svd truncated_svd(Index rows, Index columns, const double* a, double tolerance, Index max_rank);

/// A truncated pseudo-inverse as two factors, A^+ = second * first with first = U^T (rank x rows) and second
/// = V diag(1/s) (columns x rank), column-major. They are applied one after the other: their product in one
/// matrix would lose the digits that small singular values amplify.
struct PseudoInverse {
  Index rank = 0;
  AlignedVector<double> first, second;
};

/// Pseudo-inverse without the singular values that are not above `tolerance` times the largest.
PseudoInverse pseudo_inverse(const Svd& svd, double tolerance);

/// Pseudo-inverse of the transpose of the matrix that `svd` decomposes, truncated likewise.
PseudoInverse transposed_pseudo_inverse(const Svd& svd, double tolerance);

}  // namespace octopole::linalg
#pragma GCC visibility pop
