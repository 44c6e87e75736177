#include "linalg/dense.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "linalg/product.hpp"

// The Fortran interface of BLAS and LAPACK, which all libraries have.
extern "C" {
void dgemm_(const char*, const char*, const int*, const int*, const int*, const double*, const double*,
            const int*, const double*, const int*, const double*, double*, const int*);
void sgemm_(const char*, const char*, const int*, const int*, const int*, const float*, const float*,
            const int*, const float*, const int*, const float*, float*, const int*);
void dgetrf_(const int*, const int*, double*, const int*, int*, int*);
void dgetrs_(const char*, const int*, const int*, const double*, const int*, const int*, double*, const int*,
             int*);
void sgetrf_(const int*, const int*, float*, const int*, int*, int*);
void sgecon_(const char*, const int*, const float*, const int*, const float*, float*, float*, int*, int*);
void dtrsm_(const char*, const char*, const char*, const char*, const int*, const int*, const double*,
            const double*, const int*, double*, const int*);
void strsm_(const char*, const char*, const char*, const char*, const int*, const int*, const float*,
            const float*, const int*, float*, const int*);
void dgesdd_(const char*, const int*, const int*, double*, const int*, double*, double*, const int*, double*,
             const int*, double*, const int*, int*, int*);
void dgeqrf_(const int*, const int*, double*, const int*, double*, double*, const int*, int*);
void dorgqr_(const int*, const int*, const int*, double*, const int*, const double*, double*, const int*,
             int*);
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

// ---- LU factorisations.

namespace {

/// Largest condition number of factors in single precision: errors are about 1e-4.
constexpr float kSingleCondition = 1e-4F / std::numeric_limits<float>::epsilon();

/// X = X T^-1, with T a triangle of a matrix.
template <class Real>
void divide_by(char triangle, char diagonal, int rows, int n, const Real* t, int leading, Real* x) {
  const char right = 'R', plain = 'N';
  const Real one = 1;
  if constexpr (std::is_same_v<Real, double>)
    dtrsm_(&right, &triangle, &plain, &diagonal, &rows, &n, &one, t, &leading, x, &rows);
  else
    strsm_(&right, &triangle, &plain, &diagonal, &rows, &n, &one, t, &leading, x, &rows);
}

template <class Real>
int factor(int n, Real* a, int* pivots) {
  int info = 0;
  if constexpr (std::is_same_v<Real, double>)
    dgetrf_(&n, &n, a, &n, pivots, &info);
  else
    sgetrf_(&n, &n, a, &n, pivots, &info);
  return info;
}

/// Whether a matrix with these LU factors and this 1-norm is conditioned well enough for single precision.
bool well_conditioned(int n, const float* factors, float norm) {
  std::vector<float> work(4 * static_cast<std::size_t>(n));
  std::vector<int> signs(static_cast<std::size_t>(n));
  const char one_norm = '1';
  float reciprocal = 0;
  int info = 0;
  sgecon_(&one_norm, &n, factors, &n, &norm, &reciprocal, work.data(), signs.data(), &info);
  return info == 0 && reciprocal * kSingleCondition >= 1;
}

template <class Real>
Real one_norm(Index n, const AlignedVector<Real>& a) {
  Real largest = 0;
  for (Index j = 0; j < n; ++j) {
    Real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (Index i = 0; i < n; ++i) sum += std::abs(a[static_cast<std::size_t>(j * n + i)]);
    largest = std::max(largest, sum);
  }
  return largest;
}

}  // namespace

// Unknowns are eliminated in reverse order, so that the wanted rows are the last ones, X of X A = (0 1): then
// most of X U^-1 is zero.
template <class Real>
bool InverseRows::compute(Index size, Index count, const AlignedVector<double>& matrix, Memory<Real>& memory,
                          AlignedVector<double>& rows) {
  const int n = checked_cast<int>(size, "size of a dense matrix"), wanted = static_cast<int>(count);
  AlignedVector<Real>&a = memory.factors, &x = memory.rows;
  a.resize(static_cast<std::size_t>(size * size));
  const double* const end = matrix.data() + a.size();
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<Real>(*(end - 1 - i));
  std::vector<int> pivots(static_cast<std::size_t>(n));
  const Real norm = one_norm(size, a);  // a is factored in place
  if (factor(n, a.data(), pivots.data()) != 0) return false;
  if constexpr (std::is_same_v<Real, float>)
    if (!well_conditioned(n, a.data(), norm)) return false;

  x.assign(static_cast<std::size_t>(size * count), 0);
  const Index before = size - count;
  Real* const last = x.data() + before * count;
  for (Index i = 0; i < count; ++i) last[i * count + i] = 1;
  divide_by('U', 'N', wanted, wanted, a.data() + before * size + before, n, last);
  divide_by('L', 'U', wanted, n, a.data(), n, x.data());
  for (Index k = size - 1; k >= 0; --k)
    if (const Index other = pivots[static_cast<std::size_t>(k)] - 1; other != k)
      std::swap_ranges(x.begin() + k * count, x.begin() + (k + 1) * count, x.begin() + other * count);
  if (!std::all_of(x.begin(), x.end(), [](Real value) { return std::isfinite(value); })) return false;
  rows.resize(x.size());
  std::copy(x.rbegin(), x.rend(), rows.begin());
  return true;
}

bool InverseRows::operator()(Index n, Index count, const AlignedVector<double>& a,
                             AlignedVector<double>& rows) {
  if (n == 0 || count == 0) {
    rows.clear();
    return true;
  }
  return compute(n, count, a, single_, rows) || compute(n, count, a, double_, rows);
}

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

// ---- singular value decompositions.

namespace {

void check_info(int info, const char* routine) {
  if (info != 0)
    throw Error(std::string("LAPACK's ") + routine + " failed with info " + std::to_string(info));
}

int to_int(Index value) {
  return checked_cast<int>(value, "size of a LAPACK matrix");
}

/// Replaces the columns of a (rows x columns, rows >= columns) by an orthonormal basis of their span.
void orthonormalise(Index rows, Index columns, double* a) {
  const int m = to_int(rows), n = to_int(columns), query = -1;
  int info = 0;
  std::vector<double> tau(static_cast<std::size_t>(columns));
  double size_qr = 0, size_q = 0;
  dgeqrf_(&m, &n, a, &m, tau.data(), &size_qr, &query, &info);
  dorgqr_(&m, &n, &n, a, &m, tau.data(), &size_q, &query, &info);
  std::vector<double> work(static_cast<std::size_t>(std::max(size_qr, size_q)) + 1);
  const int length = to_int(static_cast<Index>(work.size()));
  dgeqrf_(&m, &n, a, &m, tau.data(), work.data(), &length, &info);
  check_info(info, "dgeqrf");
  dorgqr_(&m, &n, &n, a, &m, tau.data(), work.data(), &length, &info);
  check_info(info, "dorgqr");
}

/// Fills with normal deviates by Box and Muller from a fixed seed: equal in every standard library.
void fill_random(AlignedVector<double>& values) {
  std::mt19937_64 generator(20040607);
  const auto uniform = [&generator] { return (double(generator() >> 11) + 0.5) * 0x1p-53; };
  for (double& value : values)
    value = std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform());
}

double frobenius_norm(const AlignedVector<double>& a) {
  double sum = 0;
  for (const double x : a) sum += x * x;
  return std::sqrt(sum);
}

Index count_above(const AlignedVector<double>& s, double tolerance) {
  Index rank = 0;
  while (rank < static_cast<Index>(s.size()) && s[rank] > tolerance * s[0]) ++rank;
  return rank;
}

/// Keeps the first `rank` singular triplets.
void truncate(Svd& svd, Index rank) {
  if (rank == svd.size()) return;
  AlignedVector<double> vt(static_cast<std::size_t>(rank * svd.columns));
  for (Index j = 0; j < svd.columns; ++j)
    std::copy_n(svd.vt.data() + j * svd.size(), rank, vt.data() + j * rank);
  svd.vt = std::move(vt);
  svd.u.resize(static_cast<std::size_t>(svd.rows * rank));
  svd.s.resize(static_cast<std::size_t>(rank));
}

}  // namespace

