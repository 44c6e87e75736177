
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "linalg/product.hpp"
#include "linalg/svd.hpp"

using namespace octopole;
using namespace octopole::linalg;

namespace {

AlignedVector<double> random_matrix(Index rows, Index columns, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  AlignedVector<double> a(static_cast<std::size_t>(rows * columns));
  for (double& x : a) x = uniform(generator);
  return a;
}

/// A matrix with singular values decay^i exactly, and random singular vectors.
AlignedVector<double> graded_matrix(Index rows, Index columns, double decay) {
  Svd svd = thin_svd(rows, columns, random_matrix(rows, columns, 11).data());
  AlignedVector<double> a(static_cast<std::size_t>(rows * columns));
  for (Index r = 0; r < svd.size(); ++r)
    for (Index i = 0; i < rows; ++i) svd.u[r * rows + i] *= std::pow(decay, double(r));
  multiply(rows, columns, svd.size(), svd.u.data(), svd.vt.data(), a.data());
  return a;
}

double distance(const AlignedVector<double>& a, const AlignedVector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum);
}

AlignedVector<double> rebuild(Svd svd) {
  AlignedVector<double> a(static_cast<std::size_t>(svd.rows * svd.columns));
  for (Index r = 0; r < svd.size(); ++r)
    for (Index i = 0; i < svd.rows; ++i) svd.u[r * svd.rows + i] *= svd.s[r];
  multiply(svd.rows, svd.columns, svd.size(), svd.u.data(), svd.vt.data(), a.data());
  return a;
}

TEST(ThinSvd, RebuildsTallAndWideMatrices) {
  for (const auto& [rows, columns] : {std::pair<Index, Index>{30, 12}, {12, 30}, {20, 20}}) {
    const auto a = random_matrix(rows, columns, 1);
    const Svd svd = thin_svd(rows, columns, a.data());
    EXPECT_EQ(svd.size(), 12 + 8 * (rows == columns));
    EXPECT_TRUE(std::is_sorted(svd.s.rbegin(), svd.s.rend()));
    EXPECT_LT(distance(rebuild(svd), a), 1e-12);
  }
}

TEST(TruncatedSvd, ErrorIsBelowTheTolerance) {
  for (const Index size : {110, 300})
    for (const double tolerance : {1e-3, 1e-8, 1e-12}) {
      const auto a = graded_matrix(size, size - 20, 0.7);
      const Svd svd = truncated_svd(size, size - 20, a.data(), tolerance, 0);
      const Index expected = static_cast<Index>(std::ceil(std::log(tolerance) / std::log(0.7)));
      EXPECT_NEAR(double(svd.size()), double(expected), 1);
      EXPECT_LT(distance(rebuild(svd), a), 2 * tolerance);
    }
}

TEST(TruncatedSvd, GrowsUntilTheToleranceIsMet) {
  // About half of 400 directions matter: more than the first sample.
  const auto a = graded_matrix(400, 400, 0.93);
  const Svd svd = truncated_svd(400, 400, a.data(), 1e-6, 0);
  EXPECT_LT(distance(rebuild(svd), a), 5e-6);
  EXPECT_NEAR(double(svd.size()), std::log(1e-6) / std::log(0.93), 2);
}

TEST(TruncatedSvd, RankIsCapped) {
  const auto a = graded_matrix(300, 300, 0.7);
  const Svd svd = truncated_svd(300, 300, a.data(), 1e-12, 10);
  EXPECT_EQ(svd.size(), 10);
  EXPECT_LT(distance(rebuild(svd), a), 2 * std::pow(0.7, 10));
}

TEST(TruncatedSvd, IsDeterministic) {
  const auto a = graded_matrix(300, 300, 0.7);
  const Svd one = truncated_svd(300, 300, a.data(), 1e-6, 0),
            two = truncated_svd(300, 300, a.data(), 1e-6, 0);
  EXPECT_EQ(one.u, two.u);
  EXPECT_EQ(one.vt, two.vt);
}

TEST(PseudoInverse, SolvesWellPosedLeastSquares) {
  const Index rows = 40, columns = 15;
  const auto a = random_matrix(rows, columns, 2), x = random_matrix(columns, 1, 3);
  AlignedVector<double> b(rows), projected(columns), solution(columns);
  multiply(rows, 1, columns, a.data(), x.data(), b.data());
  const PseudoInverse p = pseudo_inverse(thin_svd(rows, columns, a.data()), 1e-13);
  ASSERT_EQ(p.rank, columns);
  multiply(p.rank, 1, rows, p.first.data(), b.data(), projected.data());
  multiply(columns, 1, p.rank, p.second.data(), projected.data(), solution.data());
  EXPECT_LT(distance(solution, x), 1e-12);
}

TEST(PseudoInverse, OfTheTranspose) {
  const Index rows = 15, columns = 40;  // the transpose is tall
  const auto a = random_matrix(rows, columns, 4), x = random_matrix(rows, 1, 5);
  AlignedVector<double> b(columns), projected(rows), solution(rows);
  multiply(1, columns, rows, x.data(), a.data(), b.data());  // the row x^T A
  const PseudoInverse p = transposed_pseudo_inverse(thin_svd(rows, columns, a.data()), 1e-13);
  ASSERT_EQ(p.rank, rows);
  multiply(p.rank, 1, columns, p.first.data(), b.data(), projected.data());
  multiply(rows, 1, p.rank, p.second.data(), projected.data(), solution.data());
  EXPECT_LT(distance(solution, x), 1e-12);
}

TEST(PseudoInverse, DropsSmallSingularValues) {
  const auto a = graded_matrix(60, 60, 0.5);
  const PseudoInverse p = pseudo_inverse(thin_svd(60, 60, a.data()), 1.5 * std::pow(0.5, 21));
  EXPECT_EQ(p.rank, 21);
  EXPECT_EQ(static_cast<Index>(p.first.size()), 21 * 60);
  // On the retained subspace, A A^+ A = A.
  AlignedVector<double> b(a.begin(), a.begin() + 60), projected(21), x(60), back(60);
  multiply(21, 1, 60, p.first.data(), b.data(), projected.data());
  multiply(60, 1, 21, p.second.data(), projected.data(), x.data());
  multiply(60, 1, 60, a.data(), x.data(), back.data());
  EXPECT_LT(distance(back, b), std::pow(0.5, 20));
}

}  // namespace
