// The planner against real runs: counts made by one process for every rank equal those of the ranks.
#include <gtest/gtest.h>

#include "fmm/evaluate.hpp"
#include "fmm/set_points.hpp"
#include "fmm/statistics.hpp"
#include "io/points_file.hpp"
#include "planner/forecast.hpp"
#include "tests/support/problem.hpp"
#include "tree/morton.hpp"

namespace octopole {
namespace {

/// Counts of one rank of a real run.
struct RealRank {
  Index sources, targets, leaves, nodes, ghost_nodes, ghost_sources;
  OperationCounts operations;
  RankTraffic traffic;
  RankMemory memory;
};

/// rank_memory of a real set-up, checked against the arrays that it estimates where they are accessible.
RankMemory measure_memory(const mpi::Comm& comm, PointSetup& s, const Parameters& parameters,
                          const test::Part& part, const Strengths& strengths) {
  const bool targets_are_sources = !s.target_exchange;
  const PointNumbers numbers{s.points.sources / part.ranks,
                             s.points.targets / part.ranks,
                             s.owned_sources(),
                             s.owned_targets(),
                             s.ghosts.ghost_sources,
                             targets_are_sources,
                             parameters.result_parts()};
  const RankMemory memory =
      rank_memory(s.rank_lists(), s.operator_nodes, s.m2l, numbers, parameters, part.ranks);
  EXPECT_EQ(static_cast<Index>(s.sources.x.size()), numbers.sources + numbers.ghost_sources);
  EXPECT_EQ(memory.partition, static_cast<Index>(s.partition.bounds.size() * sizeof(morton::Code)));
  EXPECT_GE(memory.points, 24 * (numbers.sources + numbers.ghost_sources) +
                               static_cast<Index>(sizeof(PointIndex)) * numbers.sources);
  if (parameters.operators.precision != Precision::double_precision) return memory;
  const LevelOperators operators(make_operators<double>(Laplace{}, parameters.operators));
  Workspace<double> w;
  Field field;
  Profile profile;
  const std::vector<double> units(static_cast<std::size_t>(strengths.vectors), 1.0);
  evaluate(comm, Laplace{}, operators, s, parameters.near_precision, w,
           CallerStrengths{strengths, parameters.options.source_kind, units, 1}, parameters.options.output,
           field, profile);
  Index values = 0, widest = 0;
  for (const auto* array : {&w.strengths, &w.multipoles, &w.locals})
    values += static_cast<Index>(array->size());
  for (const auto& part_of_sums : w.sums) values += static_cast<Index>(part_of_sums.size());
  for (std::size_t level = 2; level < s.operator_nodes.target_nodes.size(); ++level)
    widest = std::max<Index>(widest, s.tree.level_begin[level + 1] - s.tree.level_begin[level]);
  values += parameters.vectors_per_pass() * widest * operators.any().translations.downward_check_size();
  EXPECT_EQ(memory.values, 8 * values + 4 * static_cast<Index>(w.near_strengths.size()));
  return memory;
}

AlignedVector<morton::Code> encode(const morton::RootCube& cube, const std::vector<double>& points) {
  AlignedVector<morton::Code> codes;
  for (std::size_t i = 0; i < points.size(); i += 3)
    codes.push_back(cube.encode(points[i], points[i + 1], points[i + 2]));
  return codes;
}

std::vector<Index> bounds_of_blocks(std::size_t points, int ranks) {
  std::vector<Index> bounds;
  bounds.reserve(static_cast<std::size_t>(ranks) + 1);
  for (int rank = 0; rank < ranks; ++rank)
    bounds.push_back(
        static_cast<Index>(points * static_cast<std::size_t>(rank) / static_cast<std::size_t>(ranks)));
  bounds.push_back(static_cast<Index>(points));
  return bounds;
}

void expect_plan(const test::Problem& problem, Options options) {
  const test::Part part = test::world();
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  if (options.output == Output::potential) options.output = Output::potential_and_gradient;
  Parameters parameters = resolve(options, Laplace::name);
  const auto sources = part.of(problem.sources, 3), targets = part.of(problem.targets, 3);
  const bool targets_are_sources = problem.targets.empty();
  PointSetup s =
      set_points(comm, parameters, sources,
                 targets_are_sources ? std::nullopt : std::optional<std::span<const double>>(targets));
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  if (targets_are_sources)
    fmm.set_points(sources);
  else
    fmm.set_points(sources, targets);
  std::vector<double> charges, dipoles;  // equal vectors, equal components
  const auto vectors = static_cast<std::size_t>(options.vectors);
  for (const double q : part.of(problem.charges, 1)) {
    if (options.source_kind != SourceKind::dipoles) charges.insert(charges.end(), vectors, q);
    if (options.source_kind != SourceKind::charges) dipoles.insert(dipoles.end(), 3 * vectors, q);
  }
  const Strengths strengths(charges, dipoles, options.vectors);
  fmm.evaluate(strengths, options.output);
  const Summary summary = fmm.summary();
  const CommunicationSummary& communication = summary.communication;

  Index ghost_nodes = 0;
  for (const tree::NodeKey key : s.tree.keys) ghost_nodes += !s.partition.range(part.rank).overlaps(key);
  RealRank mine{s.owned_sources(),
                s.owned_targets(),
                static_cast<Index>(s.leaves.size()),
                s.tree.size(),
                ghost_nodes,
                s.ghosts.ghost_sources,
                count_operations(s, parameters.operators),
                communication.by_rank[static_cast<std::size_t>(part.rank)],
                measure_memory(comm, s, parameters, part, strengths)};
  const std::vector<RealRank> real = comm.gather_all(std::span<const RealRank>(&mine, 1));
  if (part.rank > 0) return;  // only one process plans

  parameters.ncrit = s.tuning.ncrit;
  AlignedVector<morton::Code> source_codes = encode(s.cube, problem.sources),
                              target_codes = encode(s.cube, problem.targets);
  auto sorted_sources = source_codes, sorted_targets = target_codes;
  morton::sort_codes(sorted_sources);
  morton::sort_codes(sorted_targets);
  const tree::SortedPoints points =
      targets_are_sources ? tree::SortedPoints(sorted_sources)
                          : tree::SortedPoints(sorted_sources, std::span<const morton::Code>(sorted_targets));
  ForecastRequest request{points, parameters};
  request.ranks = part.ranks;
  request.sources = ListedPoints{source_codes, bounds_of_blocks(source_codes.size(), part.ranks)};
  if (!targets_are_sources)
    request.targets = ListedPoints{target_codes, bounds_of_blocks(target_codes.size(), part.ranks)};
  const Forecast forecast = make_forecast(request);
  ASSERT_TRUE(forecast.complete());
  EXPECT_EQ(forecast.moved, s.load_balance.moved);
  EXPECT_EQ(forecast.replicated, summary.replicated);
  for (int rank = 0; rank < part.ranks; ++rank) {
    SCOPED_TRACE("rank " + std::to_string(rank));
    const RankForecast& planned = forecast.examined[static_cast<std::size_t>(rank)];
    const RealRank& r = real[static_cast<std::size_t>(rank)];
    EXPECT_EQ(planned.rank, rank);
    EXPECT_EQ(planned.sources, r.sources);
    EXPECT_EQ(planned.targets, r.targets);
    EXPECT_EQ(planned.leaves, r.leaves);
    EXPECT_EQ(planned.nodes, r.nodes);
    EXPECT_EQ(planned.ghost_nodes, r.ghost_nodes);
    EXPECT_EQ(planned.ghost_sources, r.ghost_sources);
    for (double OperationCounts::*const what : kAllCounts)
      EXPECT_EQ(planned.operations.*what, r.operations.*what);
    for (std::size_t i = 0; i < kExchanges; ++i)
      EXPECT_EQ(planned.traffic.exchanges[i], r.traffic.exchanges[i]) << kExchangeNames[i];
    EXPECT_EQ(planned.traffic.evaluation, r.traffic.evaluation);
    for (const SetupExchange exchange : {SetupExchange::requests, SetupExchange::ghost_coordinates})
      EXPECT_EQ(planned.traffic.setup[static_cast<std::size_t>(exchange)],
                r.traffic.setup[static_cast<std::size_t>(exchange)])
          << kSetupExchangeNames[static_cast<std::size_t>(exchange)];
    EXPECT_EQ(planned.memory, r.memory);
  }

  // Ranks of a sample, from their own lists.
  if (!targets_are_sources || part.ranks < 5) return;
  ForecastRequest few = request;
  few.sample = 4;
  few.parameters.options.load_balance = LoadBalance::points;
  request.parameters.options.load_balance = LoadBalance::points;
  const Forecast by_points = make_forecast(request);
  for (const RankForecast& planned : make_forecast(few).examined) {
    SCOPED_TRACE("sampled rank " + std::to_string(planned.rank));
    const RankForecast& whole = by_points.examined[static_cast<std::size_t>(planned.rank)];
    for (std::size_t i = 0; i < kExchanges; ++i)
      EXPECT_EQ(planned.traffic.exchanges[i], whole.traffic.exchanges[i]) << kExchangeNames[i];
    for (std::size_t i = 0; i < kSetupExchanges; ++i)
      EXPECT_EQ(planned.traffic.setup[i], whole.traffic.setup[i]) << kSetupExchangeNames[i];
    EXPECT_EQ(planned.nodes, whole.nodes);
  }
}

class Planned : public testing::TestWithParam<std::string> {};

TEST_P(Planned, CountsAreThoseOfARealRun) {
  expect_plan(test::make_problem(GetParam(), 3000), test::with_order(4, 20));
}
TEST_P(Planned, ByPointsWithoutBalanceInDouble) {
  Options options = test::with_order(3, 15, M2lMethod::svd);
  options.two_to_one = false;
  options.load_balance = LoadBalance::points;
  options.direct_leaves = false;
  expect_plan(test::make_problem(GetParam(), 2000), options);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Planned,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line", "same"));

TEST(PlannedUgly, DistinctTargets) {
  test::Problem problem{test::make_points("sphere", 2000), test::make_charges(2000),
                        test::make_points("cube", 1500, 9)};
  expect_plan(problem, test::with_order(4, 20));
}

TEST(PlannedUgly, SeveralVectors) {
  for (const int vectors : {3, 16}) {  // in one pass, and in two equal ones
    Options options = test::with_order(4, 20);
    options.vectors = vectors;
    expect_plan(test::make_problem("plummer", 1500), options);
    options.precision = Precision::single_precision;
    expect_plan(test::make_problem("sphere", 1500), options);
  }
}

TEST(PlannedUgly, DipolesAndHessians) {
  for (const SourceKind kind : {SourceKind::dipoles, SourceKind::charges_and_dipoles}) {
    Options options = test::with_order(4, 20);
    options.source_kind = kind;
    expect_plan(test::make_problem("plummer", 1500), options);
    options.output = Output::potential_gradient_and_hessian;
    options.vectors = 2;
    expect_plan(test::make_problem("sphere", 1000), options);
  }
}

TEST(PlannedUgly, FewerPointsThanRanks) {
  for (const std::size_t n : {1u, 4u, 30u})
    expect_plan(test::make_problem("cube", n), test::with_order(3, 2));
}

TEST(PlannedUgly, TunedAndMixedPrecision) {
  Options options;
  options.digits = 6;
  expect_plan(test::make_problem("plummer", 6000), options);
}

}  // namespace
}  // namespace octopole
