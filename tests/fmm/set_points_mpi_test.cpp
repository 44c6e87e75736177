// The counting kernel: multipoles are numbers of points, and operators pass these on, so that each target
// must end with exactly the number of sources. This detects every missing or doubled interaction, ghost or
// node.
#include <gtest/gtest.h>

#include "fmm/set_points.hpp"
#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole {
namespace {

// Counts sources at every owned target through the lists and exchanges of the set-up.
std::vector<double> count_sources(PointSetup& s) {
  std::vector<double> charges(static_cast<std::size_t>(s.owned_sources() + s.ghosts.ghost_sources), 0);
  std::fill_n(charges.begin(), s.owned_sources(), 1.0);
  s.ghosts.points.start(charges.data(), 1);
  s.ghosts.points.finish(charges.data());
  const auto sum_of_leaf = [&](NodeIndex leaf) {
    double sum = 0;
    for (Index i = s.tree.source_begin[at(leaf)]; i < s.tree.source_end[at(leaf)]; ++i)
      sum += charges[static_cast<std::size_t>(i)];
    return sum;
  };

  std::vector<double> multipoles(s.tree.keys.size(), -1e9),
      locals(s.tree.keys.size(), 0);  // unset values must not be used
  for (NodeIndex leaf : s.operator_nodes.source_leaves) multipoles[at(leaf)] = sum_of_leaf(leaf);
  auto step = s.ancestors.steps.begin();
  for (int level = morton::kDepth - 1; level >= distributed::kFirstLevel; --level) {
    if (step != s.ancestors.steps.end() && step->child_level == level + 1) {
      step->exchange.start(multipoles.data(), 1);
      step->exchange.finish(multipoles.data());
      ++step;
    }
    if (level >= static_cast<int>(s.operator_nodes.source_parents.size())) continue;
    for (NodeIndex parent : s.operator_nodes.source_parents[static_cast<std::size_t>(level)]) {
      multipoles[at(parent)] = 0;
      for (std::size_t octant = 0; octant < 8; ++octant) {
        const NodeIndex child = s.tree.children[8 * at(parent) + octant];
        if (child != kNoNode && s.tree.has_source[at(child)]) multipoles[at(parent)] += multipoles[at(child)];
      }
      EXPECT_EQ(multipoles[at(parent)], static_cast<double>(s.tree.source_count[at(parent)]));
    }
  }
  EXPECT_EQ(step, s.ancestors.steps.end());
  if (s.ghosts.float_wire) {
    s.ghosts.multipoles.start_float_wire(multipoles.data(), 1);
    s.ghosts.coarse.run_float_wire(multipoles.data(), 1);
    s.ghosts.multipoles.finish_float_wire(multipoles.data());
  } else {
    s.ghosts.multipoles.start(multipoles.data(), 1);
    s.ghosts.coarse.run(multipoles.data(), 1);
    s.ghosts.multipoles.finish(multipoles.data());
  }

  const tree::NodeLists v = tree::build_lists(s.tree).v;  // the set-up keeps only its lengths
  for (std::size_t level = distributed::kFirstLevel; level < s.operator_nodes.target_nodes.size(); ++level) {
    for (NodeIndex node : s.operator_nodes.target_nodes[level])
      for (NodeIndex other : v.of(node)) locals[at(node)] += multipoles[at(other)];
    for (NodeIndex node : s.operator_nodes.x_nodes[level])
      for (NodeIndex other : s.operator_lists.p2l.of(node)) locals[at(node)] += sum_of_leaf(other);
    if (level == distributed::kFirstLevel) continue;
    for (NodeIndex parent : s.operator_nodes.target_parents[level - 1])
      for (std::size_t octant = 0; octant < 8; ++octant) {
        const NodeIndex child = s.tree.children[8 * at(parent) + octant];
        if (child != kNoNode && s.tree.has_target[at(child)]) locals[at(child)] += locals[at(parent)];
      }
  }
  std::vector<double> counts(static_cast<std::size_t>(s.summed_points()), 0);
  const auto add = [&](NodeIndex leaf, double value) {
    for (Index i = s.tree.target_begin[at(leaf)]; i < s.tree.target_end[at(leaf)]; ++i)
      counts[static_cast<std::size_t>(i)] += value;
  };
  for (NodeIndex leaf : s.operator_nodes.target_ends) add(leaf, locals[at(leaf)]);
  for (NodeIndex leaf : s.operator_nodes.w_leaves)
    for (NodeIndex other : s.operator_lists.m2p.of(leaf)) add(leaf, multipoles[at(other)]);
  if (s.near_pairs) {
    // Sums at both ends of symmetric pairs; those at ghosts are sent to their owners.
    const auto add_to_sources = [&](NodeIndex leaf, double value) {
      for (Index i = s.tree.source_begin[at(leaf)]; i < s.tree.source_end[at(leaf)]; ++i)
        counts[static_cast<std::size_t>(i)] += value;
    };
    const auto add_pairs = [&](const NearPairsView& pairs) {
      for (NodeIndex leaf : pairs.leaves)
        for (NodeIndex other : pairs.one_sided.of(leaf)) add(leaf, sum_of_leaf(other));
      for (const NodeIndex leaf : pairs.row_leaves)
        for (const NodeIndex other : pairs.symmetric.of(leaf)) {
          add_to_sources(leaf, sum_of_leaf(other));
          add_to_sources(other, sum_of_leaf(leaf));
        }
    };
    add_pairs(view_of(*s.near_pairs));
    if (s.partition.ranks() == 1) return counts;
    add_pairs(view_of(s.border.here));
    for (NodeIndex leaf : s.operator_nodes.boundary_leaves)
      for (NodeIndex other : s.border.one_sided.of(leaf)) add(leaf, sum_of_leaf(other));
    s.near_sums.start_columns<double>(std::array<const double*, 1>{counts.data()});
    s.near_sums.add_columns<double>(std::array<double*, 1>{counts.data()});
    counts.resize(static_cast<std::size_t>(s.owned_targets()));
    return counts;
  }
  for (const auto* leaves : {&s.operator_nodes.interior_leaves, &s.operator_nodes.boundary_leaves})
    for (NodeIndex leaf : *leaves)
      for (NodeIndex other : s.operator_lists.p2p.of(leaf)) add(leaf, sum_of_leaf(other));
  return counts;
}

Parameters small_leaves(int ncrit, bool balance = true,
                        mpi::Transport transport = mpi::Transport::neighbourhood) {
  Parameters p;
  p.throughput = reference_throughput();
  p.ncrit = ncrit;
  p.options.two_to_one = balance;
  p.options.transport = transport;
  return p;
}

void expect_everything_counted(const std::string& shape, std::size_t n, const Parameters& parameters) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points(shape, n);
  const auto points = test::block_of(all, 3, comm.rank(), comm.size());
  PointSetup s = set_points(comm, parameters, points, std::nullopt);
  for (double count : count_sources(s)) ASSERT_EQ(count, static_cast<double>(n)) << shape << ' ' << n;
  EXPECT_EQ(comm.sum(s.owned_targets()), static_cast<Index>(n));

