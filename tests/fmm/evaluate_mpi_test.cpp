#include <gtest/gtest.h>
#include <omp.h>

#include <cmath>

#include "fmm/set_points.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

class Shapes : public testing::TestWithParam<std::string> {};

TEST_P(Shapes, EqualsOneRankAndTheDirectSum) {
  const Problem problem = make_problem(GetParam(), 2500);
  const Field exact = direct(problem);
  for (M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd}) {
    const Options options = with_order(5, 30, m2l);
    const Field together = run(problem, options, world());
    const std::optional<Field> alone = run_on_root(problem, options);
    if (!alone) continue;
    EXPECT_LT(test::relative_l2(together.potential, alone->potential), 1e-12) << GetParam();
    EXPECT_LT(test::relative_l2(together.gradient, alone->gradient), 1e-12) << GetParam();
    EXPECT_LT(test::relative_l2(alone->potential, exact.potential), 1e-4) << GetParam();
    EXPECT_LT(test::relative_l2(alone->gradient, exact.gradient), 3e-3) << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(PointDistributions, Shapes,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line", "plane", "faces"));

TEST(Evaluate, DoesNotDependOnTheTransport) {
  const Problem problem = make_problem("plummer", 2000);
  Options options = with_order(4, 20);
  const Field collective = run(problem, options, world());
  options.transport = mpi::Transport::point_to_point;
  const Field messages = run(problem, options, world());
  EXPECT_EQ(collective.potential, messages.potential);
  EXPECT_EQ(collective.gradient, messages.gradient);
}

TEST(Evaluate, DoesNotDependOnTheThreads) {
  const Problem problem = make_problem("ellipsoid", 2000);
  const int before = omp_get_max_threads();
  for (M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd}) {
    omp_set_num_threads(1);
    const Field one = run(problem, with_order(4, 20, m2l), world());
    for (int threads : {2, 3, 4}) {
      omp_set_num_threads(threads);
      EXPECT_LT(test::relative_l2(run(problem, with_order(4, 20, m2l), world()).potential, one.potential),
                1e-12);
    }
  }
  omp_set_num_threads(before);
}

TEST(Evaluate, NewChargesReuseTheSetUp) {
  const Part part = world();
  const Problem problem = make_problem("sphere", 1500);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(5, 30));
  fmm.set_points(part.of(problem.sources, 3));
  const auto other = test::make_charges(1500, 77);
  fmm.evaluate(part.of(other, 1));
  const Field again = fmm.evaluate(part.of(problem.charges, 1));
  EXPECT_TRUE(again.gradient.empty());
  const Field fresh = run(problem, with_order(5, 30), part);
  EXPECT_EQ(gather(again.potential, part), fresh.potential);
  // A field is reused, with and without the gradient.
  Field field;
  fmm.evaluate(part.of(other, 1), field, Output::potential_and_gradient);
  EXPECT_EQ(field.gradient.size(), 3 * field.potential.size());
  fmm.evaluate(part.of(problem.charges, 1), field);
  EXPECT_EQ(field.potential, again.potential);
  EXPECT_TRUE(field.gradient.empty());
  // Linearity.
  std::vector<double> sum(1500);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = 2 * problem.charges[i] - 3 * other[i];
  const auto combined = gather(fmm.evaluate(part.of(sum, 1)).potential, part);
  const auto first = fresh.potential, second = gather(fmm.evaluate(part.of(other, 1)).potential, part);
  std::vector<double> expected(1500);
  for (std::size_t i = 0; i < sum.size(); ++i) expected[i] = 2 * first[i] - 3 * second[i];
  EXPECT_LT(test::relative_l2(combined, expected), 1e-12);
}

