// The parameters as attributes of results.
#include <gtest/gtest.h>

#include <map>

#include "io/points_file.hpp"
#include "octopole/kernels.hpp"

namespace octopole {
namespace {

using Values = std::map<std::string, Attribute::second_type>;

Values attributes(const Options& options) {
  Values values;
  for (const auto& [name, value] : attributes_of(resolve(options, Laplace::name)))
    EXPECT_TRUE(values.emplace(name, value).second) << name << " twice";
  return values;
}

TEST(Attributes, HaveTheirTypes) {
  Options options;
  options.digits = 5;
  options.padding = 1.25;
  const Values values = attributes(options);
  EXPECT_EQ(values.at("digits"), Attribute::second_type(std::int64_t{5}));
  EXPECT_EQ(values.at("balance"), Attribute::second_type(std::int64_t{1}));  // HDF5 has no bool
  EXPECT_EQ(values.at("padding"), Attribute::second_type(1.25));
  EXPECT_EQ(values.at("precision"), Attribute::second_type(std::string("single")));
  EXPECT_EQ(values.count("svd_rank"),
            values.at("m2l") == Attribute::second_type(std::string("svd")) ? 1U : 0U);
}

TEST(Attributes, LeaveOutWhatIsUnset) {
  Options options;
  options.order = 5;
  options.m2l = M2lMethod::svd;
  const Values values = attributes(options);
  EXPECT_EQ(values.count("digits"), 0U);
  EXPECT_EQ(values.at("order"), Attribute::second_type(std::int64_t{5}));
  EXPECT_EQ(values.count("svd_rank"), 1U);
  EXPECT_EQ(values.count("svd_tolerance"), 1U);
}

}  // namespace
}  // namespace octopole
