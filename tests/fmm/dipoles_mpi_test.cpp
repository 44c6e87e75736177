// Dipoles, both kinds of sources, and Hessians: whole evaluations against the direct sum, on any ranks.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numbers>
#include <string>

#include "octopole/error.hpp"
#include "octopole/verify.hpp"
#include "tests/support/dipole_problem.hpp"

namespace octopole {
namespace {

using namespace test;

constexpr Output kAll = Output::potential_gradient_and_hessian;

// More digits, and tiny clusters: tests/accuracy.
TEST(Dipoles, AnySourceWithAnyOutputReachesTheDigits) {
  for (const SourcesAndOutput& pair : kSourcesAndOutputs) {
    SCOPED_TRACE(::testing::Message()
                 << "kind " << static_cast<int>(pair.kind) << ", output " << static_cast<int>(pair.output));
    DipoleProblem problem("cube", 600, pair.kind);
    problem.targets = make_points("cube", 400, 9);
    Options options;
    options.digits = 6;
    options.ncrit = 25;
    check(problem, Laplace{}, options, pair.kind, pair.output, 1e-6);
  }
}

TEST(Dipoles, WithEveryKindOfOperators) {
  struct Operators {
    AnyKernel kernel;
    M2lMethod m2l;
    Precision precision;
  };
  for (const Operators& o : {Operators{Laplace{}, M2lMethod::fft, Precision::single_precision},
                             {Laplace{}, M2lMethod::svd, Precision::double_precision},
                             {Yukawa{3}, M2lMethod::fft, Precision::double_precision},
                             {Yukawa{3}, M2lMethod::svd, Precision::single_precision}}) {
    SCOPED_TRACE(::testing::Message() << o.kernel.name() << m2l_name(o.m2l) << precision_name(o.precision));
    Options options;
    options.digits = 4;
    options.ncrit = 25;
    options.m2l = o.m2l;
    options.precision = o.precision;
    const SourceKind kind = SourceKind::charges_and_dipoles;
    check(DipoleProblem("plummer", 500, kind, 3), o.kernel, options, kind, kAll, 1e-4);
  }
  for (const NearForm form : {NearForm::two_floats, NearForm::one_float}) {
    Options options;
    options.digits = 4;
    options.ncrit = 25;
    options.near_form = form;
    check(DipoleProblem("sphere", 800, SourceKind::dipoles), Laplace{}, options, SourceKind::dipoles, kAll,
          1e-4);
  }
}

// More vectors than a pass takes; the tree is the one that the cost model chooses.
TEST(Dipoles, InSeveralPasses) {
  Options options;
  options.digits = 7;
  options.vectors = 9;
  const SourceKind kind = SourceKind::charges_and_dipoles;
  check(DipoleProblem("sphere", 900, kind, 9), Laplace{}, options, kind, Output::potential_and_gradient,
        1e-7);
}

// Any unit of length; coincident and very close points; dipoles are in that unit.
TEST(Dipoles, AnyUnitAndClosePoints) {
  for (const double unit : {0x1p-60, 1e-3, 0x1p60})
    for (const int digits : {5, 9}) {
      SCOPED_TRACE(::testing::Message() << unit << ' ' << digits);
      const SourceKind kind = SourceKind::charges_and_dipoles;
      DipoleProblem problem("cube", 600, kind);
      for (std::size_t i = 0; i < 90; i += 3) {  // some coincide, others are 1e-9 apart
        for (std::size_t c = 0; c < 3; ++c) problem.sources[900 + i + c] = problem.sources[i + c];
        if (i % 2 == 0) problem.sources[900 + i] += 1e-9;
      }
      for (auto* values : {&problem.sources, &problem.dipoles})
        for (double& x : *values) x *= unit;
      Options options;
      options.digits = digits;
      options.ncrit = 20;
      check(problem, Laplace{}, options, kind, kAll, std::pow(10.0, -digits));
    }
}

// The sources of one rank in all outputs; others may have none.
TEST(Dipoles, RanksWithoutPoints) {
  const Part part = world();
  const SourceKind kind = SourceKind::dipoles;
  const DipoleProblem problem("cube", 300, kind);
  const bool mine = part.rank == part.ranks - 1;
  const auto here = [mine](const std::vector<double>& values) {
    return mine ? values : std::vector<double>{};
  };
  Options options;
  options.digits = 6;
  options.ncrit = 15;
  options.source_kind = kind;
  options.output = kAll;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const std::vector<double> points = here(problem.sources), dipoles = here(problem.dipoles);
  fmm.set_points(points);
  const Field field = fmm.evaluate(Strengths{{}, dipoles}, kAll);
  const Field expected = direct(Laplace{}, problem.sources, problem.sources, problem.strengths(), kAll);
  if (mine) {
    expect_near(field, expected, 1e-6);
  } else {
    EXPECT_TRUE(field.hessian.empty());
  }
  const Verification v =
      verify(MPI_COMM_WORLD, Laplace{}, points, Strengths{{}, dipoles}, points, field, 100);
  EXPECT_TRUE(reaches(v, 6));
  ASSERT_TRUE(v.hessian && v.gradient);
  EXPECT_GT(v.hessian->scaled_l2, 0);
  // The scale is at least the result.
  EXPECT_LE(v.hessian->scaled_l2, v.hessian->relative_l2);
}

// Charges are evaluated as before by the same Fmm, to the bit, before and after dipoles and Hessians.
TEST(Dipoles, ChargesKeepTheirBits) {
  Options options;
  options.digits = 6;
  options.ncrit = 20;
  DipoleEvaluation e(DipoleProblem("plummer", 700, SourceKind::charges_and_dipoles), Laplace{}, options);
  const Field before = e.fmm.evaluate(e.charges, Output::potential_and_gradient);
  e.fmm.evaluate(e.strengths(), kAll);
  const Field after = e.fmm.evaluate(e.charges, Output::potential_and_gradient);
  EXPECT_EQ(before.potential, after.potential);
  EXPECT_EQ(before.gradient, after.gradient);
  EXPECT_TRUE(after.hessian.empty());
}

// The sum of what charges and dipoles alone give.
TEST(Dipoles, BothKindsAreTheSumOfEach) {
  Options options;
  options.digits = 9;
  options.ncrit = 30;
  DipoleEvaluation e(DipoleProblem("sphere", 800, SourceKind::charges_and_dipoles), Laplace{}, options);
  const Field both = e.fmm.evaluate(e.strengths(), kAll),
              charges = e.fmm.evaluate(Strengths{e.charges, {}}, kAll),
              dipoles = e.fmm.evaluate(Strengths{{}, e.dipoles}, kAll);
  for (const auto part : {&Field::potential, &Field::gradient, &Field::hessian}) {
    std::vector<double> sum = charges.*part;
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += (dipoles.*part)[i];
    EXPECT_LT(relative_l2(gather(both.*part, e.part), gather(sum, e.part)), 1e-10);
  }
}

/// Quadrature points of the unit sphere, exact for polynomials of degree 19: Gauss in z, equal angles.
struct SphereRule {
  std::vector<double> points, weights;
  SphereRule() {
    constexpr int n = 10;
    for (int k = 0; k < n; ++k) {
      double z = std::cos(std::numbers::pi * (k + 0.75) / (n + 0.5)), slope = 1;  // Newton's method
      for (int step = 0; step < 20; ++step) {
        double p0 = 1, p1 = z;
        for (int j = 2; j <= n; ++j) {
          const double p2 = ((2 * j - 1) * z * p1 - (j - 1) * p0) / j;
          p0 = p1, p1 = p2;
        }
        slope = n * (z * p1 - p0) / (z * z - 1);
        z -= p1 / slope;
      }
      const double weight = 2 / ((1 - z * z) * slope * slope), rho = std::sqrt(1 - z * z);
      for (int a = 0; a < 2 * n; ++a) {
        const double angle = std::numbers::pi * (a + 0.5) / n;
        points.insert(points.end(), {rho * std::cos(angle), rho * std::sin(angle), z});
        weights.push_back(weight * std::numbers::pi / n);
      }
    }
  }
};

// A closed surface with the constant dipole density 1 along its outward normal: -1 inside, 0 outside.
TEST(Dipoles, DoubleLayerOfAClosedSurface) {
  const Part part = world();
  const SphereRule sphere;
  std::vector<double> dipoles, targets;
  for (std::size_t i = 0; i < sphere.points.size(); ++i)
    dipoles.push_back(sphere.points[i] * sphere.weights[i / 3]);
  const std::vector<double> directions = make_points("sphere", 60);
  for (std::size_t i = 0; i < 60; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      targets.push_back((i % 2 == 0 ? 0.15 : 8) * (directions[3 * i + c] - (i % 2 == 0 ? 0.5 : 0.0)));
  Options options;
  options.digits = 9;
  options.ncrit = 12;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(part.of(sphere.points, 3), part.of(targets, 3));
  const std::vector<double> mine = part.of(dipoles, 3);
  const Field field = fmm.evaluate(Strengths{{}, mine}, kAll);
  const std::vector<double> at = part.of(targets, 3);
  for (std::size_t i = 0; i < field.potential.size(); ++i) {
    const double r = std::hypot(at[3 * i], at[3 * i + 1], at[3 * i + 2]);
    if (r > 0.5 && r < 2) continue;
    EXPECT_NEAR(field.potential[i], r < 1 ? -1 : 0, 2e-6) << r;
    for (std::size_t c = 0; c < 3; ++c) EXPECT_NEAR(field.gradient[3 * i + c], 0, 2e-5);
  }
}

// Gauss's law: minus the flux of the gradient through a closed surface is the charge inside; that of dipoles
// is nothing. The Hessian has no trace, for all sources.
TEST(Dipoles, GaussLawAndTrace) {
  const Part part = world();
  const SphereRule sphere;
  DipoleProblem problem("cube", 200, SourceKind::charges_and_dipoles);
  for (double& x : problem.sources) x = 0.3 * (x - 0.5);  // well inside
  Options options;
  options.digits = 10;
  options.ncrit = 10;
  options.output = kAll;
  options.source_kind = SourceKind::charges_and_dipoles;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const std::vector<double> at = part.of(sphere.points, 3), weights = part.of(sphere.weights, 1),
                            charges = part.of(problem.charges, 1), dipoles = part.of(problem.dipoles, 3);
  fmm.set_points(part.of(problem.sources, 3), at);
  double inside = 0;
  for (const double q : problem.charges) inside += q;
  for (const bool with_charges : {true, false}) {
    const Field field = with_charges ? fmm.evaluate(Strengths{charges, dipoles}, kAll)
                                     : fmm.evaluate(Strengths{{}, dipoles}, kAll);
    double flux = 0;
    for (std::size_t i = 0; i < weights.size(); ++i)
      for (std::size_t c = 0; c < 3; ++c) flux -= weights[i] * at[3 * i + c] * field.gradient[3 * i + c];
    MPI_Allreduce(MPI_IN_PLACE, &flux, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    EXPECT_NEAR(flux, with_charges ? inside : 0, 1e-5);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const double* h = &field.hessian[6 * i];
      EXPECT_NEAR(h[0] + h[3] + h[5], 0, 1e-7);
    }
  }
}

// The trace of Yukawa's Hessian is lambda^2 u away from sources.
TEST(Dipoles, YukawasHessianSatisfiesItsEquation) {
  const double lambda = 2.5;
  DipoleProblem problem("cube", 500, SourceKind::charges_and_dipoles);
  problem.targets = make_points("cube", 300);
  for (double& x : problem.targets) x += 0.01;
  Options options;
  options.digits = 9;
  options.ncrit = 20;
  options.output = kAll;
  DipoleEvaluation e(problem, Yukawa{lambda}, options);
  const Field field = e.field(kAll);
  std::vector<double> trace, expected;
  double scale = 0;
  for (std::size_t i = 0; i < field.potential.size(); ++i) {
    const double* h = &field.hessian[6 * i];
    trace.push_back(h[0] + h[3] + h[5]);
    expected.push_back(lambda * lambda * field.potential[i]);
    scale = std::max(scale, std::abs(h[0]));
  }
  for (std::size_t i = 0; i < trace.size(); ++i) EXPECT_NEAR(trace[i], expected[i], 1e-8 * scale);
}

TEST(Dipoles, VerifyJudgesHessiansOfSeveralVectors) {
  const DipoleProblem problem("plummer", 900, SourceKind::charges_and_dipoles, 3);
  Options options;
  options.digits = 6;
  options.ncrit = 25;
  options.vectors = 3;
  options.output = kAll;
  options.source_kind = SourceKind::charges_and_dipoles;
  DipoleEvaluation e(problem, Laplace{}, options);
  Field field = e.fmm.evaluate(e.strengths(), kAll);
  const std::vector<double> points = e.part.of(problem.sources, 3);
  const auto judge = [&] {
    return verify(MPI_COMM_WORLD, Laplace{}, points, e.strengths(), points, field, 200);
  };
  EXPECT_TRUE(reaches(judge(), 6));
  for (double& h : field.hessian) h *= 1 + 1e-4;
  const Verification wrong = judge();
  EXPECT_FALSE(reaches(wrong, 6));
  EXPECT_LT(wrong.gradient->scaled_l2, 1e-6);
  field.hessian.clear();  // on all ranks: the rest is judged
  EXPECT_TRUE(reaches(judge(), 6));
  field.hessian.assign(1, 0.0);
  EXPECT_THROW(judge(), Error);
}

/// The message of the AgreedError that `call` throws; "" if it throws none.
std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const AgreedError& error) {
    return error.what();
  }
  return {};
}

TEST(Dipoles, MistakesAreRefusedOnAllRanks) {
  const DipoleProblem problem("cube", 200, SourceKind::charges_and_dipoles);
  Options options;
  options.digits = 4;
  options.ncrit = 20;
  DipoleEvaluation e(problem, Laplace{}, options);
  const bool last = e.part.rank == e.part.ranks - 1;
  const auto expect_refusal = [&](const Strengths& strengths, const char* text) {
    const std::string message = refusal([&] { e.fmm.evaluate(strengths); });
    EXPECT_NE(message.find(text), std::string::npos) << message;
  };
  ASSERT_FALSE(e.charges.empty()) << "more ranks than points";
  std::vector<double> wrong = e.dipoles;
  if (last) wrong.pop_back();
  expect_refusal({e.charges, wrong}, "dipoles: ");
  expect_refusal({{}, wrong}, "which need three each");
  wrong = e.dipoles;
  if (last) wrong.back() = std::numeric_limits<double>::quiet_NaN();
  expect_refusal({e.charges, wrong}, "dipoles: 1 NaN or infinite values");
  if (e.part.ranks > 1) {
    expect_refusal({e.charges, last ? std::vector<double>{} : e.dipoles}, "dipoles: some ranks pass them");
    expect_refusal({last ? std::vector<double>{} : e.charges, e.dipoles}, "charges: some ranks pass them");
    const std::string message =
        refusal([&] { e.fmm.evaluate(e.strengths(), last ? kAll : Output::potential_and_gradient); });
    EXPECT_NE(message.find("Hessian"), std::string::npos) << message;
  }
  expect_refusal({{}, {}}, "0 values for");
  EXPECT_NO_THROW(e.fmm.evaluate(e.strengths(), kAll));  // it can still be used
}

// A limit that suffices for charges alone: the message says what does not fit.
TEST(Dipoles, MemoryIsCheckedBeforeMoreIsEvaluated) {
  const DipoleProblem problem("cube", 20000, SourceKind::charges_and_dipoles);
  Options options;
  options.digits = 3;
  options.ncrit = 100;
  DipoleEvaluation free(problem, Laplace{}, options);
  free.fmm.evaluate(free.charges);
  const Index peak = free.fmm.summary().memory_estimate.peak();
  options.memory_limit = peak + peak / 20;
  DipoleEvaluation limited(problem, Laplace{}, options);
  limited.fmm.evaluate(limited.charges);
  const std::string message = refusal([&] { limited.fmm.evaluate(limited.strengths(), kAll); });
  EXPECT_NE(message.find("4 numbers per source and 10 per target"), std::string::npos) << message;

  // What was checked for few points is checked again for more.
  const DipoleProblem few("cube", 2000, SourceKind::charges_and_dipoles);
  const auto set_points = [&](const DipoleProblem& p) {
    limited.fmm.set_points(limited.part.of(p.sources, 3));
  };
  const auto evaluate = [&](const DipoleProblem& p) {
    return limited.fmm.evaluate({limited.part.of(p.charges, 1), limited.part.of(p.dipoles, 3)}, kAll);
  };
  set_points(few);
  EXPECT_NO_THROW(evaluate(few));
  set_points(problem);
  EXPECT_NE(refusal([&] { evaluate(problem); }), "");
}

}  // namespace
}  // namespace octopole
