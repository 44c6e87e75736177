// Vector kernels reach the digits asked for, with all outputs and on all shapes.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "tests/support/vector_problem.hpp"

namespace octopole {
namespace {

using namespace test;

TEST(VectorKernels, ReachTheDigits) {
  for (const int digits : {3, 6, 9, 12})
    for (const AnyKernel& kernel : vector_kernels())
      for (const char* shape : {"cube", "sphere", "ellipsoid", "plummer"}) {
        // Operators of many digits take long.
        const bool stokes = kernel.name() == "stokes", plummer = *shape == 'p';
        if (digits == 9 && !plummer && !stokes) continue;
        if (digits == 12 && !(stokes && plummer && world().ranks == 1)) continue;
        SCOPED_TRACE(std::string(kernel.name()) + ' ' + shape + ' ' + std::to_string(digits));
        VectorProblem problem(shape, 600);
        if (digits == 6) problem.targets = make_points("cube", 400, 9);
        Options options;
        options.digits = digits;
        options.ncrit = digits < 9 ? 20 : 40;
        check(problem, kernel, options, std::pow(10.0, -digits));
      }
}

TEST(VectorKernels, GradientsAndPressuresReachTheDigits) {
  for (const int digits : {3, 6, 9})
    for (const AnyKernel& kernel : vector_kernels())
      for (const Output output : outputs_of(kernel))
        for (const char* shape : {"cube", "sphere", "ellipsoid", "plummer"}) {
          const bool stokes = kernel.name() == "stokes", plummer = *shape == 'p';
          if (output == Output::potential || (digits == 9 && !(plummer && stokes))) continue;
          SCOPED_TRACE(std::string(kernel.name()) + ' ' + shape + ' ' + std::to_string(digits) + ' ' +
                       std::to_string(static_cast<int>(output)));
          VectorProblem problem(shape, 600);
          if (digits == 6) problem.targets = make_points("cube", 400, 9);
          Options options;
          options.digits = digits;
          options.ncrit = digits < 9 ? 20 : 40;
          options.output = output;
          check(problem, kernel, options, std::pow(10.0, -digits));
        }
}

}  // namespace
}  // namespace octopole
