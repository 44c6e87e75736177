// Tests that do not run, for skips_test.sh.
#include <gtest/gtest.h>

TEST(Sample, Runs) {
  EXPECT_EQ(1 + 1, 2);
}
TEST(Sample, SkipsItself) {
  GTEST_SKIP() << "as it should";
}
TEST(Disabled, DISABLED_Sample) {
  EXPECT_EQ(1 + 1, 2);
}