TEST(Evaluate, SendsOnlyChargesMultipolesAndResults) {
  // Exactly the bytes in the plans of the same points.
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Part part = world();
  const Problem problem = make_problem("cube", 4000);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(4, 30));
  fmm.set_points(part.of(problem.sources, 3));
  const PointSetup s = set_points(comm, fmm.parameters(), part.of(problem.sources, 3), std::nullopt);
  ASSERT_EQ(s.ghosts.coarse.exchange().total_records(), 0);  // too few ranks for a collective
  Index multipoles = s.ghosts.multipoles.exchange().records_sent_away();
  for (const auto& step : s.ancestors.steps) multipoles += step.exchange.exchange().records_sent_away();
  const Index charges =
      s.source_exchange.outward().records_sent_away() + s.ghosts.points.exchange().records_sent_away();
  const Index sums = part.ranks > 1 ? s.near_sums.exchange().records_sent_away() : 0;
  const Index results = s.source_exchange.homeward().records_sent_away();
  const Index expected =
      comm.sum(8 * (56 * multipoles + charges + sums + results));  // order 4: 56 points per surface

  fmm.evaluate(part.of(problem.charges, 1));
  EXPECT_EQ(fmm.summary().communication.evaluation.bytes_sent.sum, expected);
  fmm.evaluate(part.of(problem.charges, 1), Output::potential_and_gradient);
  EXPECT_EQ(fmm.summary().communication.evaluation.bytes_sent.sum,
            expected + comm.sum(24 * (sums + results)));
  EXPECT_EQ(expected > 0, part.ranks > 1);
}

TEST(Evaluate, DistinctTargets) {
  for (double shift : {0.0, 0.4, 3.0}) {
    Problem problem = make_problem("sphere", 1500);
    problem.targets = test::make_points("cube", 1200, 5);
    for (double& x : problem.targets) x += shift;
    const Field field = run(problem, with_order(6, 30), world()), exact = direct(problem);
    EXPECT_LT(test::relative_l2(field.potential, exact.potential), 2e-5) << shift;
    EXPECT_LT(test::relative_l2(field.gradient, exact.gradient), 2e-4) << shift;
  }
}

TEST(Evaluate, CoincidentPointsGiveNoNaN) {
  Problem problem = make_problem("cube", 600);
  for (std::size_t i = 0; i < 300; ++i)  // pairs of coincident sources
    for (std::size_t c = 0; c < 3; ++c) problem.sources[3 * (i + 300) + c] = problem.sources[3 * i + c];
  const Field field = run(problem, with_order(6, 20), world()), exact = direct(problem);
  EXPECT_LT(test::relative_l2(field.potential, exact.potential), 1e-5);
  EXPECT_LT(test::relative_l2(field.gradient, exact.gradient), 1e-4);
  // Targets given separately, but equal to the sources: the self term is skipped as well.
  problem.targets = problem.sources;
  const Field apart = run(problem, with_order(6, 20), world());
  EXPECT_LT(test::relative_l2(apart.potential, field.potential), 1e-12);
}

TEST(Evaluate, AllPointsEqualGiveZero) {
  Problem problem = make_problem("same", 200);
  Options options = with_order(4, 10);
  options.max_level = 5;
  const Field field = run(problem, options, world());
  EXPECT_EQ(field.potential, std::vector<double>(200, 0.0));
  EXPECT_EQ(field.gradient, std::vector<double>(600, 0.0));
}

TEST(Evaluate, FewPointsAndEmptyRanks) {
  for (std::size_t n : {1u, 2u, 3u, 20u}) {
    const Problem problem = make_problem("cube", n);
    const Field field = run(problem, with_order(4, 2), world()), exact = direct(problem);
    ASSERT_EQ(field.potential.size(), n);
    EXPECT_LT(test::relative_l2(field.potential, exact.potential), 1e-2);
  }
  // One rank holds all sources, another all targets.
  const Part part = world();
  const Problem problem = make_problem("plummer", 800);
  const auto targets = test::make_points("cube", 500, 3);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(6, 20));
  const bool has_sources = part.rank == 0, has_targets = part.rank == part.ranks - 1;
  fmm.set_points(has_sources ? problem.sources : std::vector<double>{},
                 has_targets ? targets : std::vector<double>{});
  const Field field = fmm.evaluate(has_sources ? problem.charges : std::vector<double>{});
  ASSERT_EQ(field.potential.size(), has_targets ? 500u : 0u);
  if (has_targets) {
    std::vector<double> exact(500);
    direct_sum(Laplace{}, targets, problem.sources, problem.charges, exact);
    EXPECT_LT(test::relative_l2(field.potential, exact), 1e-5);
  }
}

