// The cost model: it makes the same choice on any number of ranks, explicit values win, and its counts are
// those of the resulting trees.
#include "cost/tuning.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "cost/operation_counts.hpp"
#include "fmm/set_points.hpp"
#include "fmm/statistics.hpp"
#include "tests/support/points.hpp"

namespace octopole {
namespace {

Parameters tuned(int digits) {
  Options options;
  options.digits = digits;
  return resolve(options, "laplace");
}

PointSetup set_up(const Parameters& parameters, const std::vector<double>& all, MPI_Comm parent) {
  const mpi::Comm comm = mpi::Comm::duplicate(parent);
  return set_points(comm, parameters, test::block_of(all, 3, comm.rank(), comm.size()), std::nullopt);
}

TEST(Tuning, DoesNotDependOnTheRanks) {
  for (const char* shape : {"cube", "sphere", "ellipsoid"}) {
    const auto all = test::make_points(shape, 90000);  // more than the smallest sample
    const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
    const PointSetup together = set_up(tuned(4), all, MPI_COMM_WORLD);
    const std::uint64_t hash = comm.sum(tree::leaf_hash(together.leaves));
    if (!comm.is_root()) continue;  // the reference on one rank is computed once
    const PointSetup alone = set_up(tuned(4), all, MPI_COMM_SELF);
    EXPECT_EQ(together.tuning.ncrit, alone.tuning.ncrit) << shape;
    EXPECT_EQ(together.tuning.padding, alone.tuning.padding) << shape;
    EXPECT_EQ(together.tuning.sample, alone.tuning.sample) << shape;
    EXPECT_LE(alone.tuning.sample, 90000);
    EXPECT_EQ(hash, tree::leaf_hash(alone.leaves)) << shape;
  }
}

TEST(Tuning, LargeCloudsAreSeenAsSimilarSmallerOnes) {
  EXPECT_EQ(model_scale(1), 1);
  EXPECT_EQ(model_scale(32), 32);
  EXPECT_EQ(model_scale(33), 33.0 / 64);
  EXPECT_EQ(model_scale(64 * 32), 32);
  EXPECT_EQ(model_scale(Index{1} << 40), 16);
  EXPECT_LE(model_scale(std::numeric_limits<Index>::max()), kLargestScale);
}

TEST(Tuning, ExplicitValuesWin) {
  const auto all = test::make_points("cube", 3000);
  Options options;
  options.digits = 4;
  options.ncrit = 77;
  PointSetup s = set_up(resolve(options, "laplace"), all, MPI_COMM_WORLD);
  EXPECT_EQ(s.tuning.ncrit, 77);
  EXPECT_EQ(s.tuning.padding, 1);
  EXPECT_EQ(s.tuning.sample, 0);
  options.padding = 1.7;
  s = set_up(resolve(options, "laplace"), all, MPI_COMM_WORLD);
  EXPECT_EQ(s.tuning.padding, 1.7);
  EXPECT_GE(s.cube.side, 1.69 * 0.99);
  options.ncrit.reset();
  s = set_up(resolve(options, "laplace"), all, MPI_COMM_WORLD);
  EXPECT_EQ(s.tuning.padding, 1.7);
  EXPECT_GT(s.tuning.sample, 0);
  options.tune = false;
  s = set_up(resolve(options, "laplace"), all, MPI_COMM_WORLD);
  EXPECT_EQ(s.tuning.ncrit, resolve(options, "laplace").ncrit);
  EXPECT_EQ(s.tuning.sample, 0);
}

TEST(Tuning, FollowsTheThroughput) {
  const auto all = test::make_points("plummer", 20000);
  Parameters near_is_fast = tuned(6), near_is_slow = tuned(6);
  for (auto kind : {OperationKind::near_pairs, OperationKind::near_gradient_pairs}) {
    for (const auto& [name, row] : near_is_fast.throughput.rows())
      (*row)[static_cast<std::size_t>(kind)] *= 10;
    for (const auto& [name, row] : near_is_slow.throughput.rows())
      (*row)[static_cast<std::size_t>(kind)] /= 10;
  }
  EXPECT_GT(set_up(near_is_fast, all, MPI_COMM_WORLD).tuning.ncrit,
            set_up(near_is_slow, all, MPI_COMM_WORLD).tuning.ncrit);
}

// Only likely candidates are examined, but all if the smallest of these would be chosen.
TEST(Tuning, NeverChoosesTheSmallestLeavesItLookedAt) {
  for (const char* shape : {"cube", "plummer"})
    for (const Index points : {20000, 30000, 50000})
      for (const int digits : {3, 4, 6})
        for (const Output output : {Output::potential, Output::potential_and_gradient}) {
          Parameters parameters = tuned(digits);
          parameters.options.output = output;
          const Tuning chosen = set_up(parameters, test::make_points(shape, points), MPI_COMM_WORLD).tuning;
          EXPECT_TRUE(std::any_of(chosen.table.begin(), chosen.table.end(),
                                  [&](const TuningRow& row) {
                                    return row.padding == chosen.padding && row.ncrit < chosen.ncrit;
                                  }))
              << shape << " " << points << ", " << digits << " digits, n_crit " << chosen.ncrit;
        }
}

TEST(Tuning, FollowsTheOutputExpected) {
  const auto all = test::make_points("plummer", 20000);
  Parameters potential = tuned(6);
  for (const auto& [name, row] : potential.throughput.rows())
    (*row)[static_cast<std::size_t>(OperationKind::near_gradient_pairs)] =
        (*row)[static_cast<std::size_t>(OperationKind::near_pairs)] / 20;
  Parameters gradient = potential;
  gradient.options.output = Output::potential_and_gradient;
  EXPECT_LT(set_up(gradient, all, MPI_COMM_WORLD).tuning.ncrit,
            set_up(potential, all, MPI_COMM_WORLD).tuning.ncrit);
}

TEST(Tuning, M2lIsChosenByOptionsThenByThroughput) {
  Options options;
  options.digits = 8;
  EXPECT_EQ(resolve(options, "laplace").operators.m2l, M2lMethod::fft);
  Throughput slow_sweeps = reference_throughput();
  for (auto* row : {&slow_sweeps.in_single, &slow_sweeps.in_double})
    (*row)[static_cast<std::size_t>(OperationKind::sweep)] /= 1000;
  options.throughput = slow_sweeps;
  EXPECT_EQ(resolve(options, "laplace").operators.m2l, M2lMethod::svd);
  options.m2l = M2lMethod::fft;
  EXPECT_EQ(resolve(options, "laplace").operators.m2l, M2lMethod::fft);
  options = {};
  options.svd_tolerance = 1e-6;
  EXPECT_EQ(resolve(options, "laplace").operators.m2l, M2lMethod::svd);
  options = {};
  options.order = 5;
  options.downward_check_order = 7;
  EXPECT_EQ(resolve(options, "laplace").operators.m2l, M2lMethod::svd);
}

TEST(Tuning, FormOfTheNearFieldFollowsDigitsAndOrder) {
  const auto form = [](std::optional<int> digits, std::optional<int> order, auto&& change) {
    Options options;
    options.digits = digits;
    options.order = order;
    change(options);
    return resolve(options, "laplace").near_form;
  };
  const auto as_is = [](Options&) {};
  const auto single = [](Options& o) { o.precision = Precision::single_precision; };
  EXPECT_EQ(form(2, {}, as_is), NearForm::estimate);
  EXPECT_EQ(form(3, {}, as_is), NearForm::estimate);
  EXPECT_EQ(form(4, {}, as_is), NearForm::one_float);
  EXPECT_EQ(form(5, {}, as_is), NearForm::one_float);
  EXPECT_EQ(form(6, {}, as_is), NearForm::one_float);
  EXPECT_EQ(form(3, 7, as_is), NearForm::one_float)
      << "a higher order than the digits need is for more of them";
  EXPECT_EQ(form({}, 4, single), NearForm::estimate);
  EXPECT_EQ(form({}, 6, single), NearForm::one_float);
  EXPECT_EQ(form({}, 9, single), NearForm::two_floats);
  EXPECT_EQ(form(3, {}, [](Options& o) { o.near_precision = Precision::double_precision; }),
            NearForm::two_floats);
  const auto estimate = [](Options& o) { o.near_form = NearForm::estimate; };
  EXPECT_EQ(form({}, 6, [&](Options& o) { single(o), estimate(o); }), NearForm::estimate) << "a choice wins";
  EXPECT_EQ(form(3, {}, [](Options& o) { o.near_form = NearForm::two_floats; }), NearForm::two_floats);
  EXPECT_THROW(form(5, {}, estimate), Error) << "less than the digits asked for";
  EXPECT_THROW(form(9, {}, estimate), Error) << "in double";

  // Beside operators in double.
  const auto gradient = [](Options& o) { o.output = Output::potential_and_gradient; };
  const auto near_alone = [](Options& o) {
    o.precision = Precision::double_precision;
    o.near_precision = Precision::single_precision;
  };
  EXPECT_EQ(form(6, {}, gradient), NearForm::one_float);
  EXPECT_EQ(form(7, {}, gradient), NearForm::two_floats) << "in double";
  EXPECT_EQ(form(6, 9, gradient), NearForm::two_floats) << "an order of the caller's";
  EXPECT_EQ(form({}, 5, near_alone), NearForm::two_floats) << "digits are not known";
  EXPECT_EQ(form(3, {}, near_alone), NearForm::estimate);
  EXPECT_EQ(form({}, 5, [&](Options& o) { near_alone(o), estimate(o); }), NearForm::estimate);
}

TEST(Tuning, MeasuredThroughputIsInRange) {
  if (!mpi::Comm::duplicate(MPI_COMM_WORLD).is_root()) return;  // needs one rank only
  Throughput throughput = measure_throughput();
  for (const auto& [name, row] : throughput.rows())
    for (const double rate : *row) {
      EXPECT_GT(rate, 1e6);
      EXPECT_LT(rate, 1e14);
    }
}

// If all points are sampled, the model knows the tree except for nodes that only 2:1 balance divides.
TEST(Tuning, CountsWhatTheTreeWillHave) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  for (const bool distinct : {false, true}) {
    const auto sources = test::make_points("cube", 30000), targets = test::make_points("cube", 20000, 9);
    const Parameters parameters = tuned(6);
    const std::vector<double> part = test::block_of(targets, 3, comm.rank(), comm.size());
    const PointSetup s = set_points(comm, parameters, test::block_of(sources, 3, comm.rank(), comm.size()),
                                    distinct ? std::optional(std::span<const double>(part)) : std::nullopt);
    const auto seconds =
        seconds_of(operations_of(count_operations(s, parameters.operators), parameters.operators, 0),
                   parameters, parameters.throughput, !distinct);
    const TuningRow* expected = nullptr;  // the row whose n_crit is closest to the chosen one
    for (const TuningRow& row : s.tuning.table)
      if (row.padding == s.tuning.padding &&
          (!expected || std::abs(row.ncrit - s.tuning.ncrit) < std::abs(expected->ncrit - s.tuning.ncrit)))
        expected = &row;
    ASSERT_NE(expected, nullptr);
    for (const Phase phase : {Phase::p2p, Phase::p2m, Phase::l2p}) {
      const auto i = static_cast<std::size_t>(phase);
      const double counted = comm.sum(seconds[i]);
      EXPECT_NEAR(expected->seconds[i] / counted, 1, 0.1) << kPhaseNames[i] << (distinct ? " distinct" : "");
    }
  }
}

TEST(Tuning, KnowsTheDeepestLevel) {
  Parameters parameters = tuned(3);
  parameters.options.max_level = 2;
  const PointSetup s = set_up(parameters, test::make_points("cube", 60000), MPI_COMM_SELF);
  const auto seconds =
      seconds_of(operations_of(count_operations(s, parameters.operators), parameters.operators, 0),
                 parameters, parameters.throughput, true);
  ASSERT_EQ(s.tree.levels(), 3);
  for (const TuningRow& row : s.tuning.table) {
    if (row.padding != s.tuning.padding || row.ncrit != s.tuning.ncrit) continue;
    for (const Phase phase : {Phase::p2m, Phase::m2l, Phase::l2p, Phase::p2p}) {
      const auto i = static_cast<std::size_t>(phase);
      EXPECT_NEAR(row.seconds[i], seconds[i], 0.02 * seconds[i]) << kPhaseNames[i];
    }
  }
}

TEST(Tuning, CountsWhatAdaptiveTreesWillHave) {
  for (const char* shape : {"sphere", "ellipsoid"}) {
    const auto points = test::make_points(shape, 30000);
    for (const bool balance : {true, false})
      for (const int ncrit : {60, 100, 900}) {
        Parameters parameters = tuned(6);
        parameters.ncrit = ncrit;
        parameters.tune_ncrit = false;  // so that the table has this n_crit
        parameters.options.two_to_one = balance;
        const PointSetup s =
            set_up(parameters, points, MPI_COMM_SELF);  // more ranks would count shared nodes twice
        const auto seconds =
            seconds_of(operations_of(count_operations(s, parameters.operators), parameters.operators, 0),
                       parameters, parameters.throughput, true);
        const auto row = std::find_if(s.tuning.table.begin(), s.tuning.table.end(),
                                      [&](const TuningRow& r) { return r.padding == s.tuning.padding; });
        ASSERT_NE(row, s.tuning.table.end());
        for (std::size_t i = 0; i < kPhases; ++i) {
          const Phase phase = static_cast<Phase>(i);
          if (phase == Phase::exchange) continue;
          // The model neglects, without balance, leaves two or more levels coarser and, with balance, divided
          // nodes with hardly any points: most for the smallest and the largest leaves.
          const bool of_coarser = phase == Phase::p2p || phase == Phase::m2p || phase == Phase::p2l;
          const double with_100 = balance || !of_coarser ? 0.02 : 0.15, with_others = balance ? 0.05 : 0.2;
          const double bound = ncrit == 100 ? with_100 : with_others;
          EXPECT_NEAR(row->seconds[i], seconds[i], bound * seconds[i])
              << kPhaseNames[i] << ", " << shape << ", ncrit " << ncrit << ", balance " << balance;
        }
      }
  }
}

}  // namespace
}  // namespace octopole
