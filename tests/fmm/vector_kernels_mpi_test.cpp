// Stokes, elasticity and Biot-Savart: whole evaluations against the direct sum, on any ranks, and what
// physics asks of the fields.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "octopole/error.hpp"
#include "octopole/verify.hpp"
#include "tests/support/vector_problem.hpp"

namespace octopole {
namespace {

using namespace test;

// More digits and shapes: tests/accuracy.
TEST(VectorKernels, ReachTheDigits) {
  for (const AnyKernel& kernel : vector_kernels())
    for (const Output output : outputs_of(kernel))
      for (const char* shape : {"cube", "plummer"}) {
        SCOPED_TRACE(std::string(kernel.name()) + ' ' + shape + ' ' +
                     std::to_string(static_cast<int>(output)));
        VectorProblem problem(shape, 600);
        if (*shape == 'c') problem.targets = make_points("cube", 400, 9);
        Options options;
        options.digits = 6;
        options.ncrit = 20;
        options.output = output;
        check(problem, kernel, options, 1e-6);
      }
}

TEST(VectorKernels, WithEveryKindOfOperators) {
  struct Operators {
    M2lMethod m2l;
    Precision precision;
    std::optional<Precision> m2l_precision;
  };
  for (const AnyKernel& kernel : vector_kernels())
    for (const Operators& o : {Operators{M2lMethod::fft, Precision::single_precision, {}},
                               {M2lMethod::fft, Precision::double_precision, {}},
                               {M2lMethod::fft, Precision::double_precision, Precision::single_precision},
                               {M2lMethod::svd, Precision::double_precision, {}},
                               {M2lMethod::svd, Precision::single_precision, {}}}) {
      SCOPED_TRACE(std::string(kernel.name()) + std::string(m2l_name(o.m2l)) +
                   std::string(precision_name(o.precision)));
      Options options;
      options.digits = 4;
      options.ncrit = 12;
      options.m2l = o.m2l;
      options.precision = o.precision;
      options.m2l_precision = o.m2l_precision;
      for (const Output output : outputs_of(kernel)) {
        options.output = output;
        check(VectorProblem("plummer", 500), kernel, options, 1e-4);
      }
    }
}

TEST(VectorKernels, EveryFormOfTheNearField) {
  for (const AnyKernel& kernel : vector_kernels())
    for (const Output output : outputs_of(kernel))
      for (const NearForm form : {NearForm::two_floats, NearForm::one_float, NearForm::estimate}) {
        Options options;
        options.digits = 3;
        options.ncrit = 40;
        options.near_form = form;
        options.output = output;
        check(VectorProblem("sphere", 900), kernel, options, 1e-3);
      }
}

// More vectors than one; the tree is the one that the cost model chooses.
TEST(VectorKernels, SeveralVectors) {
  Options options;
  options.vectors = 3;
  for (const int digits : {5, 6}) {
    options.digits = digits;
    for (const AnyKernel& kernel : vector_kernels())
      for (const Output output : outputs_of(kernel)) {
        options.output = output;
        check(VectorProblem("ellipsoid", 900, 3), kernel, options, std::pow(10.0, -digits));
      }
  }
}

// Any unit of length; coincident and very close points; deep trees, in which the origin of moments matters.
TEST(VectorKernels, AnyUnitClosePointsAndDeepTrees) {
  for (const AnyKernel& kernel : vector_kernels())
    for (const auto& [unit, digits] : {std::pair{0x1p-60, 5}, {1e-3, 8}, {0x1p60, 5}}) {
      SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(unit) + ' ' + std::to_string(digits));
      VectorProblem problem("cube", 600);
      for (std::size_t i = 0; i < 900; i += 3)  // half of them in a cube of side 1e-4
        for (std::size_t c = 0; c < 3; ++c) problem.sources[i + c] = 0.8 + 1e-4 * problem.sources[i + c];
      for (std::size_t i = 0; i < 90; i += 3) {  // some coincide, others are 1e-9 apart
        for (std::size_t c = 0; c < 3; ++c) problem.sources[900 + i + c] = problem.sources[i + c];
        if (i % 2 == 0) problem.sources[900 + i] += 1e-9;
      }
      for (double& x : problem.sources) x *= unit;
      Options options;
      options.digits = digits;
      options.ncrit = 15;
      for (const Output output : outputs_of(kernel)) {
        options.output = output;
        check(problem, kernel, options, std::pow(10.0, -digits));
      }
    }
}

// Targets in a tiny cluster whose own forces are zero, far from all others: the results are those of moments
// that are large against their differences in the cluster.
TEST(VectorKernels, ADistantClusterWithoutForces) {
  for (const AnyKernel& kernel : vector_kernels())
    for (const int digits : {3, 5, 9})
      for (const double side : {1e-2, 1e-4}) {
        SCOPED_TRACE(std::string(kernel.name()) + ' ' + std::to_string(digits) + ' ' + std::to_string(side));
        constexpr std::size_t n = 400;
        VectorProblem problem("sphere", n);
        const std::vector<double> cluster = make_points("cube", n, 4);
        for (std::size_t i = 0; i < 3 * n; ++i) {
          problem.strengths[i] = std::abs(problem.strengths[i]) + 0.1;
          problem.sources.push_back(0.2 + side * cluster[i]);
          problem.strengths.push_back(0);
        }
        Options options;
        options.digits = digits;
        options.ncrit = 15;
        VectorEvaluation e(problem, kernel, options);
        const std::vector<double> found = gather(e.fmm.evaluate(e.strengths).potential, e.part),
                                  exact = problem.direct(kernel).potential;
        const auto of_cluster = [](const std::vector<double>& values) {
          return std::vector<double>(values.begin() + 3 * n, values.end());
        };
        EXPECT_LT(relative_l2(of_cluster(found), of_cluster(exact)), std::pow(10.0, -digits));
      }
}

TEST(VectorKernels, VerifyMeasuresTheError) {
  for (const AnyKernel& kernel : vector_kernels()) {
    const VectorProblem problem("plummer", 700);
    Options options;
    options.digits = 6;
    options.ncrit = 30;
    VectorEvaluation e(problem, kernel, options);
    Field field = e.fmm.evaluate(e.strengths);
    const auto verified = [&](Index samples) {
      return verify(MPI_COMM_WORLD, kernel, e.sources, e.strengths, e.targets, field, samples);
    };
    const Verification all = verified(700);
    const double error = relative_l2(gather(field.potential, e.part), problem.direct(kernel).potential);
    EXPECT_NEAR(all.potential.relative_l2, error, 1e-9 + 1e-3 * error) << kernel.name();
    EXPECT_LT(all.potential.scaled_l2, all.potential.relative_l2);
    EXPECT_TRUE(reaches(all, 6));
    EXPECT_TRUE(reaches(verified(50), 6));
    for (double& u : field.potential) u *= 1.001;
    EXPECT_NEAR(verified(100).potential.relative_l2, 1e-3, 1e-4);
    field.hessian = field.potential;
    EXPECT_THROW(verified(100), Error);

    field = e.fmm.evaluate(e.strengths, Output::potential_and_gradient);
    const Verification derivatives = verified(700);
    const Field exact = problem.direct(kernel, Output::potential_and_gradient);
    ASSERT_TRUE(derivatives.gradient);
    EXPECT_EQ(derivatives.pressure.has_value(), kernel.has_pressure());
    const double slopes = relative_l2(gather(field.gradient, e.part), exact.gradient);
    EXPECT_NEAR(derivatives.gradient->relative_l2, slopes, 1e-9 + 1e-3 * slopes) << kernel.name();
    EXPECT_LT(derivatives.gradient->scaled_l2, derivatives.gradient->relative_l2);
    EXPECT_GT(derivatives.gradient->cancellation, 1e-3);
    if (kernel.has_pressure()) {
      const double pressures = relative_l2(gather(field.pressure, e.part), exact.pressure);
      EXPECT_NEAR(derivatives.pressure->relative_l2, pressures, 1e-9 + 1e-3 * pressures);
      for (double& p : field.pressure) p *= 1.001;
      EXPECT_FALSE(reaches(verified(100), 5));
      field.pressure.clear();
      EXPECT_FALSE(verified(100).pressure);
    } else {
      field.pressure = field.potential;
      EXPECT_THROW(verified(100), Error);
    }
  }
}

// Outputs in turn, into one field, with the memory that each needs.
TEST(VectorKernels, OutputsInTurn) {
  const VectorProblem problem("cube", 500);
  Options options;
  options.digits = 5;
  options.ncrit = 20;
  VectorEvaluation e(problem, Stokes{0.7}, options);
  Field field;
  for (const Output output : {Output::potential_and_gradient, Output::potential_and_pressure,
                              Output::potential, Output::potential_and_gradient}) {
    e.fmm.evaluate(e.strengths, field, output);
    const Field all = gather(field, e.part), exact = problem.direct(Stokes{0.7}, output);
    EXPECT_LT(relative_l2(all.potential, exact.potential), 1e-5);
    ASSERT_EQ(all.gradient.size(), exact.gradient.size());
    ASSERT_EQ(all.pressure.size(), exact.pressure.size());
    if (!exact.gradient.empty()) {
      EXPECT_LT(relative_l2(all.gradient, exact.gradient), 1e-4);
    }
    if (!exact.pressure.empty()) {
      EXPECT_LT(relative_l2(all.pressure, exact.pressure), 1e-5);
    }
  }
}

// The check of memory counts the results of every output, whichever came before; on one rank.
TEST(VectorKernels, OutputsThatNeedMoreMemoryAreChecked) {
  if (world().rank != 0) return;
  const std::vector<double> points = make_points("cube", 20000), forces = make_charges(60000, 5);
  Options options;
  options.digits = 3;
  options.ncrit = 100;
  for (const Output first : {Output::potential, Output::potential_and_pressure}) {
    options.output = first;
    options.memory_limit = std::nullopt;
    Fmm free(MPI_COMM_SELF, Stokes{}, options);
    free.set_points(points);
    free.evaluate(forces, first);
    const Index peak = free.summary().memory_estimate.peak();
    options.memory_limit = peak + peak / 20;
    Fmm limited(MPI_COMM_SELF, Stokes{}, options);
    limited.set_points(points);
    limited.evaluate(forces, first);
    EXPECT_THROW(limited.evaluate(forces, Output::potential_and_gradient), AgreedError);
  }
}

// The sources of one rank; others may have none.
TEST(VectorKernels, RanksWithoutPoints) {
  const Part part = world();
  const VectorProblem problem("cube", 300);
  const bool mine = part.rank == part.ranks - 1;
  const auto here = [mine](const std::vector<double>& values) {
    return mine ? values : std::vector<double>{};
  };
  Options options;
  options.digits = 6;
  options.ncrit = 15;
  for (const AnyKernel& kernel : vector_kernels()) {
    Fmm fmm(MPI_COMM_WORLD, kernel, options);
    const std::vector<double> points = here(problem.sources), strengths = here(problem.strengths);
    fmm.set_points(points);
    const Field field = fmm.evaluate(strengths);
    const std::vector<double> exact = problem.direct(kernel).potential;
    if (mine) {
      EXPECT_LT(relative_l2(field.potential, exact), 1e-6);
    }
  }
}

TEST(VectorKernels, MistakesAreRefusedOnAllRanks) {
  const VectorProblem problem("cube", 200);
  const auto refusal = [](const auto& call) {
    try {
      call();
    } catch (const AgreedError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  Options options;
  options.digits = 4;
  options.ncrit = 20;
  VectorEvaluation e(problem, Stokes{}, options);
  std::vector<double> wrong = e.strengths;
  if (e.part.rank == e.part.ranks - 1) wrong.pop_back();
  EXPECT_NE(refusal([&] { e.fmm.evaluate(wrong); }).find("which need three each"), std::string::npos);
  EXPECT_NE(refusal([&] {
              e.fmm.evaluate(Strengths{e.strengths, e.strengths});
            }).find("stokes has none"),
            std::string::npos);
  const Output hessian = Output::potential_gradient_and_hessian;
  EXPECT_NE(refusal([&] { e.fmm.evaluate(e.strengths, hessian); }).find("no second derivatives"),
            std::string::npos);
  EXPECT_NO_THROW(e.fmm.evaluate(e.strengths));
  for (const AnyKernel& kernel : {AnyKernel(BiotSavart{}), AnyKernel(Elasticity{})}) {
    VectorEvaluation other(problem, kernel, options);
    EXPECT_NE(refusal([&] {
                other.fmm.evaluate(other.strengths, Output::potential_and_pressure);
              }).find("pressure"),
              std::string::npos);
  }
  EXPECT_NE(refusal([&] { Fmm(MPI_COMM_WORLD, Stokes{0}, options); }).find("viscosity"), std::string::npos);
  options.output = Output::potential_and_gradient;
  options.digits = 10;
  EXPECT_NE(refusal([&] { Fmm(MPI_COMM_WORLD, Stokes{}, options); }).find("reaches 2 to 9"),
            std::string::npos);
  options.digits = 4;
  options.output = hessian;
  EXPECT_NE(refusal([&] { Fmm(MPI_COMM_WORLD, Stokes{}, options); }).find("no second derivatives"),
            std::string::npos);
  options.output = Output::potential_and_pressure;
  EXPECT_NE(refusal([&] { Fmm(MPI_COMM_WORLD, Laplace{}, options); }).find("no pressure"), std::string::npos);
}

// ---- physics.

/// Whether this rank is the one that computes.
bool is_first() {
  return world().rank == 0;
}

/// The field of strengths at sources on one rank.
std::vector<double> on_one_rank(const AnyKernel& kernel, const std::vector<double>& sources,
                                const std::vector<double>& strengths, const std::vector<double>& targets) {
  Options options;
  options.digits = 9;
  options.ncrit = 60;
  Fmm fmm(MPI_COMM_SELF, kernel, options);
  fmm.set_points(sources, targets);
  return fmm.evaluate(strengths).potential;
}

// A uniform traction 3 mu U / (2 a) on a sphere of radius a moves it with U: Stokes' drag is 6 pi mu a U.
TEST(VectorKernelsPhysics, DragOfASphere) {
  if (!is_first()) return;
  const double a = 0.8, mu = 0.6;
  const std::size_t n = 20000;
  std::vector<double> sources, forces;
  for (std::size_t i = 0; i < n; ++i) {  // a Fibonacci lattice: equal areas
    const double z = 1 - (2 * static_cast<double>(i) + 1) / static_cast<double>(n),
                 angle = std::numbers::pi * (3 - std::sqrt(5.0)) * static_cast<double>(i),
                 s = std::sqrt(1 - z * z);
    sources.insert(sources.end(), {a * s * std::cos(angle), a * s * std::sin(angle), a * z});
    forces.insert(forces.end(), {0, 0, 6 * std::numbers::pi * mu * a / static_cast<double>(n)});
  }
  const std::vector<double> inside = {0, 0, 0, 0.2, -0.3, 0.1, 0.4, 0.2, -0.3};
  const std::vector<double> u = on_one_rank(Stokes{mu}, sources, forces, inside);
  for (std::size_t i = 0; i < inside.size(); i += 3) {
    EXPECT_NEAR(u[i], 0, 1e-4);
    EXPECT_NEAR(u[i + 1], 0, 1e-4);
    EXPECT_NEAR(u[i + 2], 1, 1e-4);
  }
}

// The velocity on the axis of a vortex ring of radius a: a^2 / (2 (a^2 + z^2)^(3/2)) of its circulation.
TEST(VectorKernelsPhysics, AxisOfAVortexRing) {
  if (!is_first()) return;
  const double a = 0.7;
  const std::size_t n = 4000;
  std::vector<double> sources, vorticity, targets;
  for (std::size_t i = 0; i < n; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n),
                 length = 2 * std::numbers::pi * a / static_cast<double>(n);
    sources.insert(sources.end(), {a * std::cos(angle), a * std::sin(angle), 0});
    vorticity.insert(vorticity.end(), {-length * std::sin(angle), length * std::cos(angle), 0});
  }
  for (const double z : {-1.5, -0.3, 0.0, 0.4, 2.0}) targets.insert(targets.end(), {0, 0, z});
  const std::vector<double> u = on_one_rank(BiotSavart{}, sources, vorticity, targets);
  for (std::size_t i = 0; i < targets.size(); i += 3) {
    const double z = targets[i + 2];
    EXPECT_NEAR(u[i], 0, 1e-8);
    EXPECT_NEAR(u[i + 1], 0, 1e-8);
    EXPECT_NEAR(u[i + 2], a * a / (2 * std::pow(a * a + z * z, 1.5)), 1e-8);
  }
}

// Velocities are free of divergence, by differences over six neighbours.
TEST(VectorKernelsPhysics, NoDivergence) {
  if (!is_first()) return;
  const std::vector<double> sources = make_points("cube", 500), strengths = make_charges(1500, 3);
  constexpr double h = 1e-3;
  std::vector<double> targets;
  const std::vector<double> centres = make_points("cube", 20, 8);
  for (std::size_t i = 0; i < centres.size(); i += 3)
    for (std::size_t c = 0; c < 3; ++c)
      for (const double step : {-h, h})
        for (std::size_t k = 0; k < 3; ++k) targets.push_back(2.5 + centres[i + k] + (k == c ? step : 0));
  for (const AnyKernel& kernel : {AnyKernel(Stokes{}), AnyKernel(BiotSavart{})}) {
    const std::vector<double> u = on_one_rank(kernel, sources, strengths, targets);
    for (std::size_t i = 0; i < centres.size() / 3; ++i) {
      double divergence = 0, size = 0;
      for (std::size_t c = 0; c < 3; ++c) {
        const std::size_t at = 18 * i + 6 * c;
        const double slope = (u[at + 3 + c] - u[at + c]) / (2 * h);
        divergence += slope;
        size += std::abs(slope);
      }
      EXPECT_LT(std::abs(divergence), 1e-4 * size + 1e-6) << kernel.name();
    }
  }
}

// From far away, forces act as their sum.
TEST(VectorKernelsPhysics, TheTotalForceActsFarAway) {
  if (!is_first()) return;
  const std::vector<double> sources = make_points("cube", 400), forces = make_charges(1200, 3);
  std::array<double, 3> total{};
  for (std::size_t i = 0; i < forces.size(); ++i) total[i % 3] += forces[i];
  const std::vector<double> far = {1e5, 2e5, -1e5}, at_origin(3, 0.0);
  for (const AnyKernel& kernel : {AnyKernel(Stokes{}), AnyKernel(Elasticity{1, 0.3})}) {
    const std::vector<double> u = on_one_rank(kernel, sources, forces, far),
                              one = on_one_rank(kernel, at_origin, {total.begin(), total.end()}, far);
    EXPECT_LT(relative_l2(u, one), 1e-4) << kernel.name();
  }
}

}  // namespace
}  // namespace octopole
