// The products of tiles against plain sums, on every instruction set of this machine.
#include "kernels/tile_product.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
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

/// Expects `products` vectors of `size` numbers, `stride` apart, to be `before` plus the sums that term(v, i,
/// l) has over l < terms, and the numbers between them to be unchanged.
template <class Real, class Term>
void expect_sums(const std::vector<Real>& values, const std::vector<Real>& before, int vectors, Index size,
                 Index stride, Index terms, const Term& term) {
  for (Index k = 0; k < static_cast<Index>(values.size()); ++k) {
    const Index v = k / stride, i = k % stride;
    const auto at = static_cast<std::size_t>(k);
    if (v >= vectors || i >= size) {
      EXPECT_EQ(values[at], before[at]) << "overwritten: vector " << v << ", number " << i;
      continue;
    }
    double sum = static_cast<double>(before[at]), bound = std::abs(sum);
    for (Index l = 0; l < terms; ++l) {
      sum += term(v, i, l);
      bound += std::abs(term(v, i, l));
    }
    EXPECT_NEAR(static_cast<double>(values[at]), sum, 8 * std::numeric_limits<Real>::epsilon() * bound)
        << "vector " << v << ", number " << i;
  }
}

template <class Real>
void agree_with_plain_sums() {
  for (const Index rows : {16, 32, 48, 80, 256})
    for (const Index columns : {1, 2, 3, 7, 8, 9, 15, 16})
      for (const int vectors : {1, 2, 3, 4, 5, 7, 8, 11}) {
        SCOPED_TRACE(::testing::Message() << rows << " x " << columns << ", " << vectors << " vectors");
        const Index of_rows = rows + 3, of_columns = columns + 5;
        const auto a = random_numbers<Real>(rows * columns, 1),
                   in_rows = random_numbers<Real>(of_rows * vectors, 2),
                   in_columns = random_numbers<Real>(of_columns * vectors, 3);
        const auto entry = [&](Index i, Index j) {
          return static_cast<double>(a[static_cast<std::size_t>(j * rows + i)]);
        };
        const auto number = [](const std::vector<Real>& x, Index k) {
          return static_cast<double>(x[static_cast<std::size_t>(k)]);
        };
        const auto before_rows = random_numbers<Real>(of_rows * vectors, 4);
        auto sums = before_rows;
        add_product<Real>(rows, columns, a.data(), vectors, {in_columns.data(), of_columns},
                          {sums.data(), of_rows});
        expect_sums(sums, before_rows, vectors, rows, of_rows, columns, [&](Index v, Index i, Index j) {
          return entry(i, j) * number(in_columns, v * of_columns + j);
        });
        const auto before_columns = random_numbers<Real>(of_columns * vectors, 5);
        sums = before_columns;
        add_transposed_product<Real>(rows, columns, a.data(), vectors, {in_rows.data(), of_rows},
                                     {sums.data(), of_columns});
        expect_sums(sums, before_columns, vectors, columns, of_columns, rows, [&](Index v, Index j, Index i) {
          return entry(i, j) * number(in_rows, v * of_rows + i);
        });
      }
}

class TileProduct : public ::testing::TestWithParam<simd::Isa> {
 protected:
  void SetUp() override { simd::force_isa(GetParam()); }
  void TearDown() override { simd::force_isa(before_); }

 private:
  simd::Isa before_ = simd::active_isa();
};

TEST_P(TileProduct, AgreesWithPlainSums) {
  agree_with_plain_sums<double>();
  agree_with_plain_sums<float>();
}

INSTANTIATE_TEST_SUITE_P(Isas, TileProduct, ::testing::ValuesIn(simd::available_isas()),
                         [](const auto& isa) { return std::string(simd::isa_name(isa.param)); });

}  // namespace
