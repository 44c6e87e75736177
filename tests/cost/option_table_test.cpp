// What the table of options writes to reports and results: the names are those of docs/file-formats.md.
#include "cost/option_table.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "octopole/kernels.hpp"

namespace octopole {
namespace {

std::vector<std::string> sorted(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  return names;
}
std::vector<std::string> names_of(const Parameters& parameters, Destination destination) {
  std::vector<std::string> names;
  for (const ReportedParameter& parameter : reported_parameters(parameters, destination))
    names.emplace_back(parameter.name);
  return sorted(names);
}
ReportedValue value_of(const Parameters& parameters, Destination destination, std::string_view name) {
  for (const ReportedParameter& parameter : reported_parameters(parameters, destination))
    if (parameter.name == name) return parameter.value;
  ADD_FAILURE() << "no " << name;
  return {};
}
Parameters with_order(M2lMethod m2l) {
  Options options;
  options.order = 4;
  options.m2l = m2l;
  return resolve(options, Laplace::name);
}

const std::vector<std::string> kBench = {"digits",        "order",     "check_order",    "ncrit",
                                         "padding",       "precision", "near_precision", "near_form",
                                         "m2l_precision", "m2l",       "source_kind",    "vectors"};

std::vector<std::string> and_also(std::vector<std::string> names, const std::vector<std::string>& more) {
  names.insert(names.end(), more.begin(), more.end());
  return sorted(names);
}

TEST(OptionTable, NamesInReports) {
  const Parameters p = with_order(M2lMethod::fft);
  EXPECT_EQ(names_of(p, kBenchReport), sorted(kBench));
  EXPECT_EQ(names_of(p, kPlanReport), and_also(kBench, {"gradient"}));
  EXPECT_EQ(names_of(p, kRunReport),
            and_also(kBench, {"gradient", "downward_check_order", "tuned", "max_level", "inner_radius",
                              "outer_radius", "outer_grading", "svd_rank", "svd_tolerance", "balance",
                              "direct_leaves", "transport", "allgather_threshold", "memory_limit",
                              "allow_overfull_leaves"}));
}

TEST(OptionTable, NamesInResults) {
  const std::vector<std::string> common = {
      "digits",    "order",         "check_order",    "downward_check_order", "ncrit",        "padding",
      "max_level", "precision",     "near_precision", "m2l_precision",        "inner_radius", "outer_radius",
      "m2l",       "outer_grading", "balance",        "source_kind",          "vectors"};
  EXPECT_EQ(names_of(with_order(M2lMethod::fft), kResults), sorted(common));
  EXPECT_EQ(names_of(with_order(M2lMethod::svd), kResults), and_also(common, {"svd_rank", "svd_tolerance"}));
}

TEST(OptionTable, Values) {
  Parameters p = with_order(M2lMethod::svd);
  EXPECT_EQ(value_of(p, kRunReport, "digits"), ReportedValue());  // only an order is given
  EXPECT_EQ(value_of(p, kRunReport, "order"), ReportedValue(Index{4}));
  EXPECT_EQ(value_of(p, kRunReport, "m2l"), ReportedValue(std::string_view("svd")));
  EXPECT_EQ(value_of(p, kRunReport, "balance"), ReportedValue(true));
  EXPECT_EQ(value_of(p, kRunReport, "outer_radius"), ReportedValue(2.95));
  EXPECT_EQ(value_of(p, kRunReport, "gradient"), ReportedValue(false));
  EXPECT_EQ(value_of(p, kRunReport, "memory_limit"), ReportedValue());
  p.digits = 5;
  p.options.memory_limit = Index{1} << 40;
  EXPECT_EQ(value_of(p, kRunReport, "digits"), ReportedValue(Index{5}));
  EXPECT_EQ(value_of(p, kRunReport, "memory_limit"), ReportedValue(Index{1} << 40));
}

}  // namespace
}  // namespace octopole
