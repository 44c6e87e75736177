#include "mpi/comm.hpp"

#include <gtest/gtest.h>

namespace octopole::mpi {
namespace {

TEST(Comm, IsAPrivateDuplicate) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  int result = MPI_IDENT;
  MPI_Comm_compare(comm.handle(), MPI_COMM_WORLD, &result);
  EXPECT_EQ(result, MPI_CONGRUENT);
}

TEST(Comm, WorksOnPartOfTheRanks) {
  const Comm world = Comm::duplicate(MPI_COMM_WORLD);
  MPI_Comm half = MPI_COMM_NULL;
  MPI_Comm_split(world.handle(), world.rank() % 2, -world.rank(), &half);
  {
    const Comm comm = Comm::duplicate(half);
    EXPECT_EQ(comm.sum(Index{1}), comm.size());
    EXPECT_EQ(comm.exclusive_sum(2), 2 * comm.rank());
  }
  MPI_Comm_free(&half);
}

TEST(Comm, ReductionsAndBroadcast) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  const Index p = comm.size(), r = comm.rank();
  EXPECT_EQ(comm.sum(r), p * (p - 1) / 2);
  EXPECT_EQ(comm.max(r), p - 1);
  EXPECT_EQ(comm.min(static_cast<double>(r)), 0.0);
  EXPECT_EQ(comm.any(r == p - 1), true);
  EXPECT_EQ(comm.any(false), false);
  EXPECT_EQ(comm.exclusive_sum(1), r);
  std::string text = r == p - 1 ? "from the last rank" : "";
  comm.broadcast(text, static_cast<int>(p - 1));
  EXPECT_EQ(text, "from the last rank");
}

TEST(Comm, AllToAllDeliversInRankOrder) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  std::vector<Index> counts(static_cast<std::size_t>(comm.size())), send, received;
  for (int to = 0; to < comm.size(); ++to) {
    counts[static_cast<std::size_t>(to)] = (comm.rank() + to) % 3;  // some pairs exchange nothing
    for (Index i = 0; i < counts[static_cast<std::size_t>(to)]; ++i) send.push_back(100 * comm.rank() + to);
  }
  Traffic traffic;
  const std::vector<Index> got = comm.all_to_all(std::span<const Index>(send), counts, &received, &traffic);
  std::vector<Index> expected;
  for (int from = 0; from < comm.size(); ++from)
    for (int i = 0; i < (comm.rank() + from) % 3; ++i) expected.push_back(100 * from + comm.rank());
  EXPECT_EQ(got, expected);
}

}  // namespace
}  // namespace octopole::mpi
