#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

void expect_error(const std::string& part_of_message, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error: " << part_of_message;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part_of_message), std::string::npos) << error.what();
  }
}

TEST(BadInput, IsTheSameErrorOnAllRanks) {
  const Part part = world();
  const bool last = part.rank == part.ranks - 1;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(3, 30));
  expect_error("before set_points", [&] { fmm.evaluate({}); });
  expect_error("no sources", [&] { fmm.set_points(std::vector<double>{}); });
  expect_error("no targets", [&] { fmm.set_points(std::vector<double>{1, 2, 3}, {}); });
  expect_error("not three", [&] { fmm.set_points(std::vector<double>(last ? 4 : 3)); });
  std::vector<double> points(30, 0.5);
  if (last) points[17] = std::numeric_limits<double>::quiet_NaN();
  if (last) points[20] = std::numeric_limits<double>::infinity();
  const std::string where =
      "2 NaN or infinite values, the first at index " + std::to_string(10 * (part.ranks - 1) + 5);
  expect_error(where, [&] { fmm.set_points(points); });
  points[17] = points[20] = 0.25;
  fmm.set_points(points);
  expect_error("9 values for 10 sources", [&] { fmm.evaluate(std::vector<double>(last ? 9 : 10)); });
  std::vector<double> charges(10, 1.0);
  if (last) charges[3] = -std::numeric_limits<double>::infinity();
  expect_error("1 NaN or infinite", [&] { fmm.evaluate(charges); });
  EXPECT_EQ(fmm.evaluate(std::vector<double>(10, 1.0)).potential.size(), 10u);  // still usable
}

TEST(BadInput, OptionsOutOfRange) {
  const auto refuse = [](const std::string& message, auto&& set) {
    Options options;
    set(options);
    expect_error(message, [&] { Fmm(MPI_COMM_WORLD, Laplace{}, options); });
  };
  refuse("digits = 13", [](Options& o) { o.digits = 13; });
  refuse("digits = 1 ", [](Options& o) { o.digits = 1; });
  refuse("use double", [](Options& o) { o.digits = 9, o.precision = Precision::single_precision; });
  refuse("order = 1", [](Options& o) { o.order = 1; });
  refuse("order = 40", [](Options& o) { o.order = 40; });
  refuse("check order = 3", [](Options& o) { o.order = 4, o.check_order = 3; });
  refuse("needs them equal",
         [](Options& o) { o.order = 4, o.downward_check_order = 6, o.m2l = M2lMethod::fft; });
  refuse("ncrit = 0", [](Options& o) { o.ncrit = 0; });
  refuse("maximum level = 21", [](Options& o) { o.max_level = 21; });
  refuse("inner radius", [](Options& o) { o.inner_radius = 0.9; });
  refuse("outer radius", [](Options& o) { o.outer_radius = 5; });
  refuse("outer grading", [](Options& o) { o.outer_grading = 1.6; });
  refuse("no meaning", [](Options& o) { o.svd_rank = 10, o.m2l = M2lMethod::fft; });
  refuse("padding = 2.5", [](Options& o) { o.padding = 2.5; });
  refuse("near field or M2L in double", [](Options& o) {
    o.digits = 4, o.precision = Precision::single_precision, o.near_precision = Precision::double_precision;
  });
  refuse("single precision", [](Options& o) { o.digits = 9, o.m2l_precision = Precision::single_precision; });
  refuse("M2L by SVD works in the precision", [](Options& o) {
    o.order = 5, o.m2l = M2lMethod::svd, o.m2l_precision = Precision::single_precision;
  });
  refuse("M2L by SVD works in the precision", [](Options& o) {  // SVD, selected by its tolerance only
    o.precision = Precision::double_precision, o.m2l_precision = Precision::single_precision;
    o.svd_tolerance = 1e-7;
  });
  refuse("SVD tolerance", [](Options& o) { o.m2l = M2lMethod::svd, o.svd_tolerance = 2; });
}

}  // namespace
}  // namespace octopole
