// Failures where GoogleTest reports nothing.
#pragma once

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace octopole::test {

/// Turns skips into failures in CI: all that tests need is there, and nobody reads the log.
class SkipsAreFailures : public testing::EmptyTestEventListener {
 public:
  void OnTestEnd(const testing::TestInfo& info) override {
    if (info.result()->Skipped()) ADD_FAILURE() << "skipped, which is a failure in CI (CI=true)";
  }
};

/// The first pattern of the filter (GoogleTest's syntax, before any '-') that matches no test's name; empty
/// if each matches one.
inline std::string pattern_without_tests(std::string_view filter) {
  const testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  const auto matches = [&](const std::string& pattern) {
    for (int i = 0; i < tests.total_test_suite_count(); ++i) {
      const testing::TestSuite& suite = *tests.GetTestSuite(i);
      for (int j = 0; j < suite.total_test_count(); ++j) {
        const std::string name = std::string(suite.name()) + "." + suite.GetTestInfo(j)->name();
        if (fnmatch(pattern.c_str(), name.c_str(), FNM_NOESCAPE) == 0) return true;
      }
    }
    return false;
  };
  filter = filter.substr(0, filter.find('-'));
  while (!filter.empty()) {
    const std::size_t end = std::min(filter.find(':'), filter.size());
    std::string pattern(filter.substr(0, end));
    if (!pattern.empty() && !matches(pattern)) return pattern;
    filter.remove_prefix(std::min(end + 1, filter.size()));
  }
  return {};
}

/// RUN_ALL_TESTS(), which also fails if a pattern of --gtest_filter matches no test (one was renamed) and, in
/// CI, if a selected test skips itself or is disabled. Call it after all other listeners are appended: gtest
/// calls OnTestEnd in reverse order, and they must see the failure.
inline int run_all_tests() {
  const std::string lost = pattern_without_tests(testing::FLAGS_gtest_filter);
  if (!lost.empty()) {
    std::fprintf(stderr, "no test is named %s, which --gtest_filter asks for\n", lost.c_str());
    return 1;
  }
  const char* ci = std::getenv("CI");
  const bool in_ci = ci != nullptr && std::string_view(ci) == "true";
  testing::UnitTest& tests = *testing::UnitTest::GetInstance();
  if (in_ci) tests.listeners().Append(new SkipsAreFailures);
  const int failed = RUN_ALL_TESTS();
  if (in_ci && tests.reportable_disabled_test_count() > 0 && !testing::FLAGS_gtest_also_run_disabled_tests) {
    std::fprintf(stderr, "%d tests are disabled, which is a failure in CI (CI=true)\n",
                 tests.reportable_disabled_test_count());
    return 1;
  }
  return failed;
}

}  // namespace octopole::test
