// The Yukawa kernel in whole evaluations: operators by level, the database, its limits, and what ranks agree
// on.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "octopole/error.hpp"
#include "octopole/files.hpp"
#include "octopole/verify.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

Options with_digits(int digits, std::optional<int> ncrit = 40) {
  Options options;
  options.digits = digits;
  options.ncrit = ncrit;
  options.output = Output::potential_and_gradient;
  return options;
}

// The digits are those of tests/accuracy.
TEST(Yukawa, DistinctTargets) {
  Problem problem = make_problem("plummer", 1500);
  problem.targets = make_points("cube", 700);
  const Field exact = direct(Yukawa{7}, problem), field = run(Yukawa{7}, problem, with_digits(6));
  EXPECT_LT(relative_l2(field.potential, exact.potential), 1e-6);
  EXPECT_LT(relative_l2(field.gradient, exact.gradient), 1e-6);
}

TEST(Yukawa, BothMethodsAndPrecisionsOfM2l) {
  const Problem problem = make_problem("sphere", 2000);
  const Field exact = direct(Yukawa{4}, problem);
  for (const M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd})
    for (const Precision precision : {Precision::single_precision, Precision::double_precision}) {
      Options options = with_digits(4, 30);
      options.m2l = m2l;
      options.precision = precision;
      const Field field = run(Yukawa{4}, problem, options);
      EXPECT_LT(relative_l2(field.potential, exact.potential), 1e-4)
          << m2l_name(m2l) << precision_name(precision);
      EXPECT_LT(relative_l2(field.gradient, exact.gradient), 1e-4)
          << m2l_name(m2l) << precision_name(precision);
    }
  Options mixed = with_digits(4, 30);
  mixed.precision = Precision::double_precision;
  mixed.m2l_precision = Precision::single_precision;  // multipoles are sent as floats
  EXPECT_LT(relative_l2(run(Yukawa{4}, problem, mixed).potential, exact.potential), 1e-4);
}

TEST(Yukawa, WithoutScreeningItIsLaplace) {
  const Problem problem = make_problem("plummer", 2000);
  for (const int digits : {5, 9}) {
    const Field laplace = run(Laplace{}, problem, with_digits(digits)),
                none = run(Yukawa{0}, problem, with_digits(digits)),
                little = run(Yukawa{1e-14}, problem, with_digits(digits));
    EXPECT_LT(relative_l2(none.potential, laplace.potential), std::pow(10.0, -digits));
    EXPECT_LT(relative_l2(little.potential, none.potential), digits == 5 ? 1e-6 : 1e-12);
    EXPECT_LT(relative_l2(little.gradient, none.gradient), digits == 5 ? 1e-6 : 1e-12);
  }
}

// Any unit of length: internal lengths have another unit, and so has the screening.
TEST(Yukawa, DoesNotDependOnTheUnitOfLength) {
  Problem problem = make_problem("sphere", 1500);
  const Field expected = run(Yukawa{3}, problem, with_digits(6));
  for (double& x : problem.sources) x *= 0x1p40;
  const Field field = run(Yukawa{3 * 0x1p-40}, problem, with_digits(6));
  for (std::size_t i = 0; i < expected.potential.size(); ++i)
    ASSERT_NEAR(field.potential[i] * 0x1p40, expected.potential[i], 1e-6 * std::abs(expected.potential[i]));
}

TEST(Yukawa, TheDatabaseKeepsOperatorsOfEveryLevel) {
  const Part part = world();
  const std::string path = "yukawa-" + std::to_string(part.ranks) + ".h5";
  if (part.rank == 0) std::filesystem::remove(path);
  MPI_Barrier(MPI_COMM_WORLD);
  const Problem problem = make_problem("plummer", 2000);
  std::string note;
  Field first, second;
  {
    const OperatorDatabase database(path);
    first = run(Yukawa{2.5}, problem, with_digits(5, 30), database.stores(), &note);
    EXPECT_NE(note.find("stored in the database"), std::string::npos) << note;
  }
  const OperatorDatabase database(path);
  second = run(Yukawa{2.5}, problem, with_digits(5, 30), database.stores(), &note);
  EXPECT_NE(note.find("read from the database"), std::string::npos) << note;
  EXPECT_EQ(note.find("computed"), std::string::npos) << note;
  EXPECT_EQ(first.potential, second.potential);
  run(Yukawa{2.6}, problem, with_digits(5, 30), database.stores(), &note);
  EXPECT_NE(note.find("computed"), std::string::npos) << note;
}

// Points that move a little have a root cube of the same side, and keep the operators.
TEST(Yukawa, MovedPointsKeepOperators) {
  const Part part = world();
  Problem problem = make_problem("cube", 1500);
  Fmm fmm(MPI_COMM_WORLD, Yukawa{2}, with_digits(5, 30));
  fmm.set_points(part.of(problem.sources, 3));
  for (double& x : problem.sources) x *= 1.0001;
  fmm.set_points(part.of(problem.sources, 3));
  EXPECT_EQ(fmm.summary().operators_note, "kept from the points before");
  const Field mine = fmm.evaluate(part.of(problem.charges, 1));
  EXPECT_LT(relative_l2(gather(mine.potential, part), direct(Yukawa{2}, problem).potential), 1e-5);
}

TEST(Yukawa, RanksPassTheSameKernel) {
  const Part part = world();
  EXPECT_THROW(Fmm(MPI_COMM_WORLD, Yukawa{-1}), AgreedError);
  if (part.ranks == 1) return;
  const bool last = part.rank == part.ranks - 1;
  const auto expect = [](const AnyKernel& kernel, const std::string& text) {
    try {
      const Fmm fmm(MPI_COMM_WORLD, kernel);
      ADD_FAILURE() << "accepted";
    } catch (const AgreedError& error) {
      EXPECT_NE(std::string(error.what()).find(text), std::string::npos) << error.what();
    }
  };
  expect(Yukawa{last ? 2.0 : 1.0}, "the kernel's parameters");
  expect(last ? AnyKernel(Laplace{}) : AnyKernel(Yukawa{1}), "the kernel");
}

TEST(Yukawa, VerifySumsTheSameKernel) {
  const Part part = world();
  const Problem problem = make_problem("sphere", 1500);
  const auto points = part.of(problem.sources, 3), charges = part.of(problem.charges, 1);
  Fmm fmm(MPI_COMM_WORLD, Yukawa{6}, with_digits(8));
  fmm.set_points(points);
  const Field field = fmm.evaluate(charges, Output::potential_and_gradient);
  EXPECT_TRUE(reaches(verify(MPI_COMM_WORLD, Yukawa{6}, points, charges, points, field, 300), 8));
  EXPECT_FALSE(reaches(verify(MPI_COMM_WORLD, Yukawa{6.1}, points, charges, points, field, 300), 3));
}

}  // namespace
}  // namespace octopole