  // The tree equals that of one process.
  EXPECT_EQ(comm.sum(tree::leaf_hash(s.leaves)),
            tree::leaf_hash(test::make_serial_tree(all, parameters.ncrit, parameters.options.two_to_one,
                                                   parameters.options.max_level)
                                .leaves));
  EXPECT_TRUE(tree::tiles(s.leaves, s.partition.range(comm.rank())));
  if (parameters.ncrit <= 10 && n >= 3000 && shape != "cube" && shape != "same") {
    EXPECT_GT(comm.sum(static_cast<Index>(s.lists.w.items.size())), 0) << shape;
    EXPECT_GT(comm.sum(static_cast<Index>(s.lists.x.items.size())), 0) << shape;
  }
}

class Counting : public testing::TestWithParam<std::string> {};

TEST_P(Counting, EveryTargetSeesEverySourceOnce) {
  expect_everything_counted(GetParam(), 3000, small_leaves(10));
}
TEST_P(Counting, WithEveryPairOfWAndXByM2PAndP2L) {
  Parameters p = small_leaves(10);
  p.options.direct_leaves = false;
  expect_everything_counted(GetParam(), 3000, p);
}
TEST_P(Counting, WithSomePairsOfWAndXSummedDirectly) {
  Parameters p = small_leaves(40);
  p.operators.order = p.operators.downward_check_order = 3;  // surfaces of 26 points
  expect_everything_counted(GetParam(), 3000, p);
}
TEST_P(Counting, WithEveryPairOneSided) {
  Parameters p = small_leaves(10);
  p.near_precision = Precision::single_precision;
  expect_everything_counted(GetParam(), 3000, p);
}
TEST_P(Counting, WithSurfacesOfDifferentSizes) {
  Parameters p = small_leaves(40);
  p.operators.order = 3;  // W pairs summed directly need not be direct in X
  p.operators.downward_check_order = 4;
  p.operators.m2l = M2lMethod::svd;
  expect_everything_counted(GetParam(), 3000, p);
}
TEST_P(Counting, WithCoarseNodesByTheCollective) {
  for (const Index users : {1, 3}) {
    Parameters p = small_leaves(10);
    p.options.direct_leaves = false;
    p.options.allgather_threshold = users;
    expect_everything_counted(GetParam(), 1500, p);
  }
}
TEST_P(Counting, WithMultipolesAsFloats) {
  Parameters p = small_leaves(10);
  p.options.direct_leaves = false;  // multipoles for M2P are sent as doubles
  p.operators.m2l_precision = Precision::single_precision;
  p.options.allgather_threshold = 2;
  expect_everything_counted(GetParam(), 1500, p);
}
TEST_P(Counting, WithoutBalance) {
  expect_everything_counted(GetParam(), 3000, small_leaves(10, false));
}
TEST_P(Counting, PointToPoint) {
  expect_everything_counted(GetParam(), 1500, small_leaves(6, true, mpi::Transport::point_to_point));
}
TEST_P(Counting, BalancedByPoints) {
  Parameters p = small_leaves(10);
  p.options.load_balance = LoadBalance::points;
  expect_everything_counted(GetParam(), 3000, p);
}
TEST_P(Counting, FewPoints) {
  for (std::size_t n : {1u, 2u, 7u, 40u}) expect_everything_counted(GetParam(), n, small_leaves(2));
}

