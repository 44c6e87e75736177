// With d digits requested, the measured relative L2 error of the potential, and of the gradient where the
// output includes it, is below 10^-d.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <vector>

#include "cost/accuracy.hpp"
#include "fmm/access.hpp"
#include "io/point_distributions.hpp"
#include "kernels/direct.hpp"
#include "octopole/verify.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using test::world;

constexpr Index kPoints = 12000;
constexpr Index kSamples = 400;

// Measures all clouds with one operator set; small leaves make trees deep in spite of few points.
void expect_digits(Options options, double gradient_factor) {
  options.ncrit = 60;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const int ranks = FmmAccess::comm(fmm).size(), rank = FmmAccess::comm(fmm).rank();
  const Index first = kPoints * rank / ranks, count = kPoints * (rank + 1) / ranks - first;
  const auto charges = make_charges(Charges::uniform, first, count, 5);
  const double wanted = std::pow(10.0, -*fmm.parameters().digits);
  for (Shape shape : {Shape::cube, Shape::sphere, Shape::ellipsoid, Shape::plummer}) {
    const auto points = make_positions(shape, first, count, 4);
    fmm.set_points(points);
    const Field field = fmm.evaluate(charges, Output::potential_and_gradient);
    const Verification v = verify(fmm.comm(), Laplace{}, points, charges, points, field, kSamples);
    EXPECT_EQ(v.samples, kSamples);
    EXPECT_LT(v.potential.relative_l2, wanted) << shape_name(shape);
    EXPECT_LT(v.gradient->relative_l2, gradient_factor * wanted) << shape_name(shape);
  }
}

/// Makes targets around the cloud, in the cube of its largest extent, the same cube on all ranks.
std::vector<double> make_box(const mpi::Comm& comm, const std::vector<double>& points, Index first,
                             Index count) {
  double reach = 0;
  for (const double x : points) reach = std::max(reach, std::abs(x));
  reach = comm.max(reach);
  std::vector<double> targets = make_positions(Shape::cube, first, count, 7, RngStream::targets);
  for (double& x : targets) x = reach * (2 * x - 1);
  return targets;
}

// Checks also the gradient, at the sources and around them, where distant clusters are the hard case.
void expect_digits_of_both(Options options) {
  options.ncrit = *options.digits > 9 ? 200 : 60;
  options.output = Output::potential_and_gradient;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const int ranks = FmmAccess::comm(fmm).size(), rank = FmmAccess::comm(fmm).rank();
  const Index first = kPoints * rank / ranks, count = kPoints * (rank + 1) / ranks - first;
  const auto charges = make_charges(Charges::uniform, first, count, 5);
  const int digits = *fmm.parameters().digits;
  const double wanted = std::pow(10.0, -digits);
  for (Shape shape : {Shape::cube, Shape::sphere, Shape::ellipsoid, Shape::plummer, Shape::clusters}) {
    SCOPED_TRACE(shape_name(shape));
    const auto points = make_positions(shape, first, count, 4);
    fmm.set_points(points);
    const Verification at_sources = verify(fmm.comm(), Laplace{}, points, charges, points,
                                           fmm.evaluate(charges, options.output), kSamples);
    EXPECT_LT(at_sources.potential.relative_l2, wanted);
    EXPECT_LT(at_sources.gradient->relative_l2, wanted);
    const auto targets = make_box(FmmAccess::comm(fmm), points, first, count);
    fmm.set_points(points, targets);
    const Verification around = verify(fmm.comm(), Laplace{}, points, charges, targets,
                                       fmm.evaluate(charges, options.output), kSamples);
    // Around a cloud charges of both signs cancel: errors relative to the sum of magnitudes.
    EXPECT_LT(around.potential.scaled_l2, wanted);
    EXPECT_LT(around.gradient->scaled_l2, wanted);
    EXPECT_TRUE(reaches(at_sources, digits) && reaches(around, digits));
    // For few digits, orders are chosen such that the bound holds also relative to |grad u| (1.06e-3 in the
    // box of plummer).
    if (digits > 3) continue;
    EXPECT_LT(around.gradient->relative_l2, 1.1 * wanted);
  }
}

class DigitsOfBoth : public testing::TestWithParam<int> {};

TEST_P(DigitsOfBoth, AreReachedWhereTheGradientIsAnnounced) {
  Options options;
  options.digits = GetParam();
  expect_digits_of_both(options);
}

TEST_P(DigitsOfBoth, AreReachedInOnePrecision) {
  Options options;
  options.digits = GetParam();
  options.precision = GetParam() <= 5 ? Precision::single_precision : Precision::double_precision;
  options.m2l = GetParam() <= 9 ? M2lMethod::svd : M2lMethod::fft;
  expect_digits_of_both(options);
}

