#include "linalg/svd.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "linalg/blas.hpp"
#include "linalg/product.hpp"

extern "C" {
void dgesdd_(const char*, const int*, const int*, double*, const int*, double*, double*, const int*, double*,
             const int*, double*, const int*, int*, int*);
void dgeqrf_(const int*, const int*, double*, const int*, double*, double*, const int*, int*);
void dorgqr_(const int*, const int*, const int*, double*, const int*, const double*, double*, const int*,
             int*);
}

namespace octopole::linalg {
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