INSTANTIATE_TEST_SUITE_P(Shapes, Counting,
                         testing::Values("cube", "sphere", "ellipsoid", "plummer", "line", "plane", "faces"));

TEST(CountingUgly, CoincidentPointsAtTheMaximumLevel) {
  Parameters p = small_leaves(5);
  p.options.max_level = 7;
  expect_everything_counted("same", 300, p);
}

TEST(CountingUgly, AllPointsOnOneRank) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points("plummer", 1000);
  const auto points = comm.rank() == comm.size() - 1 ? all : std::vector<double>{};
  PointSetup s = set_points(comm, small_leaves(10), points, std::nullopt);
  for (double count : count_sources(s)) ASSERT_EQ(count, 1000.0);
}

TEST(CountingUgly, DistinctTargetsElsewhere) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto sources = test::make_points("sphere", 2000);
  for (double shift : {0.0, 0.3, 5.0}) {  // overlapping, partly overlapping, and far from the sources
    auto targets = test::make_points("cube", 1500, 9);
    for (double& x : targets) x += shift;
    PointSetup s = set_points(comm, small_leaves(10), test::block_of(sources, 3, comm.rank(), comm.size()),
                              std::span<const double>(test::block_of(targets, 3, comm.rank(), comm.size())));
    for (double count : count_sources(s)) ASSERT_EQ(count, 2000.0) << shift;
    EXPECT_EQ(comm.sum(s.owned_targets()), 1500);
  }
}

TEST(Ghosts, SendListsEqualThePeersReceiveLists) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points("ellipsoid", 3000);
  PointSetup s =
      set_points(comm, small_leaves(10), test::block_of(all, 3, comm.rank(), comm.size()), std::nullopt);
  // Keys are sent as rows: the key received for a node must be its own.
  std::vector<std::uint64_t> keys;
  for (tree::NodeKey key : s.tree.keys) keys.push_back(key.bits);
  auto rows = keys;
  for (Index row : s.ghosts.multipoles.receive_rows()) rows[static_cast<std::size_t>(row)] = 0;
  s.ghosts.multipoles.start(rows.data(), 1);
  s.ghosts.multipoles.finish(rows.data());
  EXPECT_EQ(rows, keys);
  for (Index row : s.ghosts.multipoles.send_rows())
    EXPECT_EQ(s.tree.owner[static_cast<std::size_t>(row)], comm.rank());
  for (Index row : s.ghosts.points.send_rows()) EXPECT_LT(row, s.owned_sources());
  EXPECT_EQ(static_cast<Index>(s.ghosts.points.receive_rows().size()), s.ghosts.ghost_sources);
}

}  // namespace
}  // namespace octopole