/// The plain suite leaves out digits whose neighbours it has; tests/long/ugly.sh sets OCTOPOLE_ALL_DIGITS.
std::vector<int> digits_of_both() {
  if (std::getenv("OCTOPOLE_ALL_DIGITS") != nullptr) return {2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
  return {2, 3, 4, 5, 6, 9, 12};
}

INSTANTIATE_TEST_SUITE_P(Table, DigitsOfBoth, testing::ValuesIn(digits_of_both()),
                         testing::PrintToStringParamName());

TEST(DigitsOfBothTable, TakesAnotherTableAndPrecision) {
  for (int digits = 2; digits <= 12; ++digits) {
    Options options;
    options.digits = digits;
    const Parameters alone = resolve(options, Laplace::name);
    options.output = Output::potential_and_gradient;
    const Parameters both = resolve(options, Laplace::name);
    EXPECT_GT(both.operators.order, alone.operators.order) << digits;
    EXPECT_EQ(both.operators.precision == Precision::single_precision, digits <= 5) << digits;
    EXPECT_EQ(both.operators.m2l_precision == Precision::single_precision, digits <= 5) << digits;
    EXPECT_EQ(both.near_precision == Precision::single_precision, digits <= 6) << digits;
    options.precision = Precision::single_precision;
    if (digits > 5) {
      EXPECT_THROW(resolve(options, Laplace::name), Error) << digits;
    } else {
      EXPECT_EQ(resolve(options, Laplace::name).operators.order, both.operators.order) << digits;
    }
    options.precision.reset();
    options.m2l_precision = Precision::single_precision;
    if (digits > 5) {
      EXPECT_THROW(resolve(options, Laplace::name), Error) << digits;
    }
  }
}

class Digits : public testing::TestWithParam<std::tuple<int, M2lMethod>> {};

TEST_P(Digits, AreReachedInDouble) {
  Options options;
  std::tie(options.digits, options.m2l) = GetParam();
  options.precision = Precision::double_precision;
  expect_digits(options, 10);
}

INSTANTIATE_TEST_SUITE_P(Table, Digits,
                         testing::Combine(testing::Values(3, 6, 9, 12),
                                          testing::Values(M2lMethod::fft, M2lMethod::svd)));

class DigitsByOperator : public testing::TestWithParam<int> {};

TEST_P(DigitsByOperator, AreReachedInThePrecisionsTheyChoose) {
  Options options;
  options.digits = GetParam();
  const Parameters p = resolve(options, Laplace::name);
  EXPECT_EQ(p.operators.precision == Precision::single_precision, GetParam() <= 6);
  EXPECT_EQ(p.near_precision == Precision::single_precision, GetParam() <= 6);
  EXPECT_EQ(p.operators.m2l_precision == Precision::single_precision, GetParam() <= 6);
  expect_digits(options, 30);
}

INSTANTIATE_TEST_SUITE_P(Table, DigitsByOperator, testing::Values(3, 6, 7));

// Single precision in parts of the method must lose neither close pairs nor points far from the origin.
TEST(Precisions, AreReachedWithClosePairsFarFromTheOrigin) {
  constexpr Index count = 6000;
  const auto charges = world().of(make_charges(Charges::uniform, 0, count, 5), 1);
  for (const int digits : {3, 5, 6}) {
    auto points = make_positions(Shape::plummer, 0, count, 4);
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (i % 60 < 3)
        points[i] = points[i + 3] + 1e-9 * (1 + static_cast<double>(i % 3));  // a twentieth in close pairs
      points[i] += 1e4;
    }
    points = world().of(points, 3);
    Options options;
    options.digits = digits;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(points);
    const Verification v =
        verify(fmm.comm(), Laplace{}, points, charges, points, fmm.evaluate(charges), kSamples);
    EXPECT_LT(v.potential.relative_l2, std::pow(10.0, -digits));
  }
}

// The error of rounding coordinates to one float is largest where every point has a partner just too far away
// to be summed in double (kMinSeparation, kMinSeparation6Digits).
TEST(Precisions, AreReachedWithPairsAtAnyDistance) {
  constexpr Index pairs = 5000;
  const auto charges = world().of(make_charges(Charges::uniform, 0, 2 * pairs, 5), 1);
  const auto first = make_positions(Shape::cube, 0, pairs, 4),
             directions = make_positions(Shape::sphere, 0, pairs, 6);
  for (const int digits : {3, 5, 6}) {
    Options options;
    options.digits = digits;
    options.padding = 1;
    options.ncrit = 60;  // leaves of level 3: half a side is 1/16
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    for (const double distance : {0.005, 0.031, 0.05, 0.099, 0.101, 0.13, 0.2, 0.4}) {  // in half sides
      auto points = first;
      for (std::size_t i = 0; i < first.size(); ++i)
        points.push_back(0.5 + (first[i] - 0.5) * 0.99 + distance / 16 * directions[i]);
      for (std::size_t i = 0; i < first.size(); ++i) points[i] = 0.5 + (first[i] - 0.5) * 0.99;
      points = world().of(points, 3);
      fmm.set_points(points);
      const Field field = fmm.evaluate(charges, Output::potential_and_gradient);
      const Verification v = verify(fmm.comm(), Laplace{}, points, charges, points, field, kSamples);
      EXPECT_LT(v.potential.relative_l2, std::pow(10.0, -digits)) << distance;
      EXPECT_LT(v.gradient->relative_l2, 10 * std::pow(10.0, -digits)) << distance;
    }
  }
}

