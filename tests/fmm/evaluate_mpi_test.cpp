#include <gtest/gtest.h>
#include <omp.h>

#include <limits>

#include "octopole/fmm/fmm.hpp"
#include "octopole/kernels/direct.hpp"
#include "tests/support/points.hpp"

namespace octopole {
namespace {

struct Problem {
  std::vector<double> sources, charges, targets;  // all ranks'; empty targets: the sources
};

struct Part {
  int rank = 0, ranks = 1;
  std::vector<double> of(const std::vector<double>& values, std::size_t width) const {
    return test::block_of(values, width, rank, ranks);
  }
};

Part world() {
  Part part;
  MPI_Comm_rank(MPI_COMM_WORLD, &part.rank);
  MPI_Comm_size(MPI_COMM_WORLD, &part.ranks);
  return part;
}

std::vector<double> gather(const std::vector<double>& mine, const Part& part) {
  int count = static_cast<int>(mine.size());
  std::vector<int> counts(static_cast<std::size_t>(part.ranks)), places(counts.size());
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, MPI_COMM_WORLD);
  for (std::size_t r = 1; r < counts.size(); ++r) places[r] = places[r - 1] + counts[r - 1];
  std::vector<double> all(static_cast<std::size_t>(places.back() + counts.back()));
  MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), places.data(), MPI_DOUBLE,
                 MPI_COMM_WORLD);
  return all;
}

// The whole field, in the global order of the targets.
Field run(const Problem& problem, const Options& options, const Part& part, MPI_Comm comm = MPI_COMM_WORLD) {
  Fmm fmm(comm, Laplace{}, options);
  if (problem.targets.empty())
    fmm.set_points(part.of(problem.sources, 3));
  else
    fmm.set_points(part.of(problem.sources, 3), part.of(problem.targets, 3));
  const Field mine = fmm.evaluate(part.of(problem.charges, 1), Output::potential_and_gradient);
  if (part.ranks == 1) return mine;
  return {gather(mine.potential, part), gather(mine.gradient, part)};
}

Field direct(const Problem& problem) {
  const auto& targets = problem.targets.empty() ? problem.sources : problem.targets;
  Field field{std::vector<double>(targets.size() / 3), std::vector<double>(targets.size())};
  direct_sum(Laplace{}, targets, problem.sources, problem.charges, field.potential, field.gradient);
  return field;
}

Problem cloud(const std::string& shape, std::size_t n) {
  return {test::make_points(shape, n), test::make_charges(n), {}};
}

Options with_order(int order, int ncrit, M2lMethod m2l = M2lMethod::fft) {
  Options options;
  options.order = order;
  options.ncrit = ncrit;
  options.m2l = m2l;
  return options;
}

class Shapes : public testing::TestWithParam<std::string> {};

TEST_P(Shapes, EqualsOneRankAndTheDirectSum) {
  const Problem problem = cloud(GetParam(), 2500);
  for (M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd}) {
    const Options options = with_order(5, 30, m2l);
    const Field together = run(problem, options, world()),
                alone = run(problem, options, Part{}, MPI_COMM_SELF);
    EXPECT_LT(test::relative_l2(together.potential, alone.potential), 1e-12) << GetParam();
    EXPECT_LT(test::relative_l2(together.gradient, alone.gradient), 1e-12) << GetParam();
    if (world().rank != 0) continue;
    const Field exact = direct(problem);
    EXPECT_LT(test::relative_l2(alone.potential, exact.potential), 1e-4) << GetParam();
    EXPECT_LT(test::relative_l2(alone.gradient, exact.gradient), 3e-3) << GetParam();
  }
}

INSTANTIATE_TEST_SUITE_P(Clouds, Shapes,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line", "plane", "faces"));

TEST(Evaluate, DoesNotDependOnTheTransport) {
  const Problem problem = cloud("plummer", 2000);
  Options options = with_order(4, 20);
  const Field collective = run(problem, options, world());
  options.transport = mpi::Transport::point_to_point;
  const Field messages = run(problem, options, world());
  EXPECT_EQ(collective.potential, messages.potential);
  EXPECT_EQ(collective.gradient, messages.gradient);
}

TEST(Evaluate, DoesNotDependOnTheThreads) {
  const Problem problem = cloud("ellipsoid", 2000);
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
  const Problem problem = cloud("sphere", 1500);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(5, 30));
  fmm.set_points(part.of(problem.sources, 3));
  const auto other = test::make_charges(1500, 77);
  fmm.evaluate(part.of(other, 1));
  const Field again = fmm.evaluate(part.of(problem.charges, 1));
  EXPECT_TRUE(again.gradient.empty());
  const Field fresh = run(problem, with_order(5, 30), part);
  EXPECT_EQ(gather(again.potential, part), fresh.potential);
  // Linearity.
  std::vector<double> sum(1500);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = 2 * problem.charges[i] - 3 * other[i];
  const auto combined = gather(fmm.evaluate(part.of(sum, 1)).potential, part);
  const auto first = fresh.potential, second = gather(fmm.evaluate(part.of(other, 1)).potential, part);
  std::vector<double> expected(1500);
  for (std::size_t i = 0; i < sum.size(); ++i) expected[i] = 2 * first[i] - 3 * second[i];
  EXPECT_LT(test::relative_l2(combined, expected), 1e-12);
}

