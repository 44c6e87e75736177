#include "octopole/kernels.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "kernels/pair_loop.hpp"
#include "kernels/pair_loop_isa.hpp"
#include "simd/isa.hpp"

namespace octopole {
namespace {

TEST(AnyKernel, HasTheConstantsOfItsKernel) {
  const AnyKernel kernel = Laplace{};
  EXPECT_EQ(kernel.name(), Laplace::name);
  EXPECT_EQ(kernel.homogeneity(), Laplace::homogeneity);
  EXPECT_EQ(kernel.constant(), Laplace::constant);
}

TEST(AnyKernel, EvaluatesItsKernel) {
  const AnyKernel kernel = Laplace{};
  const RadialFactors pair = kernel.at(4, 0.5);
  EXPECT_EQ(pair.potential, 0.5);
  EXPECT_EQ(pair.gradient_factor, -0.125);
  const std::array<double, 3> dx{3, 0, 0}, dy{0, 0, -1}, dz{4, 0, 0};
  std::array<double, 3> values{7, 7, 7};
  kernel.potentials(3, dx.data(), dy.data(), dz.data(), values.data());
  EXPECT_EQ(values, (std::array<double, 3>{0.2, 0, 1}));  // coincident points contribute nothing
}

TEST(AnyKernel, CopiesAreIndependentOfTheOriginal) {
  AnyKernel copy = Laplace{};
  {
    const AnyKernel original = Laplace{};
    copy = original;
  }
  EXPECT_EQ(copy.at(1, 1).potential, 1);
}

// The loops are those of the instruction set in use, and sum the kernel.
TEST(AnyKernel, LoopsFollowTheInstructionSet) {
  const AnyKernel kernel = Laplace{};
  const simd::Isa usual = simd::active_isa();
  const PairLoops* before = nullptr;
  for (const simd::Isa isa : simd::available_isas()) {
    simd::force_isa(isa);
    const PairLoops& loops = kernel.pair_loops();
    EXPECT_NE(&loops, before) << simd::isa_name(isa);
    before = &loops;
    const double x = 0, y = 0, z = 0, far = 2, charge = 3;
    double potential = 1;
    double* const results[] = {&potential};
    loops.in_double.loops[0](kernel.state(), {&x, &y, &z, 1}, {&far, &y, &z, &charge, 1}, results);
    EXPECT_NEAR(potential, 2.5, 1e-14) << simd::isa_name(isa);
  }
  simd::force_isa(usual);
}

}  // namespace
}  // namespace octopole