Svd thin_svd(Index rows, Index columns, const double* a) {
  const Index size = std::min(rows, columns);
  Svd svd;
  svd.rows = rows;
  svd.columns = columns;
  svd.u.resize(static_cast<std::size_t>(rows * size));
  svd.s.resize(static_cast<std::size_t>(size));
  svd.vt.resize(static_cast<std::size_t>(size * columns));
  AlignedVector<double> copy(a, a + rows * columns);
  const int m = to_int(rows), n = to_int(columns), k = to_int(size), query = -1;
  int info = 0;
  std::vector<int> integers(static_cast<std::size_t>(8 * size));
  double work_size = 0;
  dgesdd_("S", &m, &n, copy.data(), &m, svd.s.data(), svd.u.data(), &m, svd.vt.data(), &k, &work_size, &query,
          integers.data(), &info);
  std::vector<double> work(static_cast<std::size_t>(work_size) + 1);
  const int length = to_int(static_cast<Index>(work.size()));
  dgesdd_("S", &m, &n, copy.data(), &m, svd.s.data(), svd.u.data(), &m, svd.vt.data(), &k, work.data(),
          &length, integers.data(), &info);
  check_info(info, "dgesdd");
  return svd;
}

Svd truncated_svd(Index rows, Index columns, const double* a, double tolerance, Index max_rank) {
  const Index full = std::min(rows, columns);
  const Index cap = max_rank > 0 ? std::min(max_rank, full) : full;
  constexpr Index kSmall = 128;
  Index sample = std::min(cap + 16, std::max<Index>(48, full / 8));
  // Rounding errors of the projection are about 1e-15 of the largest singular value, in each direction.
  constexpr double kRounding = 2e-14;
  const bool project = full > kSmall && (tolerance > kRounding || cap + 16 <= full / 2);
  const double enough = std::max(0.1 * tolerance, kRounding);
  while (project && sample <= full / 2) {
    AlignedVector<double> basis(static_cast<std::size_t>(rows * sample)),
        random(static_cast<std::size_t>(columns * sample)),
        product(static_cast<std::size_t>(sample * columns));
    fill_random(random);
    multiply(rows, sample, columns, a, random.data(), basis.data());
    orthonormalise(rows, sample, basis.data());
    // One step of subspace iteration improves the basis if the singular values decay slowly.
    gemm(Transpose::yes, Transpose::no, columns, sample, rows, 1.0, a, rows, basis.data(), rows, 0.0,
         random.data(), columns);
    orthonormalise(columns, sample, random.data());
    multiply(rows, sample, columns, a, random.data(), basis.data());
    orthonormalise(rows, sample, basis.data());
    gemm(Transpose::yes, Transpose::no, sample, columns, rows, 1.0, basis.data(), rows, a, rows, 0.0,
         product.data(), sample);
    Svd projected = thin_svd(sample, columns, product.data());
    AlignedVector<double> residual(a, a + rows * columns);
    gemm(Transpose::no, Transpose::no, rows, columns, sample, -1.0, basis.data(), rows, product.data(),
         sample, 1.0, residual.data(), rows);
    if (frobenius_norm(residual) <= enough * projected.s[0] || sample >= cap + 16) {
      Svd svd;
      svd.rows = rows;
      svd.columns = columns;
      svd.s = std::move(projected.s);
      svd.vt = std::move(projected.vt);
      svd.u.resize(static_cast<std::size_t>(rows * sample));
      multiply(rows, sample, sample, basis.data(), projected.u.data(), svd.u.data());
      truncate(svd, std::min(cap, count_above(svd.s, tolerance)));
      return svd;
    }
    sample = std::min(sample + sample / 2, std::max(cap + 16, sample + 1));
  }
  Svd svd = thin_svd(rows, columns, a);
  truncate(svd, std::min(cap, count_above(svd.s, tolerance)));
  return svd;
}