TEST(Evaluate, SendsOnlyChargesAndMultipoles) {
  const Part part = world();
  const Problem problem = cloud("cube", 4000);
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(4, 30));
  fmm.set_points(part.of(problem.sources, 3));
  fmm.evaluate(part.of(problem.charges, 1));
  const Summary summary = fmm.summary();
  if (part.ranks == 1) {
    EXPECT_EQ(summary.bytes_sent_total, 0);
    EXPECT_EQ(summary.messages_max, 0);
  } else {
    EXPECT_GT(summary.bytes_sent_total, 0);
    // Charges out and potentials back are 16 bytes a point; ghost charges 8; a multipole of order 4 has 56
    // numbers.
    const Index multipoles = summary.tree.nodes * part.ranks * 56 * 8, points = 4000 * (16 + 8 * part.ranks);
    EXPECT_LT(summary.bytes_sent_total, multipoles + points);
  }
}

TEST(Evaluate, DistinctTargets) {
  for (double shift : {0.0, 0.4, 3.0}) {
    Problem problem = cloud("sphere", 1500);
    problem.targets = test::make_points("cube", 1200, 5);
    for (double& x : problem.targets) x += shift;
    const Field field = run(problem, with_order(6, 30), world()), exact = direct(problem);
    EXPECT_LT(test::relative_l2(field.potential, exact.potential), 2e-5) << shift;
    EXPECT_LT(test::relative_l2(field.gradient, exact.gradient), 2e-4) << shift;
  }
}

TEST(Evaluate, CoincidentPointsGiveNoNaN) {
  Problem problem = cloud("cube", 600);
  for (std::size_t i = 0; i < 300; ++i)  // pairs of coincident sources
    for (std::size_t c = 0; c < 3; ++c) problem.sources[3 * (i + 300) + c] = problem.sources[3 * i + c];
  const Field field = run(problem, with_order(6, 20), world()), exact = direct(problem);
  EXPECT_LT(test::relative_l2(field.potential, exact.potential), 1e-5);
  EXPECT_LT(test::relative_l2(field.gradient, exact.gradient), 1e-4);
  // Targets given apart, but equal to the sources: the self term is skipped just the same.
  problem.targets = problem.sources;
  const Field apart = run(problem, with_order(6, 20), world());
  EXPECT_LT(test::relative_l2(apart.potential, field.potential), 1e-12);
}

TEST(Evaluate, AllPointsEqualGiveZero) {
  Problem problem = cloud("same", 200);
  Options options = with_order(4, 10);
  options.max_level = 5;
  const Field field = run(problem, options, world());
  EXPECT_EQ(field.potential, std::vector<double>(200, 0.0));
  EXPECT_EQ(field.gradient, std::vector<double>(600, 0.0));
}

TEST(Evaluate, FewPointsAndEmptyRanks) {
  for (std::size_t n : {1u, 2u, 3u, 20u}) {
    const Problem problem = cloud("cube", n);
    const Field field = run(problem, with_order(4, 2), world()), exact = direct(problem);
    ASSERT_EQ(field.potential.size(), n);
    EXPECT_LT(test::relative_l2(field.potential, exact.potential), 1e-2);
  }
  // One rank holds all sources, another all targets.
  const Part part = world();
  const Problem problem = cloud("plummer", 800);
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
  const Problem problem = cloud("plummer", 1500);
  const Field field = run(problem, with_order(6, 30), world());
  Problem moved = problem;
  for (double& x : moved.sources) x = 1000 * x + 64;
  Field scaled = run(moved, with_order(6, 30), world());
  for (double& u : scaled.potential) u *= 1000;
  for (double& g : scaled.gradient) g *= 1e6;
  EXPECT_LT(test::relative_l2(scaled.potential, field.potential),
            2e-6);  // another cube: the method's own error
  EXPECT_LT(test::relative_l2(scaled.gradient, field.gradient), 2e-5);
  Problem doubled = problem;  // a power of two changes nothing but exponents
  for (double& x : doubled.sources) x *= 4;
  Field same = run(doubled, with_order(6, 30), world());
  for (double& u : same.potential) u *= 4;
  EXPECT_LT(test::relative_l2(same.potential, field.potential), 1e-14);
}

