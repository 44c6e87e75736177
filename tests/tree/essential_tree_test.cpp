#include "tree/essential_tree.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::tree {
namespace {

TEST(EssentialTree, LinksAreConsistent) {
  for (const auto& shape : test::kDistributions) {
    const auto s = test::make_serial_tree(test::make_points(shape, 3000), 40);
    const EssentialTree& t = s.tree;
    EXPECT_TRUE(std::is_sorted(t.keys.begin(), t.keys.end()));
    Index in_leaves = 0;
    for (NodeIndex node = 0; node < t.size(); ++node) {
      const auto i = static_cast<std::size_t>(node);
      EXPECT_EQ(t.find(t.keys[i]), node);
      EXPECT_GE(node, t.level_begin[static_cast<std::size_t>(t.keys[i].level())]);
      EXPECT_LT(node, t.level_begin[static_cast<std::size_t>(t.keys[i].level()) + 1]);
      if (t.leaf[i]) in_leaves += t.source_end[i] - t.source_begin[i];
      for (std::size_t octant = 0; octant < 8; ++octant) {
        const NodeIndex child = t.children[8 * i + octant];
        if (child == kNoNode) continue;
        EXPECT_EQ(t.parent[static_cast<std::size_t>(child)], node);
        EXPECT_EQ(t.keys[static_cast<std::size_t>(child)], t.keys[i].child(static_cast<int>(octant)));
      }
    }
    EXPECT_EQ(in_leaves, 3000);
  }
}

}  // namespace
}  // namespace octopole::tree
