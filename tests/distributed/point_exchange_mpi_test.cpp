#include "distributed/point_exchange.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "distributed/global_tree.hpp"
#include "tests/support/points.hpp"
#include "tests/support/serial_tree.hpp"

namespace octopole::distributed {
namespace {

class PointDistributions : public testing::TestWithParam<std::tuple<std::string, int>> {};

TEST_P(PointDistributions, PointsReachTheirOwnersAndReturn) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto& [shape, n] = GetParam();
  const auto all = test::make_points(shape, static_cast<std::size_t>(n));
  const auto points = test::block_of(all, 3, comm.rank(), comm.size());

  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(all);
  const morton::RootCube cube = morton::RootCube::enclosing(bounds);
  AlignedVector<morton::Code> codes;
  for (std::size_t i = 0; i < points.size(); i += 3)
    codes.push_back(cube.encode(points[i], points[i + 1], points[i + 2]));
  const auto order = morton::sort_codes(codes);
  const tree::CountTree coarse = count_globally(comm, codes, codes, 5, 20);
  const auto all_codes = test::sorted_codes(all);
  const Index threshold = std::max<Index>(5, n / (parts_per_rank(comm.size()) * comm.size()));
  const tree::CountTree expected = test::serial_count_tree(all_codes, threshold, 20);
  ASSERT_TRUE(std::equal(coarse.nodes().begin(), coarse.nodes().end(), expected.nodes().begin(),
                         expected.nodes().end()));
  ASSERT_TRUE(std::equal(coarse.counts().begin(), coarse.counts().end(), expected.counts().begin(),
                         expected.counts().end()));

  const tree::Partition partition = tree::divide(coarse, tree::point_weights(coarse), comm.size());
  for (mpi::Transport transport : {mpi::Transport::neighbourhood, mpi::Transport::point_to_point}) {
    PointExchange exchange(comm, transport, order, codes, partition);
    // The owned codes, rank after rank, are all codes in order.
    const tree::CodeRange range = partition.range(comm.rank());
    const auto low = std::lower_bound(all_codes.begin(), all_codes.end(), range.first);
    ASSERT_EQ(exchange.owned_count(), tree::count_codes(all_codes, range.first, range.end));
    EXPECT_TRUE(std::equal(exchange.owned_codes().begin(), exchange.owned_codes().end(), low));

    std::vector<double> owned(3 * static_cast<std::size_t>(exchange.owned_count())), back(points.size());
    exchange.to_owners<3>(points.data(), owned.data());
    for (std::size_t i = 0; i < owned.size(); i += 3)
      ASSERT_EQ(cube.encode(owned[i], owned[i + 1], owned[i + 2]), exchange.owned_codes()[i / 3]);
    exchange.to_callers<3>(owned.data(), back.data());
    EXPECT_EQ(back, points);

    std::vector<float> single(points.size() / 3, static_cast<float>(comm.rank())), single_back(single.size());
    std::vector<float> single_owned(static_cast<std::size_t>(exchange.owned_count()));
    exchange.to_owners(single.data(), single_owned.data());
    exchange.to_callers(single_owned.data(), single_back.data());
    EXPECT_EQ(single_back, single);
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, PointDistributions,
                         testing::Combine(testing::Values("cube", "sphere", "plummer", "line", "same"),
                                          testing::Values(1, 5, 2000)));

TEST(PointExchange, CoincidentPointsKeepTheCallersGlobalOrder) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const auto all = test::make_points("same", 100);
  const auto points = test::block_of(all, 3, comm.rank(), comm.size());
  AlignedVector<morton::Code> codes(points.size() / 3, morton::Code{12345});
  const auto order = morton::sort_codes(codes);
  const tree::CountTree coarse = count_globally(comm, codes, codes, 5, 20);
  PointExchange exchange(comm, mpi::Transport::neighbourhood, order, codes,
                         tree::divide(coarse, tree::point_weights(coarse), comm.size()));
  std::vector<double> numbers, owned(static_cast<std::size_t>(exchange.owned_count()));
  const Index first = comm.exclusive_sum(static_cast<Index>(codes.size()));
  for (std::size_t i = 0; i < codes.size(); ++i)
    numbers.push_back(static_cast<double>(first) + static_cast<double>(i));
  exchange.to_owners(numbers.data(), owned.data());
  EXPECT_TRUE(std::is_sorted(owned.begin(), owned.end()));
  EXPECT_EQ(comm.sum(static_cast<Index>(owned.size())), 100);
}

}  // namespace
}  // namespace octopole::distributed
