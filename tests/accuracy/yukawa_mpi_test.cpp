// The Yukawa kernel reaches the digits asked for, whatever its length is to the cloud's.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

// Screening lengths from 100 times the cloud to a thousandth of it; deep trees with W and X lists.
TEST(Yukawa, DigitsAreReached) {
  for (const char* shape : {"cube", "sphere", "plummer"}) {
    Problem problem = make_problem(shape, 2500);
    for (const bool distinct : {false, true}) {
      problem.targets = distinct ? make_points("cube", 700) : std::vector<double>();
      for (const double screening : {0.01, 7.0, 1000.0}) {
        const Field exact = direct(Yukawa{screening}, problem);
        for (const int digits : {3, 6, 9}) {
          if (distinct && digits == 6) continue;
          SCOPED_TRACE(::testing::Message() << shape << ' ' << distinct << ' ' << screening << ' ' << digits);
          Options options;
          options.digits = digits;
          options.ncrit = digits < 6 ? 20 : 60;
          options.output = Output::potential_and_gradient;
          const Field field = run(Yukawa{screening}, problem, options);
          EXPECT_LT(relative_l2(field.potential, exact.potential), std::pow(10.0, -digits));
          EXPECT_LT(relative_l2(field.gradient, exact.gradient), std::pow(10.0, -digits));
        }
      }
    }
  }
}

}  // namespace
}  // namespace octopole
