// main() of the serial tests.
#include "tests/support/run_all_tests.hpp"

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  return octopole::test::run_all_tests();
}
