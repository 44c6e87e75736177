#include "tree/count_tree.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole {
namespace {

TEST(Density, AgreesWithCountingCodes) {
  for (const char* shape : {"cube", "sphere", "plummer", "line", "same"}) {
    const auto sources = test::sorted_codes(test::make_points(shape, 2000)),
               targets = test::sorted_codes(test::make_points("cube", 1500, 7));
    constexpr int bound = 20, max_level = 6;
    const auto levels = tree::measure_density(sources, targets, bound, max_level);
    std::vector<tree::NodeKey> above{tree::NodeKey::root()};
    ASSERT_EQ(levels[0].sources[0], 2000);
    ASSERT_EQ(levels[0].targets[0], 1500);
    for (std::size_t depth = 1; depth < levels.size(); ++depth) {
      const auto& level = levels[depth];
      std::vector<tree::NodeKey> keys;  // by brute force, in level order
      for (std::size_t node = 0; node < above.size(); ++node) {
        if (std::max(levels[depth - 1].sources[node], levels[depth - 1].targets[node]) <= bound) continue;
        for (int octant = 0; octant < 8; ++octant) {
          const auto count = tree::count_points(std::vector{above[node].child(octant)}, sources, targets)[0];
          if (count.sources + count.targets == 0) continue;
          ASSERT_LT(keys.size(), level.parent.size());
          EXPECT_EQ(level.sources[keys.size()], count.sources);
          EXPECT_EQ(level.targets[keys.size()], count.targets);
          EXPECT_EQ(level.parent[keys.size()], static_cast<std::int32_t>(node));
          keys.push_back(above[node].child(octant));
        }
      }
      ASSERT_EQ(keys.size(), level.parent.size());
      for (std::size_t node = 0; node < keys.size(); ++node) {
        std::int32_t around = 0;
        const bool divided = level.points(node) > bound;
        ASSERT_EQ(level.row[node] >= 0, divided);
        for (int direction = 0; direction < 27; ++direction) {
          const auto key = keys[node].neighbour(direction);
          const auto found = key ? std::find(keys.begin(), keys.end(), *key) : keys.end();
          const std::int32_t expected =
              found == keys.end() ? -1 : static_cast<std::int32_t>(found - keys.begin());
          if (expected >= 0) around += level.sources[static_cast<std::size_t>(expected)];
          if (divided) {
            ASSERT_EQ(
                level.near[static_cast<std::size_t>(level.row[node])][static_cast<std::size_t>(direction)],
                expected);
          }
        }
        EXPECT_EQ(level.around[node], around);
      }
      above = keys;
    }
    EXPECT_LE(levels.size(), max_level + 1u);
  }
}

}  // namespace
}  // namespace octopole
