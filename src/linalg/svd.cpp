#include "linalg/svd.hpp"

#include <algorithm>
#include <cstddef>
#include <random>
#include <string>
#include <utility>

#include "linalg/product.hpp"

// Eigen on the calling thread, with blocks of fixed size instead of those that fit the processor's caches:
// both would change the order of sums. Its namespace is renamed here because a user's program may contain
// Eigen compiled with other flags, and the linker keeps one version of a function that both have.
#define EIGEN_DONT_PARALLELIZE
#define EIGEN_NO_CPUID
#define Eigen octopole_eigen
#include <Eigen/QR>
#include <Eigen/SVD>
#undef Eigen

namespace octopole::linalg {
namespace {

namespace eigen = octopole_eigen;
using Matrix = eigen::MatrixXd;
using ConstView = eigen::Map<const Matrix>;
using View = eigen::Map<Matrix>;

/// Replaces the columns of a (rows x columns, rows >= columns) by an orthonormal basis of their span.
void orthonormalise(Index rows, Index columns, double* a) {
  const eigen::HouseholderQR<Matrix> qr(ConstView(a, rows, columns));
  View(a, rows, columns) = qr.householderQ() * Matrix::Identity(rows, columns);
}

/// Fills with uniform deviates in -1 .. 1 from a fixed seed.
void fill_random(AlignedVector<double>& values) {
  std::mt19937_64 generator(20040607);
  for (double& value : values) value = (double(generator() >> 11) + 0.5) * 0x1p-52 - 1;
}

AlignedVector<double> transpose(Index rows, Index columns, const double* a) {
  AlignedVector<double> transposed(static_cast<std::size_t>(rows * columns));
  View(transposed.data(), columns, rows) = ConstView(a, rows, columns).transpose();
  return transposed;
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
  const eigen::BDCSVD<Matrix> decomposition(ConstView(a, rows, columns),
                                            eigen::ComputeThinU | eigen::ComputeThinV);
  if (decomposition.info() != eigen::Success)
    throw Error("the singular value decomposition of a matrix of " + std::to_string(rows) + " x " +
                std::to_string(columns) + " did not converge");
  const Index size = std::min(rows, columns);
  Svd svd;
  svd.rows = rows;
  svd.columns = columns;
  svd.u.resize(static_cast<std::size_t>(rows * size));
  svd.s.resize(static_cast<std::size_t>(size));
  svd.vt.resize(static_cast<std::size_t>(size * columns));
  View(svd.u.data(), rows, size) = decomposition.matrixU();
  View(svd.s.data(), size, 1) = decomposition.singularValues();
  View(svd.vt.data(), size, columns) = decomposition.matrixV().transpose();
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
  const AlignedVector<double> at = project ? transpose(rows, columns, a) : AlignedVector<double>();
  while (project && sample <= full / 2) {
    AlignedVector<double> basis(static_cast<std::size_t>(rows * sample)),
        random(static_cast<std::size_t>(columns * sample)),
        product(static_cast<std::size_t>(sample * columns)),
        rebuilt(static_cast<std::size_t>(rows * columns));
    fill_random(random);
    multiply(rows, sample, columns, a, random.data(), basis.data());
    orthonormalise(rows, sample, basis.data());
    // One step of subspace iteration improves the basis if the singular values decay slowly.
    multiply(columns, sample, rows, at.data(), basis.data(), random.data());
    orthonormalise(columns, sample, random.data());
    multiply(rows, sample, columns, a, random.data(), basis.data());
    orthonormalise(rows, sample, basis.data());
    const AlignedVector<double> basis_t = transpose(rows, sample, basis.data());
    multiply(sample, columns, rows, basis_t.data(), a, product.data());
    Svd projected = thin_svd(sample, columns, product.data());
    multiply(rows, columns, sample, basis.data(), product.data(), rebuilt.data());
    const double remainder = (ConstView(a, rows, columns) - View(rebuilt.data(), rows, columns)).norm();
    if (remainder <= enough * projected.s[0] || sample >= cap + 16) {
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
