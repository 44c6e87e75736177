#include "petsc/accuracy.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "mpi/comm.hpp"
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

/// The last number from `low` on for which digits() is what it is at `low`, and the next one.
std::pair<double, double> neighbours(double low, double high, const std::function<int(double)>& digits) {
  const int there = digits(low);
  while (std::nextafter(low, high) < high) {
    const double middle = low + (high - low) / 2;
    (digits(middle) == there ? low : high) = middle;
  }
  return {low, high};
}

/// Calls agreed(mine) with numbers that differ in the last bit from rank to rank, on rank 0 once the lower
/// and once the higher one, and expects rank 0's digits everywhere.
void expect_digits_of_root(double low, double high, const std::function<int(double)>& digits,
                           const std::function<int(const mpi::Comm&, double)>& agreed) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto [below, above] = neighbours(low, high, digits);
  ASSERT_EQ(std::nextafter(below, high), above);
  ASSERT_NE(digits(below), digits(above));
  for (const int first : {0, 1}) {
    const auto number_on = [&, lower = below, higher = above](int rank) {
      return (rank + first) % 2 == 0 ? lower : higher;
    };
    const int own = digits(number_on(comm.rank()));
    EXPECT_EQ(comm.any(own != digits(number_on(0))), comm.size() > 1);  // ranks alone would not agree
    EXPECT_EQ(agreed(comm, number_on(comm.rank())), digits(number_on(0)));
  }
}

TEST(Accuracy, IsThatOfRankZeroWhereNormsDifferInTheLastBit) {
  for (const int full : {7, 9, 12}) {
    const double first = 3.7;
    expect_digits_of_root(
        first * 0.5e-3, first * 2e-3, [&](double norm) { return relaxed_digits(full, first, norm); },
        [&](const mpi::Comm& comm, double norm) { return agreed_relaxed_digits(comm, full, first, norm); });
  }
  // Whether a product is relaxed at all.
  expect_digits_of_root(
      0.9, 1.1, [](double norm) { return relaxed_digits(9, 1, norm); },
      [](const mpi::Comm& comm, double norm) { return agreed_relaxed_digits(comm, 9, 1, norm); });
  expect_digits_of_root(0.9e-5, 1.1e-5, digits_for, agreed_digits_for);
}

TEST(Accuracy, OfRelaxedProductsFollowsTheResidual) {
  EXPECT_EQ(relaxed_digits(9, 1, 1), 0);
  EXPECT_EQ(relaxed_digits(9, 0, 0), 0);
  EXPECT_EQ(relaxed_digits(9, 1, std::nan("")), 0);
  EXPECT_EQ(relaxed_digits(9, 1, 0.5), 9);
  EXPECT_EQ(relaxed_digits(9, 2, 1e-3), 6);
  EXPECT_EQ(relaxed_digits(9, 1, 1e-12), 2);
}

TEST(Accuracy, IsRelaxedOnAllRanksOrNone) {
  const Part part = world();
  if (part.ranks == 1) return;
  const MatOwner a(make_mat(MPI_COMM_WORLD, Settings{}, uneven(make_points("cube", 200), 3, part)));
  KSP ksp = nullptr;
  ASSERT_EQ(0, KSPCreate(MPI_COMM_WORLD, &ksp));
  ASSERT_EQ(0, KSPSetOperators(ksp, a.mat, a.mat));
  ASSERT_EQ(0, KSPSetType(ksp, KSPGMRES));
  try {
    attach(ksp, part.rank == 1);
    ADD_FAILURE() << "no error";
  } catch (const AgreedError& error) {
    EXPECT_NE(std::string(error.what()).find("relax is "), std::string::npos) << error.what();
  }
  ASSERT_EQ(0, KSPDestroy(&ksp));
}

}  // namespace
}  // namespace octopole::petsc