// Likewise the results that are sums of derivatives, which have more than the relative error of a distance.
TEST(Precisions, ReachSixDigitsOfDerivativesWithPairsAtAnyDistance) {
  constexpr Index pairs = 2500;
  const auto first = make_positions(Shape::cube, 0, pairs, 4),
             directions = make_positions(Shape::sphere, 0, pairs, 6);
  for (const AnyKernel& kernel :
       {AnyKernel(Laplace{}), AnyKernel(Stokes{1}), AnyKernel(Elasticity{1, 0.3}), AnyKernel(BiotSavart{})}) {
    Options options;
    options.digits = 6;
    options.padding = 1;
    options.ncrit = 40;  // leaves of level 3
    if (kernel.components() == 1) options.output = Output::potential_and_gradient;
    Fmm fmm(MPI_COMM_WORLD, kernel, options);
    EXPECT_EQ(fmm.parameters().operators.precision, Precision::double_precision);
    EXPECT_EQ(fmm.parameters().near_form, NearForm::one_float);
    const auto components = static_cast<std::size_t>(kernel.components());
    const auto strengths =
        world().of(make_charges(Charges::uniform, 0, 2 * pairs * kernel.components(), 5), components);
    for (const double distance : {0.031, 0.08, 0.099, 0.101, 0.13, 0.3}) {  // in half sides
      SCOPED_TRACE(testing::Message() << kernel.name() << ' ' << distance);
      std::vector<double> points;
      for (const double x : first) points.push_back(0.5 + (x - 0.5) * 0.99);
      for (std::size_t i = 0; i < first.size(); ++i)
        points.push_back(points[i] + distance / 16 * directions[i]);
      points = world().of(points, 3);
      fmm.set_points(points);
      const Field field = fmm.evaluate(strengths, options.output);
      const Verification v = verify(fmm.comm(), kernel, points, strengths, points, field, kSamples);
      EXPECT_LT(v.potential.relative_l2, 1e-6);
      if (v.gradient) {
        EXPECT_LT(v.gradient->relative_l2, 1e-6);
      }
    }
  }
}

TEST(Precisions, MoreDigitsThanSinglePrecisionHasAreRefused) {
  Options options;
  options.digits = 8;
  options.near_precision = Precision::single_precision;
  EXPECT_THROW(resolve(options, Laplace::name), Error);
}

class SingleDigits : public testing::TestWithParam<int> {};

TEST_P(SingleDigits, AreReachedInSingle) {
  Options options;
  options.precision = Precision::single_precision;
  options.digits = GetParam();
  expect_digits(options, 30);
}

INSTANTIATE_TEST_SUITE_P(Table, SingleDigits, testing::Values(2, 3, 4, 5));

TEST(Accuracy, DigitsAloneAreEnough) {
  const Index count = 20000;
  const auto points = world().of(make_positions(Shape::plummer, 0, count, 4), 3);
  const auto charges = world().of(make_charges(Charges::uniform, 0, count, 5), 1);
  for (int digits : {2, 4, 5, 7, 8, 10, 11}) {
    Options options;
    options.digits = digits;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(points);
    const Verification v =
        verify(fmm.comm(), Laplace{}, points, charges, points, fmm.evaluate(charges), kSamples);
    EXPECT_LT(v.potential.relative_l2, std::pow(10.0, -digits)) << digits;
  }
}

// With one point per leaf, M2L serves the nearest targets of a charge. With a single charge, errors are those
// of single pairs: their rms must be a digit better than requested.
TEST(SmallLeaves, KeepADigitInHand) {
  const Index count = 1500;
  const auto targets = world().of(make_positions(Shape::cube, 0, count, 4), 3);
  const auto sources = world().of(make_positions(Shape::cube, 0, count, 9), 3);
  std::vector<double> charges(sources.size() / 3, 0);
  if (world().rank == 0) charges[0] = 1;
  for (const int digits : {3, 6, 9}) {
    Options options;
    options.digits = digits;
    options.ncrit = 1;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(sources, targets);
    const Verification v =
        verify(fmm.comm(), Laplace{}, sources, charges, targets, fmm.evaluate(charges), count);
    EXPECT_LT(v.potential.relative_l2, 0.1 * std::pow(10.0, -digits)) << digits;
  }
}

