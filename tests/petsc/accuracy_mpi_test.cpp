#include "petsc/accuracy.hpp"

#include <gtest/gtest.h>

#include "octopole/petsc.hpp"
#include "petsc/matrix.hpp"
#include "tests/petsc/problem.hpp"

namespace octopole::petsc {
namespace {

using namespace octopole::test;

TEST(Accuracy, FollowsFromTheToleranceAndRelaxes) {
  EXPECT_EQ(digits_for(1e-5), 7);
  EXPECT_EQ(digits_for(2e-5), 7);
  EXPECT_EQ(digits_for(0.5), 3);
  const Part part = world();
  const auto points = make_points("cube", 800);
  for (const bool relax : {false, true}) {
    Settings settings;
    settings.fmm.ncrit = 60;
    const MatOwner a(make_mat(MPI_COMM_WORLD, settings, uneven(points, 3, part)));
    ASSERT_EQ(0, MatShift(a.mat, 100));  // makes it definite
    KSP ksp = nullptr;
    ASSERT_EQ(0, KSPCreate(MPI_COMM_WORLD, &ksp));
    ASSERT_EQ(0, KSPSetOperators(ksp, a.mat, a.mat));
    ASSERT_EQ(0, KSPSetType(ksp, KSPGMRES));
    ASSERT_EQ(0, KSPGMRESSetRestart(ksp, 4));
    ASSERT_EQ(0, KSPSetTolerances(ksp, 1e-7, PETSC_DEFAULT, PETSC_DEFAULT, 300));
    ASSERT_EQ(0, KSPSetPCSide(ksp, PC_RIGHT));  // the solver's residuals are then the true ones
    PC pc = nullptr;
    ASSERT_EQ(0, KSPGetPC(ksp, &pc));
    ASSERT_EQ(0, PCSetType(pc, "octopole_near"));
    const Accuracy accuracy = attach(ksp, relax);
    EXPECT_EQ(accuracy.wanted, 9);
    EXPECT_EQ(accuracy.digits, 9);
    EXPECT_FALSE(accuracy.looser);
    const Vector b(a.mat, false, uneven(make_charges(800, 8), 1, part)), x(a.mat, true), r(a.mat, false);
    ASSERT_EQ(0, KSPSolve(ksp, b.vec, x.vec));
    ASSERT_EQ(0, KSPDestroy(&ksp));
    const std::vector<AccuracyLevel> levels = operator_of(a.mat)->accuracy_levels()->products_by_level();
    Index cheap = 0, all = 0;
    for (const AccuracyLevel& level : levels) {
      all += level.products;
      if (level.digits < 9) cheap += level.products;
    }
    EXPECT_EQ(cheap > 0, relax);
    EXPECT_LT(cheap, all);
    ASSERT_EQ(0, MatMult(a.mat, x.vec, r.vec));
    ASSERT_EQ(0, VecAYPX(r.vec, -1, b.vec));
    PetscReal residual = 0, norm = 0;
    ASSERT_EQ(0, VecNorm(r.vec, NORM_2, &residual));
    ASSERT_EQ(0, VecNorm(b.vec, NORM_2, &norm));
    EXPECT_LE(residual, 1.1e-7 * norm);
  }
}

}  // namespace
}  // namespace octopole::petsc