TEST(Evaluate, TranslationAndScaling) {
  const Problem problem = make_problem("plummer", 1500);
  const Field field = run(problem, with_order(6, 30), world());
  Problem moved = problem;
  for (double& x : moved.sources) x = 1000 * x + 64;
  Field scaled = run(moved, with_order(6, 30), world());
  for (double& u : scaled.potential) u *= 1000;
  for (double& g : scaled.gradient) g *= 1e6;
  EXPECT_LT(test::relative_l2(scaled.potential, field.potential),
            2e-6);  // another root cube: the method's own error
  EXPECT_LT(test::relative_l2(scaled.gradient, field.gradient), 2e-5);
  Problem doubled = problem;  // a power of two changes only exponents
  for (double& x : doubled.sources) x *= 4;
  Field same = run(doubled, with_order(6, 30), world());
  for (double& u : same.potential) u *= 4;
  EXPECT_LT(test::relative_l2(same.potential, field.potential), 1e-14);
}

TEST(Evaluate, WithoutBalance) {
  const Problem problem = make_problem("plummer", 2000);
  Options options = with_order(6, 20);
  options.two_to_one = false;
  const auto exact = direct(problem).potential;
  EXPECT_LT(test::relative_l2(run(problem, options, world()).potential, exact), 1e-5);
  Options single;  // neighbours of very different sizes, leaf-relative points
  single.ncrit = 20;
  single.two_to_one = false;
  for (const int digits : {3, 5}) {
    single.digits = digits;
    EXPECT_LT(test::relative_l2(run(problem, single, world()).potential, exact), std::pow(10.0, -digits));
  }
}

TEST(Evaluate, TightClustersInSinglePrecision) {
  // 30 clusters of 40 points, 1e-7 wide, also on the faces between leaves: one float per coordinate cannot
  // distinguish their points.
  Problem problem = make_problem("cube", 1200);
  const auto offsets = test::make_points("cube", 1200, 9);
  for (std::size_t i = 0; i < 1200; ++i)
    for (std::size_t c = 0; c < 3; ++c)
      problem.sources[3 * i + c] =
          std::round(4 * problem.sources[3 * (i % 30) + c]) / 4 + 1e-7 * offsets[3 * i + c];
  const Field exact = direct(problem);
  for (const int digits : {3, 4, 5}) {
    Options options;
    options.digits = digits;
    options.ncrit = 100;
    const Field field = run(problem, options, world());
    EXPECT_LT(test::relative_l2(field.potential, exact.potential), std::pow(10.0, -digits));
    EXPECT_LT(test::relative_l2(field.gradient, exact.gradient), std::pow(10.0, -digits));
  }
}

TEST(Evaluate, RectangularCheckSurfaces) {
  const Problem problem = make_problem("sphere", 1500);
  const auto exact = direct(problem).potential;
  Options fft = with_order(5, 20);
  fft.check_order = 7;
  EXPECT_LT(test::relative_l2(run(problem, fft, world()).potential, exact), 1e-4);
  Options svd = with_order(5, 20, M2lMethod::svd);
  svd.check_order = 7;
  svd.downward_check_order = 7;
  EXPECT_LT(test::relative_l2(run(problem, svd, world()).potential, exact), 1e-4);
}

TEST(Evaluate, SinglePrecision) {
  Problem problem = make_problem("sphere", 2500);
  for (double& x : problem.sources) x = 1e3 + x;  // with this offset plain floats would lose three digits
  Options options;
  options.precision = Precision::single_precision;
  options.digits = 4;
  const Field field = run(problem, options, world());
  EXPECT_LT(test::relative_l2(field.potential, direct(problem).potential), 1e-4);
}