TEST(SmallLeaves, TakeOperatorsOfOneDigitMore) {
  for (const Output output : {Output::potential, Output::potential_and_gradient})
    for (int digits = 2; digits <= 12; ++digits) {
      Options options;
      options.digits = digits;
      options.output = output;
      const Parameters usual = resolve(options, Laplace::name);
      options.ncrit = 9;
      const Parameters small = resolve(options, Laplace::name);
      EXPECT_EQ(small.digits, digits);
      options.digits = digits + 1;
      if (digits == 12) {
        EXPECT_EQ(small.operators.order, usual.operators.order + 1);
        continue;
      }
      options.ncrit = 10;
      const Parameters next = resolve(options, Laplace::name);
      EXPECT_EQ(small.operators, next.operators) << digits;
      EXPECT_EQ(small.near_precision, next.near_precision) << digits;
      EXPECT_EQ(small.near_form, next.near_form) << digits;
    }
  Options in_single;
  in_single.precision = Precision::single_precision;
  in_single.digits = 6;
  in_single.ncrit = 1;
  EXPECT_EQ(resolve(in_single, Laplace::name).operators.order,
            accuracy_table(Precision::single_precision, Output::potential).back().order);
}

TEST(Accuracy, ErrorFallsWithTheOrder) {
  const Index count = 4000;
  const auto points = world().of(make_positions(Shape::cube, 0, count, 4), 3);
  const auto charges = world().of(make_charges(Charges::uniform, 0, count, 5), 1);
  double before = 1;
  for (int order = 3; order <= 10; ++order) {
    Options options;
    options.order = order;
    options.ncrit = 30;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(points);
    const double error =
        verify(fmm.comm(), Laplace{}, points, charges, points, fmm.evaluate(charges), kSamples)
            .potential.relative_l2;
    EXPECT_LT(error, before / 2.5) << "order " << order;
    before = error;
  }
  EXPECT_LT(before, 5e-9);
}

TEST(Accuracy, GradientAgreesWithFiniteDifferences) {
  const Index count = 4000;
  const auto points = world().of(make_positions(Shape::plummer, 0, count, 4), 3);
  const auto charges = world().of(make_charges(Charges::unit, 0, count, 5), 1);
  Options options;
  options.digits = 10;
  options.ncrit = 60;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  // At each of three places: 7 targets, one step apart, all of them on rank 0.
  const double step = 1e-3;
  std::vector<double> targets;
  for (double place : {0.31, 0.7, 1.3})
    for (int neighbour = -1; neighbour < 6; ++neighbour)
      for (int axis = 0; axis < 3; ++axis)
        targets.push_back(place +
                          (neighbour / 2 == axis && neighbour >= 0 ? (neighbour % 2 ? -step : step) : 0));
  const bool here = world().rank == 0;
  fmm.set_points(points, here ? targets : std::vector<double>{});
  const Field field = fmm.evaluate(charges, Output::potential_and_gradient);
  for (std::size_t i = 0; here && i < 3; ++i)
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double difference =
          (field.potential[7 * i + 1 + 2 * axis] - field.potential[7 * i + 2 + 2 * axis]) / (2 * step);
      EXPECT_NEAR(field.gradient[21 * i + axis], difference, 1e-3 * std::abs(difference) + 1e-6);
    }
}

TEST(Accuracy, TheTableAscends) {
  for (const auto& [precision, output] :
       {std::pair(Precision::double_precision, Output::potential),
        std::pair(Precision::single_precision, Output::potential),
        std::pair(Precision::double_precision, Output::potential_and_gradient),
        std::pair(Precision::single_precision, Output::potential_and_gradient),
        std::pair(Precision::double_precision, Output::potential_gradient_and_hessian),
        std::pair(Precision::single_precision, Output::potential_gradient_and_hessian)}) {
    for (const SourceKind kind : {SourceKind::charges, SourceKind::dipoles}) {
      const auto table = accuracy_table(precision, output, kind);
      for (std::size_t i = 1; i < table.size(); ++i) {
        EXPECT_EQ(table[i].digits, table[i - 1].digits + 1);
        EXPECT_GE(table[i].order, table[i - 1].order);
        EXPECT_GE(table[i].check_order, table[i].order);
      }
    }
  }
  for (const Output output : {Output::potential, Output::potential_and_gradient}) {
    EXPECT_EQ(accuracy_row(Precision::double_precision, output, SourceKind::charges, 12).digits, 12);
    EXPECT_THROW(accuracy_row(Precision::double_precision, output, SourceKind::charges, 13), Error);
  }
  EXPECT_THROW(
      accuracy_row(Precision::single_precision, Output::potential_and_gradient, SourceKind::charges, 6),
      Error);
}

}  // namespace
}  // namespace octopole