PseudoInverse pseudo_inverse(const Svd& svd, double tolerance) {
  PseudoInverse p;
  p.rank = count_above(svd.s, tolerance);
  p.first.resize(static_cast<std::size_t>(p.rank * svd.rows));
  p.second.resize(static_cast<std::size_t>(svd.columns * p.rank));
  for (Index r = 0; r < p.rank; ++r) {
    for (Index i = 0; i < svd.rows; ++i) p.first[i * p.rank + r] = svd.u[r * svd.rows + i];
    for (Index j = 0; j < svd.columns; ++j)
      p.second[r * svd.columns + j] = svd.vt[j * svd.size() + r] / svd.s[r];
  }
  return p;
}

PseudoInverse transposed_pseudo_inverse(const Svd& svd, double tolerance) {
  PseudoInverse p;
  p.rank = count_above(svd.s, tolerance);
  p.first.resize(static_cast<std::size_t>(p.rank * svd.columns));
  p.second.resize(static_cast<std::size_t>(svd.rows * p.rank));
  for (Index r = 0; r < p.rank; ++r) {
    for (Index j = 0; j < svd.columns; ++j) p.first[j * p.rank + r] = svd.vt[j * svd.size() + r];
    for (Index i = 0; i < svd.rows; ++i) p.second[r * svd.rows + i] = svd.u[r * svd.rows + i] / svd.s[r];
  }
  return p;
}

}  // namespace octopole::linalg
