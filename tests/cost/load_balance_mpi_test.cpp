// The partition by work: predicted counts equal those of the set-up exactly, and ranks get equal shares of
// the work.
#include "cost/load_balance.hpp"

#include <gtest/gtest.h>

#include "distributed/global_tree.hpp"
#include "fmm/set_points.hpp"
#include "fmm/statistics.hpp"
#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole {
namespace {

Parameters at_order(int order, int ncrit, M2lMethod m2l = M2lMethod::fft) {
  Options options;
  options.order = order;
  options.ncrit = ncrit;
  options.m2l = m2l;
  return resolve(options, "laplace");
}

void expect_equal(const OperationCounts& predicted, const OperationCounts& counted, const std::string& what) {
  for (std::size_t i = 0; i < kAllCounts.size(); ++i)
    EXPECT_EQ(predicted.*kAllCounts[i], counted.*kAllCounts[i]) << what << ", count " << i;
}

PointSetup set_up(const mpi::Comm& comm, const Parameters& parameters, const std::vector<double>& all,
                  const std::vector<double>& targets = {}) {
  const auto mine = test::block_of(targets, 3, comm.rank(), comm.size());
  return set_points(comm, parameters, test::block_of(all, 3, comm.rank(), comm.size()),
                    targets.empty() ? std::nullopt : std::optional(std::span<const double>(mine)));
}

// The lists of the first tree predict the work of the final lists.
void expect_foreseen(const mpi::Comm& comm, const Parameters& parameters, const PointSetup& s,
                     const std::string& what) {
  if (comm.size() == 1) return;
  const auto by_node = count_by_node(s.rank_lists(), s.operator_nodes, parameters.operators);
  const OperationCounts owned = owned_operations(by_node, s.tree, s.partition);
  expect_equal(s.load_balance.predicted, owned, what);
  // The remaining work is downward work of shared nodes, and transforms.
  OperationCounts whole = count_operations(s, parameters.operators), rest;
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    if (s.partition.is_shared(s.tree.keys[at(node)])) rest += downward_part(by_node[at(node)]);
  rest += owned;
  rest.families_in = whole.families_in;
  expect_equal(rest, whole, what);
}

class Balancing : public testing::TestWithParam<std::string> {};

TEST_P(Balancing, ForeseesTheWorkExactly) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points(GetParam(), 6000), others = test::make_points("sphere", 3000, 5);
  for (const M2lMethod m2l : {M2lMethod::fft, M2lMethod::svd})
    for (const bool direct_leaves : {true, false}) {
      Parameters parameters = at_order(4, 25, m2l);
      parameters.options.direct_leaves = direct_leaves;
      expect_foreseen(comm, parameters, set_up(comm, parameters, all), GetParam());
      expect_foreseen(comm, parameters, set_up(comm, parameters, all, others), GetParam() + " to a sphere");
    }
}

TEST_P(Balancing, LeavesTheTreeAsItIs) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points(GetParam(), 4000);
  Parameters parameters = at_order(4, 20);
  const PointSetup by_work = set_up(comm, parameters, all);
  parameters.options.transport = mpi::Transport::point_to_point;
  EXPECT_EQ(set_up(comm, parameters, all).partition.bounds, by_work.partition.bounds);
  parameters.options.load_balance = LoadBalance::points;
  const PointSetup by_points = set_up(comm, parameters, all);
  EXPECT_FALSE(by_points.load_balance.moved);
  const std::uint64_t hash = tree::leaf_hash(test::make_serial_tree(all, 20).leaves);
  for (const PointSetup* s : {&by_work, &by_points}) {
    EXPECT_EQ(comm.sum(tree::leaf_hash(s->leaves)), hash);
    EXPECT_TRUE(tree::tiles(s->leaves, s->partition.range(comm.rank())));
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, Balancing,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line"));

TEST(LoadBalance, SharesWorkMoreEvenlyThanPoints) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  for (const auto& shape : {"cube", "sphere", "ellipsoid", "plummer"}) {
    const auto all = test::make_points(shape, 60000);
    const Parameters parameters = at_order(5, 40);
    const Summary s = summarize(comm, parameters, set_up(comm, parameters, all), Profile{});
    EXPECT_LT(s.load_balance.work.total, comm.size() <= 8 ? 1.06 : 1.10) << shape;
    EXPECT_LE(s.load_balance.work.total, s.load_balance.by_points.total + 1e-9) << shape;
    EXPECT_GE(s.load_balance.work.total, 1) << shape;
    EXPECT_EQ(s.load_balance.seconds.total, 1) << "nothing was evaluated";
    if (comm.size() == 1) {
      EXPECT_EQ(s.load_balance.repeated, 0);
    }
  }
}

TEST(LoadBalance, FollowsTheThroughput) {
  // In a Plummer cloud, near and far work are distributed differently: the partition depends on the
  // throughput.
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points("plummer", 8000);
  Parameters near_alone = at_order(4, 40), far_alone = near_alone;
  for (Throughput::Row* row : {&near_alone.throughput.in_single, &near_alone.throughput.in_double})
    for (const OperationKind kind : {OperationKind::gemm, OperationKind::transform, OperationKind::sweep})
      (*row)[static_cast<std::size_t>(kind)] *= 1e6;
  for (Throughput::Row* row : {&far_alone.throughput.in_single, &far_alone.throughput.in_double})
    for (const OperationKind kind : {OperationKind::near_pairs, OperationKind::pairs, OperationKind::gathers})
      (*row)[static_cast<std::size_t>(kind)] *= 1e6;
  const auto near_bounds = set_up(comm, near_alone, all).partition.bounds;
  const auto far_bounds = set_up(comm, far_alone, all).partition.bounds;
  EXPECT_EQ(near_bounds == far_bounds, comm.size() == 1) << "one rank has nothing to divide";
}

TEST(LoadBalance, KeepsThePartitionByPointsWhereNothingIsToBeGained) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto one = test::make_points("cube", 1);
  const PointSetup s = set_up(comm, at_order(4, 40), one);
  EXPECT_FALSE(s.load_balance.moved);
  const auto all = test::make_points("cube", 5000);
  Parameters parameters = at_order(4, 40);
  const PointSetup alone = set_points(mpi::Comm::duplicate(MPI_COMM_SELF), parameters, all, std::nullopt);
  EXPECT_FALSE(alone.load_balance.moved);
  EXPECT_EQ(alone.load_balance.predicted, OperationCounts{}) << "a single rank weighs nothing";
}

TEST(LoadBalance, ThroughputMustBePositive) {
  Options options;
  options.throughput = reference_throughput();
  options.throughput->in_double[3] = 0;
  EXPECT_THROW(resolve(options, "laplace"), Error);
}

// Integer weights: they have the ratios of the doubles, and their sums fit.
TEST(LoadBalance, WholeWeightsKeepTheRatiosAndFit) {
  const std::vector<double> seconds{1e-9, 3e-4, 0, 7e-2};
  for (const int ranks : {2, 100000}) {
    const auto weights = whole_weights(seconds, 0.0703, ranks);
    const double unit = static_cast<double>(weights[3]) / seconds[3];
    EXPECT_LT(unit * 0.0703 * ranks, 0x1p61);
    EXPECT_GT(unit * 0.0703 * ranks, 0x1p56);
    for (std::size_t i = 0; i < seconds.size(); ++i)
      EXPECT_NEAR(static_cast<double>(weights[i]) / unit, seconds[i], 1e-12);
  }
  EXPECT_EQ(whole_weights(std::vector<double>{0, 0}, 0, 3), (std::vector<Index>{0, 0}));
}

}  // namespace
}  // namespace octopole
