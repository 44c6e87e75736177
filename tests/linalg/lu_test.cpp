#include "octopole/linalg/lu.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "octopole/linalg/blas.hpp"

namespace octopole::linalg {
namespace {

TEST(Lu, SolvesWithTheMatrixAndItsTranspose) {
  const Index n = 40, columns = 3;
  AlignedVector<double> a(static_cast<std::size_t>(n * n)), x(static_cast<std::size_t>(n * columns)),
      b(x.size()), bt(x.size());
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = std::sin(1.0 + 1.7 * double(i * i % 977));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(double(i));
  gemm(Transpose::no, Transpose::no, n, columns, n, 1.0, a.data(), n, x.data(), n, 0.0, b.data(), n);
  gemm(Transpose::yes, Transpose::no, n, columns, n, 1.0, a.data(), n, x.data(), n, 0.0, bt.data(), n);
  const Lu lu(n, a);
  lu.solve(b.data(), columns);
  lu.solve_transposed(bt.data(), columns);
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_NEAR(b[i], x[i], 1e-10);
    EXPECT_NEAR(bt[i], x[i], 1e-10);
  }
}

TEST(Lu, RefusesSingularMatricesAndTakesEmptyOnes) {
  EXPECT_THROW(Lu(2, {1, 2, 2, 4}), Error);
  EXPECT_NO_THROW(Lu(0, {}).solve(nullptr, 0));
}

}  // namespace
}  // namespace octopole::linalg
