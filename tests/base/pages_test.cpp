#include "base/pages.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <limits>
#include <new>
#include <utility>
#include <vector>

namespace octopole {
namespace {

TEST(Pages, AreZeroAndMove) {
  constexpr std::size_t bytes = 100'000;
  Pages pages(bytes);
  char* const data = static_cast<char*>(pages.data());
  for (std::size_t i = 0; i < bytes; ++i) ASSERT_EQ(data[i], 0);
  data[bytes - 1] = 7;
  Pages moved = std::move(pages);
  EXPECT_EQ(moved.data(), data);
  EXPECT_EQ(data[bytes - 1], 7);
  std::vector<Pages> several;
  several.push_back(std::move(moved));
  several.emplace_back(bytes);
  EXPECT_EQ(several[0].data(), data);
  several[0] = std::move(several[1]);
  EXPECT_NE(several[0].data(), data);
}

TEST(Pages, ThrowsIfThereAreNone) {
  EXPECT_THROW(Pages(std::numeric_limits<std::size_t>::max() / 4), std::bad_alloc);
}

}  // namespace
}  // namespace octopole
