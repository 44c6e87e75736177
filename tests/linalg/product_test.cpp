#include "linalg/product.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "simd/isa.hpp"

using namespace octopole;

namespace {

template <class Real>
std::vector<Real> random_numbers(Index count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<Real> uniform(-1, 1);
  std::vector<Real> values(static_cast<std::size_t>(count));
  for (Real& value : values) value = uniform(generator);
  return values;
}

/// An entry of the product with a column-major matrix of `m` rows, in long double, and the sum of absolute
/// values that bounds its rounding error.
struct Plain {
  long double value = 0, bound = 0;
};
template <class Real>
Plain plain_product(const std::vector<Real>& a, const std::vector<Real>& b, Index m, Index k, Index i,
                    Index j) {
  Plain sum;
  for (Index l = 0; l < k; ++l) {
    const long double term = static_cast<long double>(a[static_cast<std::size_t>(l * m + i)]) *
                             static_cast<long double>(b[static_cast<std::size_t>(j * k + l)]);
    sum.value += term;
    sum.bound += std::abs(term);
  }
  return sum;
}

class Product : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

/// Heights around one to three vectors and several tiles, widths around tiles, depths around panels.
template <class Real>
void agrees_with_the_plain_sum() {
  constexpr Real untouched = 77;
  for (const Index m : {1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 47, 48, 49, 56, 97, 218})
    for (const Index n : {1, 3, 4, 7, 8, 9, 16, 20, 64})
      for (const Index k : {1, 2, 56, 127, 128, 129, 386}) {
        const auto a = random_numbers<Real>(m * k, 1), b = random_numbers<Real>(k * n, 2);
        std::vector<Real> c(static_cast<std::size_t>(m * n + 16), untouched);
        linalg::multiply(m, n, k, a.data(), b.data(), c.data());
        for (Index j = 0; j < n; ++j)
          for (Index i = 0; i < m; ++i) {
            const Plain sum = plain_product(a, b, m, k, i, j);
            ASSERT_NEAR(static_cast<double>(c[static_cast<std::size_t>(j * m + i)]),
                        static_cast<double>(sum.value),
                        static_cast<double>(sum.bound) * std::numeric_limits<Real>::epsilon() * 20)
                << m << " x " << n << " x " << k << ": row " << i << ", column " << j;
          }
        for (std::size_t i = static_cast<std::size_t>(m * n); i < c.size(); ++i)
          ASSERT_EQ(c[i], untouched) << m << " x " << n << " x " << k << " wrote past the end";
      }
}
TEST_P(Product, AgreesWithThePlainSumInDouble) {
  agrees_with_the_plain_sum<double>();
}
TEST_P(Product, AgreesWithThePlainSumInSingle) {
  agrees_with_the_plain_sum<float>();
}

/// Which nodes share a batch of columns depends on the ranks: results must not.
template <class Real>
void rounds_columns_and_rows_alike() {
  for (const Index m : {56, 152, 218})
    for (const Index k : {56, 218, 386}) {
      const auto row = random_numbers<Real>(k, 1), column = random_numbers<Real>(k, 2);
      std::vector<Real> a, b;
      for (const Real value : row) a.insert(a.end(), static_cast<std::size_t>(m), value);
      for (const Index n : {1, 5, 8, 12, 23, 64}) {
        b.clear();
        for (Index j = 0; j < n; ++j) b.insert(b.end(), column.begin(), column.end());
        std::vector<Real> c(static_cast<std::size_t>(m * n));
        linalg::multiply(m, n, k, a.data(), b.data(), c.data());
        Real alone = 0;
        linalg::multiply(1, 1, k, row.data(), column.data(), &alone);
        for (std::size_t i = 0; i < c.size(); ++i)
          ASSERT_EQ(c[i], alone) << m << " x " << n << " x " << k << ", number " << i;
      }
    }
}
TEST_P(Product, RoundsEveryPlaceAlikeInDouble) {
  rounds_columns_and_rows_alike<double>();
}
TEST_P(Product, RoundsEveryPlaceAlikeInSingle) {
  rounds_columns_and_rows_alike<float>();
}

TEST_P(Product, OfNothingIsZero) {
  std::vector<double> c(12, 5);
  linalg::multiply<double>(4, 3, 0, nullptr, nullptr, c.data());
  EXPECT_EQ(c, std::vector<double>(12, 0));
  linalg::multiply<double>(0, 3, 2, nullptr, c.data(), nullptr);
  linalg::multiply<double>(4, 0, 2, c.data(), nullptr, nullptr);
}

INSTANTIATE_TEST_SUITE_P(Isas, Product, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& instance) { return std::string(simd::isa_name(instance.param)); });

}  // namespace