TEST(Evaluate, WithoutBalance) {
  const Problem problem = cloud("plummer", 2000);
  Options options = with_order(6, 20);
  options.balance = false;
  EXPECT_LT(test::relative_l2(run(problem, options, world()).potential, direct(problem).potential), 1e-5);
}

TEST(Evaluate, RectangularCheckSurfaces) {
  const Problem problem = cloud("sphere", 1500);
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
  Problem problem = cloud("sphere", 2500);
  for (double& x : problem.sources) x = 1e3 + x;  // an offset that would cost plain floats three digits
  Options options;
  options.precision = Precision::single_precision;
  options.digits = 4;
  const Field field = run(problem, options, world());
  EXPECT_LT(test::relative_l2(field.potential, direct(problem).potential), 1e-4);
}

TEST(Evaluate, WorksOnPartOfTheRanks) {
  const Part part = world();
  const int colour = part.rank % 2;
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(MPI_COMM_WORLD, colour, part.rank, &half);
  Part mine;
  MPI_Comm_rank(half, &mine.rank);
  MPI_Comm_size(half, &mine.ranks);
  const Problem problem = cloud(colour == 0 ? "sphere" : "cube", 800);
  Fmm fmm(half, Laplace{}, with_order(5, 30));
  fmm.set_points(mine.of(problem.sources, 3));
  const Field field = fmm.evaluate(mine.of(problem.charges, 1));
  const auto exact = mine.of(direct(problem).potential, 1);
  if (!exact.empty()) {
    EXPECT_LT(test::relative_l2(field.potential, exact), 1e-4);
  }
  MPI_Comm_free(&half);
}

void expect_error(const std::string& part_of_message, const std::function<void()>& action) {
  try {
    action();
    ADD_FAILURE() << "no error: " << part_of_message;
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find(part_of_message), std::string::npos) << error.what();
  }
}

TEST(BadInput, IsTheSameErrorOnAllRanks) {
  const Part part = world();
  const bool last = part.rank == part.ranks - 1;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, with_order(3, 30));
  expect_error("before set_points", [&] { fmm.evaluate({}); });
  expect_error("no sources", [&] { fmm.set_points(std::vector<double>{}); });
  expect_error("no targets", [&] { fmm.set_points(std::vector<double>{1, 2, 3}, {}); });
  expect_error("not three", [&] { fmm.set_points(std::vector<double>(last ? 4 : 3)); });
  std::vector<double> points(30, 0.5);
  if (last) points[17] = std::numeric_limits<double>::quiet_NaN();
  if (last) points[20] = std::numeric_limits<double>::infinity();
  const std::string where =
      "2 NaN or infinite values, the first at index " + std::to_string(10 * (part.ranks - 1) + 5);
  expect_error(where, [&] { fmm.set_points(points); });
  points[17] = points[20] = 0.25;
  fmm.set_points(points);
  expect_error("9 values for 10 sources", [&] { fmm.evaluate(std::vector<double>(last ? 9 : 10)); });
  std::vector<double> charges(10, 1.0);
  if (last) charges[3] = -std::numeric_limits<double>::infinity();
  expect_error("1 NaN or infinite", [&] { fmm.evaluate(charges); });
  EXPECT_EQ(fmm.evaluate(std::vector<double>(10, 1.0)).potential.size(), 10u);  // still usable
}

TEST(BadInput, OptionsOutOfRange) {
  const auto refuse = [](const std::string& message, auto&& set) {
    Options options;
    set(options);
    expect_error(message, [&] { Fmm(MPI_COMM_WORLD, Laplace{}, options); });
  };
  refuse("digits = 13", [](Options& o) { o.digits = 13; });
  refuse("digits = 1 ", [](Options& o) { o.digits = 1; });
  refuse("use double", [](Options& o) { o.digits = 9, o.precision = Precision::single_precision; });
  refuse("order = 1", [](Options& o) { o.order = 1; });
  refuse("order = 40", [](Options& o) { o.order = 40; });
  refuse("check order = 3", [](Options& o) { o.order = 4, o.check_order = 3; });
  refuse("needs them equal", [](Options& o) { o.order = 4, o.downward_check_order = 6; });
  refuse("ncrit = 0", [](Options& o) { o.ncrit = 0; });
  refuse("maximum level = 21", [](Options& o) { o.max_level = 21; });
  refuse("inner radius", [](Options& o) { o.inner_radius = 0.9; });
  refuse("outer radius", [](Options& o) { o.outer_radius = 5; });
  refuse("no meaning", [](Options& o) { o.svd_rank = 10; });
  refuse("SVD tolerance", [](Options& o) { o.m2l = M2lMethod::svd, o.svd_tolerance = 2; });
}

}  // namespace
}  // namespace octopole
