#include "tree/morton.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include <algorithm>
#include <random>

namespace octopole::morton {
namespace {

TEST(SortCodes, SortsStablyForAnyNumberOfThreads) {
  std::mt19937_64 random(3);
  for (std::size_t n : {0u, 1u, 2u, 1000u, 20000u}) {
    AlignedVector<Code> codes(n);
    for (auto& code : codes) code = (random() & (kCodeEnd - 1)) >> (random() % 50);  // with many repetitions
    const int before = omp_get_max_threads();
    for (int threads : {1, 2, 4}) {
      omp_set_num_threads(threads);
      AlignedVector<Code> sorted = codes;
      const auto order = sort_codes(sorted);
      ASSERT_EQ(order.size(), n);
      EXPECT_TRUE(std::is_sorted(sorted.begin(), sorted.end()));
      for (std::size_t i = 0; i < n; ++i) {
        ASSERT_EQ(codes[static_cast<std::size_t>(order[i])], sorted[i]);
        if (i > 0 && sorted[i] == sorted[i - 1]) {
          EXPECT_LT(order[i - 1], order[i]);
        }
      }
    }
    omp_set_num_threads(before);
  }
}

}  // namespace
}  // namespace octopole::morton