TEST(Evaluate, DoesNotDependOnRanksAndThreadsAtAnyDigits) {
  const int threads = omp_get_max_threads();
  for (const char* shape : {"cube", "plummer"})
    for (const int digits : {3, 5, 6, 9}) {
      const Problem problem = make_problem(shape, 3000);
      Options options;
      options.digits = digits;
      options.ncrit = 40;
      omp_set_num_threads(1);
      const std::optional<Field> alone = run_on_root(problem, options);
      omp_set_num_threads(2);
      const Field together = run(problem, options, world());
      if (!alone) continue;
      EXPECT_LT(test::relative_l2(together.potential, alone->potential), 1e-12) << shape << ' ' << digits;
      EXPECT_LT(test::relative_l2(together.gradient, alone->gradient), 1e-12) << shape << ' ' << digits;
    }
  omp_set_num_threads(threads);
}

TEST(Evaluate, ClustersOfTargetsFarFromSourcesKeepTheirGradients) {
  // In a deep chain of L2L to which no level adds anything, the gradient would lose digits level by level.
  for (double size : {1e-2, 1e-4}) {
    Problem problem{test::make_points("sphere", 800), std::vector<double>(800, 1.0),
                    test::make_points("cube", 1500, 8)};
    for (double& x : problem.targets) x = 1.5 + size * x;
    const Field exact = direct(problem);
    for (M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd}) {
      const Options options = with_order(7, 20, m2l);
      const Field field = run(problem, options, world());
      const std::optional<Field> alone = run_on_root(problem, options);
      if (!alone) continue;
      EXPECT_LT(test::relative_l2(field.potential, exact.potential), 1e-6) << size;
      EXPECT_LT(test::relative_l2(field.gradient, exact.gradient), 1e-5) << size;
      EXPECT_LT(test::relative_l2(field.gradient, alone->gradient), 1e-12) << size;
    }
  }
}

TEST(Evaluate, SeveralPointSetsOnOneFmm) {
  const Part part = world();
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(5, 20));
  EXPECT_EQ(fmm.summary().ranks, part.ranks) << "before there are points";
  for (std::size_t n : {900u, 50u, 1800u}) {
    Problem problem = make_problem(n == 50 ? "cube" : "plummer", n);
    if (n == 1800) problem.targets = test::make_points("sphere", 300, 4);
    if (problem.targets.empty())
      fmm.set_points(part.of(problem.sources, 3));
    else
      fmm.set_points(part.of(problem.sources, 3), part.of(problem.targets, 3));
    EXPECT_EQ(fmm.summary().evaluate_seconds.max, 0) << "the figures of an evaluation outlive its points";
    const auto field = gather(fmm.evaluate(part.of(problem.charges, 1)).potential, part);
    EXPECT_LT(test::relative_l2(field, direct(problem).potential), 1e-4) << n;
  }
}

TEST(Evaluate, CoincidentClustersFarFromTheOrigin) {
  Problem problem = make_problem("cube", 400);
  for (double offset : {0.0, 1e8, 1e11}) {
    Problem moved = problem;
    for (std::size_t i = 0; i < 400; ++i)  // 10 places, 40 points at each
      for (std::size_t c = 0; c < 3; ++c)
        moved.sources[3 * i + c] = problem.sources[3 * (i % 10) + c] + offset;
    moved.targets = test::make_points("cube", 300, 6);
    for (double& x : moved.targets) x += offset;
    for (M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd})
      EXPECT_LT(
          test::relative_l2(run(moved, with_order(7, 15, m2l), world()).potential, direct(moved).potential),
          1e-6)
          << offset;
  }
}

TEST(Evaluate, ChargesBeyondTheRangeOfFloats) {
  const Problem problem = make_problem("cube", 800);
  Options options;
  options.precision = Precision::single_precision;
  for (double unit : {1e60, 1e-60}) {
    Problem scaled = problem;
    for (double& q : scaled.charges) q *= unit;
    EXPECT_LT(test::relative_l2(run(scaled, options, world()).potential, direct(scaled).potential), 1e-4)
        << unit;
  }
}

