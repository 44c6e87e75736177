#include "linalg/lu.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

// The Fortran interface of BLAS and LAPACK, which all libraries have.
extern "C" {
void dgetrf_(const int*, const int*, double*, const int*, int*, int*);
void dgetrs_(const char*, const int*, const int*, const double*, const int*, const int*, double*, const int*,
             int*);
void sgetrf_(const int*, const int*, float*, const int*, int*, int*);
void sgecon_(const char*, const int*, const float*, const int*, const float*, float*, float*, int*, int*);
void dtrsm_(const char*, const char*, const char*, const char*, const int*, const int*, const double*,
            const double*, const int*, double*, const int*);
void strsm_(const char*, const char*, const char*, const char*, const int*, const int*, const float*,
            const float*, const int*, float*, const int*);
// Thread control of the libraries that have it.
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] void MKL_Set_Num_Threads(int);
[[gnu::weak]] int MKL_Get_Max_Threads();
}

namespace octopole::linalg {

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

}  // namespace octopole::linalg
