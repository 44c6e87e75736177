#include "octopole/linalg/blas.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

using namespace octopole;

namespace {

// Which nodes share a batch of columns is up to the ranks: it must not show in the results.
TEST(Blas, SingleColumnsAreRoundedAlikeAtEveryPlace) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform(-1, 1);
  const linalg::SerialBlas serial;
  for (const Index m : {56, 152, 218})
    for (const Index k : {56, 218, 386})
      for (const Index n : {8, 16, 48, 64, 512}) {
        std::vector<float> a(static_cast<std::size_t>(m * k)), column(static_cast<std::size_t>(k)), b,
            c(static_cast<std::size_t>(m * n));
        for (float& x : a) x = uniform(generator);
        for (float& x : column) x = uniform(generator);
        for (Index j = 0; j < n; ++j) b.insert(b.end(), column.begin(), column.end());
        linalg::multiply(m, n, k, a.data(), b.data(), c.data());
        for (Index j = 1; j < n; ++j)
          for (Index i = 0; i < m; ++i)
            ASSERT_EQ(c[static_cast<std::size_t>(j * m + i)], c[static_cast<std::size_t>(i)])
                << m << ' ' << k << ' ' << n << ", column " << j;
      }
}

TEST(Blas, ProductsOfAnyNumberOfColumnsAreRight) {
  for (const Index n : {1, 7, 8, 9, 20}) {
    const Index m = 3, k = 2;
    const std::vector<float> a{1, 2, 3, 4, 5, 6};
    std::vector<float> b, c(static_cast<std::size_t>(m * n));
    for (Index i = 0; i < k * n; ++i) b.push_back(static_cast<float>(i));
    linalg::multiply(m, n, k, a.data(), b.data(), c.data());
    for (Index j = 0; j < n; ++j)
      for (Index i = 0; i < m; ++i)
        EXPECT_EQ(c[static_cast<std::size_t>(j * m + i)],
                  static_cast<float>((i + 1) * (2 * j) + (i + 4) * (2 * j + 1)));
  }
}

}  // namespace