TEST(Evaluate, AMovedFromFmmSaysSo) {
  Fmm first(MPI_COMM_WORLD, Laplace{}, with_order(3, 30));
  Fmm second = std::move(first);
  EXPECT_THROW(first.parameters(), Error);  // NOLINT(bugprone-use-after-move)
  second.set_points(std::vector<double>{0.1, 0.2, 0.3});
  EXPECT_EQ(second.evaluate(std::vector<double>{1.0}).potential.size(), 1u);
}

TEST(Evaluate, WorksOnPartOfTheRanks) {
  const Part part = world();
  const int colour = part.rank % 2;
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, colour, part.rank, &half);
  Part mine;
  MPI_Comm_rank(half, &mine.rank);
  MPI_Comm_size(half, &mine.ranks);
  const Problem problem = make_problem(colour == 0 ? "sphere" : "cube", 800);
  Fmm fmm(half, Laplace{}, with_order(5, 30));
  fmm.set_points(mine.of(problem.sources, 3));
  const Field field = fmm.evaluate(mine.of(problem.charges, 1));
  const std::vector<double> targets = mine.of(problem.sources, 3);
  std::vector<double> exact(field.potential.size());
  direct_sum(Laplace{}, targets, problem.sources, problem.charges, exact);
  if (!exact.empty()) {
    EXPECT_LT(test::relative_l2(field.potential, exact), 1e-4);
  }
  MPI_Comm_free(&half);
}

// Coordinates in any unit of length.

Problem scaled(Problem problem, double scale) {
  for (auto* points : {&problem.sources, &problem.targets})
    for (double& x : *points) x *= scale;
  return problem;
}

/// Converts the field to the units of the unscaled points: u(s x) = u(x) / s.
Field in_ordinary_units(Field field, double scale) {
  for (double& u : field.potential) u *= scale;
  for (double& g : field.gradient) g = g * scale * scale;
  return field;
}

class ScaleByDigits : public testing::TestWithParam<int> {};

TEST(Scales, PowersOfTwoChangeNoBit) {
  const Part part = world();
  Problem problem = make_problem("plummer", 700);
  for (const bool distinct : {false, true}) {
    if (distinct) problem.targets = make_points("plummer", 500, 9);
    const Field ordinary = run(problem, with_order(5, 30), part);
    for (const int exponent : {-495, -300, -40, 37, 330, 490}) {
      const double scale = std::ldexp(1.0, exponent);
      const Field field = in_ordinary_units(run(scaled(problem, scale), with_order(5, 30), part), scale);
      EXPECT_EQ(field.potential, ordinary.potential) << exponent;
      EXPECT_EQ(field.gradient, ordinary.gradient) << exponent;
    }
  }
}

TEST_P(ScaleByDigits, FieldsAreRightInEveryUnit) {
  const Part part = world();
  Options options;
  options.digits = GetParam();
  options.ncrit = 40;
  const double bound = 20 * std::pow(10.0, -GetParam());
  Problem problem = make_problem("cube", 400);
  for (const bool distinct : {false, true}) {
    if (distinct) problem.targets = make_points("cube", 300, 9);
    const Field ordinary = direct(problem);
    for (const double scale : {1e-149, 1e-140, 1e-60, 1e60, 1e140, 0.9e150}) {
      const Problem in_unit = scaled(problem, scale);
      for (const Field& field : {run(in_unit, options, part), direct(in_unit)}) {
        const Field back = in_ordinary_units(field, scale);
        EXPECT_LT(relative_l2(back.potential, ordinary.potential), bound) << scale;
        EXPECT_LT(relative_l2(back.gradient, ordinary.gradient), bound) << scale;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Digits, ScaleByDigits, testing::Values(3, 6, 9));

}  // namespace
}  // namespace octopole
