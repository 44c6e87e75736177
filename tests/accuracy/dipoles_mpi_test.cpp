// Dipoles and derivatives reach the digits asked for, also of tiny clusters far from all targets.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/dipole_problem.hpp"

namespace octopole {
namespace {

using namespace test;

TEST(Dipoles, AnySourceWithAnyOutputReachesTheDigits) {
  for (const int digits : {3, 6, 9, 12})
    for (const SourcesAndOutput& pair : kSourcesAndOutputs) {
      // Operators of 12 digits take long.
      if (digits == 12 && (pair.kind != SourceKind::dipoles || pair.output != Output::potential)) continue;
      SCOPED_TRACE(::testing::Message() << digits << ", kind " << static_cast<int>(pair.kind) << ", output "
                                        << static_cast<int>(pair.output));
      DipoleProblem problem(digits % 2 == 0 ? "cube" : "plummer", 600, pair.kind);
      if (digits == 6) problem.targets = make_points("cube", 400, 9);
      Options options;
      options.digits = digits;
      options.ncrit = digits < 9 ? 25 : 50;
      check(problem, Laplace{}, options, pair.kind, pair.output, std::pow(10.0, -digits));
    }
}

TEST(Dipoles, TinyClustersFarFromAllTargetsReachTheDigits) {
  for (const double side : {1e-3, 1e-6})
    for (const int digits : {3, 5, 7, 9})
      for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{0.5})}) {
        // Operators of levels take long.
        if (kernel.name() != Laplace::name && (digits > 5 || side < 1e-3)) continue;
        SCOPED_TRACE(::testing::Message() << kernel.name() << ", " << digits << " digits, side " << side);
        DipoleProblem problem("cube", 300, SourceKind::dipoles);
        for (double& x : problem.sources) x *= side;
        problem.targets = make_points("cube", 300, 9);
        for (std::size_t i = 0; i < problem.targets.size(); i += 3) problem.targets[i] += 1;
        Options options;
        options.digits = digits;
        options.source_kind = SourceKind::dipoles;
        options.ncrit = 25;
        const Field field = DipoleEvaluation(problem, kernel, options).field(Output::potential),
                    exact = direct(kernel, problem.places(), problem.sources, problem.strengths(),
                                   Output::potential);
        double strength = 0, error = 0, scale = 0;
        for (std::size_t i = 0; i < problem.dipoles.size(); i += 3)
          strength += std::hypot(problem.dipoles[i], problem.dipoles[i + 1], problem.dipoles[i + 2]);
        for (std::size_t i = 0; i < exact.potential.size(); ++i) {
          const double* const x = &problem.targets[3 * i];
          const double r = std::hypot(x[0], x[1], x[2]), k = kernel.decay_rate();
          error += std::pow(field.potential[i] - exact.potential[i], 2);
          scale += std::pow(strength * kernel.constant() * (1 / r + k) / r * std::exp(-k * r), 2);
        }
        EXPECT_LT(std::sqrt(error / scale), std::pow(10.0, -digits));
      }
}

}  // namespace
}  // namespace octopole
