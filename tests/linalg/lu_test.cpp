
#include <gtest/gtest.h>

#include <cmath>

#include "linalg/lu.hpp"

#include "linalg/product.hpp"

namespace octopole::linalg {
namespace {

AlignedVector<double> transposed(Index n, const AlignedVector<double>& a) {
  AlignedVector<double> t(a.size());
  for (Index j = 0; j < n; ++j)
    for (Index i = 0; i < n; ++i)
      t[static_cast<std::size_t>(i * n + j)] = a[static_cast<std::size_t>(j * n + i)];
  return t;
}

TEST(Lu, SolvesWithTheMatrixAndItsTranspose) {
  const Index n = 40, columns = 3;
  AlignedVector<double> a(static_cast<std::size_t>(n * n)), x(static_cast<std::size_t>(n * columns)),
      b(x.size()), bt(x.size());
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(1.0 + 1.7 * double(i * i % 977));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(double(i));
  multiply(n, columns, n, a.data(), x.data(), b.data());
  multiply(n, columns, n, transposed(n, a).data(), x.data(), bt.data());
  const Lu lu(n, a);
  lu.solve(b.data(), columns);
  lu.solve_transposed(bt.data(), columns);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(b[i], x[i], 1e-10);
    EXPECT_NEAR(bt[i], x[i], 1e-10);
  }
}

TEST(InverseRows, AreTheFirstOfTheInverse) {
  const Index n = 30, count = 7;
  InverseRows invert;
  AlignedVector<double> a(static_cast<std::size_t>(n * n)), rows,
      product(static_cast<std::size_t>(count * n));
  // Well conditioned; rows of very different sizes; too badly conditioned for single precision.
  for (const double smallest : {1.0, 1e-3, 1e-9}) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(1.0 + 1.7 * double(i * i % 977));
    for (Index j = 0; j < n; ++j) a[static_cast<std::size_t>(j * n + 11)] *= smallest;
    ASSERT_TRUE(invert(n, count, a, rows));
    multiply(count, n, n, rows.data(), a.data(), product.data());
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < count; ++i)
        EXPECT_NEAR(product[static_cast<std::size_t>(j * count + i)], i == j ? 1 : 0, 1e-4);
  }
  EXPECT_FALSE(invert(2, 1, {1, 2, 2, 4}, rows));
  EXPECT_FALSE(invert(2, 2, {0, 0, 0, 0}, rows));
  ASSERT_TRUE(invert(2, 2, {0, 2, 4, 0}, rows));
  EXPECT_EQ(rows, (AlignedVector<double>{0, 0.25, 0.5, 0}));
  EXPECT_TRUE(invert(0, 0, {}, rows));
}

TEST(Lu, RefusesSingularMatricesAndTakesEmptyOnes) {
  EXPECT_THROW(Lu(2, {1, 2, 2, 4}), Error);
  EXPECT_NO_THROW(Lu(0, {}).solve(nullptr, 0));
}

}  // namespace
}  // namespace octopole::linalg
