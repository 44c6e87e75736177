#include "mpi/exchange.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "mpi/comm.hpp"

namespace octopole::mpi {
namespace {

TEST(Graphs, ExchangesAmongTheSamePeersShareOne) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  const int p = comm.size(), next = (comm.rank() + 1) % p, previous = (comm.rank() + p - 1) % p;
  const auto ring = [&](Index count) {
    return SparseExchange(comm, Transport::neighbourhood, {{next, count}}, {{previous, count}});
  };
  {
    const SparseExchange first = ring(1);
    EXPECT_EQ(comm.graphs().size(), 1u);
    const SparseExchange second = ring(7);  // other counts, same peers
    EXPECT_EQ(comm.graphs().size(), 1u);
    // Only the last rank's peers differ: a separate graph, on all ranks.
    std::vector<PeerCount> send{{next, 1}}, receive{{previous, 1}};
    if (comm.rank() == p - 1 && p > 2) send.push_back({p - 3, 1});
    if (comm.rank() == p - 3 && p > 2) receive.push_back({p - 1, 1});
    const SparseExchange third(comm, Transport::neighbourhood, send, receive);
    EXPECT_EQ(comm.graphs().size(), p > 2 ? 2u : 1u);
  }
  const SparseExchange fourth(comm, Transport::neighbourhood, {}, {});  // the other graphs were freed
  EXPECT_EQ(comm.graphs().size(), 1u);
}

TEST(AllGather, EveryRankGetsAllRecordsInRankOrder) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  AllGather gather(comm, comm.rank() % 3);  // some ranks have none
  std::vector<Index> mine(static_cast<std::size_t>(comm.rank() % 3), 10 * comm.rank()), expected;
  for (int rank = 0; rank < comm.size(); ++rank) expected.insert(expected.end(), rank % 3, 10 * rank);
  ASSERT_EQ(gather.total_records(), static_cast<Index>(expected.size()));
  EXPECT_EQ(gather.own_records(), static_cast<Index>(mine.size()));
  for (int round = 0; round < 2; ++round) {
    std::vector<Index> all(expected.size(), -1);
    gather.run(mine.data(), all.data(), sizeof(Index));
    EXPECT_EQ(all, expected);
  }
  const Traffic traffic = gather.traffic(sizeof(Index));
  EXPECT_EQ(traffic.bytes_received, 8 * static_cast<Index>(expected.size() - mine.size()));
  EXPECT_EQ(comm.sum(traffic.bytes_sent), comm.sum(traffic.bytes_received));
  EXPECT_TRUE(traffic.peers.empty());
}

TEST(AllGather, NobodyHasAnything) {
  AllGather gather(Comm::duplicate(MPI_COMM_WORLD), 0);
  gather.run(nullptr, nullptr, 8);
  EXPECT_EQ(gather.traffic(8), Traffic{});
}

class Transports : public testing::TestWithParam<Transport> {};

TEST_P(Transports, RingAndRecordSizes) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  const int p = comm.size(), next = (comm.rank() + 1) % p, previous = (comm.rank() + p - 1) % p;
  SparseExchange exchange(comm, GetParam(), {{next, 3}}, {{previous, 3}});
  EXPECT_EQ(exchange.records_sent_away(), p == 1 ? 0 : 3);
  EXPECT_EQ(exchange.records_from_elsewhere(), p == 1 ? 0 : 3);
  std::vector<int> peers;
  if (p > 1) peers = {std::min(next, previous), std::max(next, previous)};
  if (p == 2) peers.pop_back();
  EXPECT_EQ(exchange.traffic(8),
            (p == 1 ? Traffic{} : Traffic{24, 24, 1, 1, peers}));  // messages to itself do not count
  for (int round = 0; round < 3; ++round) {
    std::vector<int> small(3, 10 * comm.rank() + round), small_received(3, -1);
    exchange.run(small.data(), small_received.data(), sizeof(int));
    EXPECT_EQ(small_received, std::vector<int>(3, 10 * previous + round));
    std::vector<double> large(15), large_received(15);
    std::iota(large.begin(), large.end(), 100.0 * comm.rank());
    exchange.run(large.data(), large_received.data(), 5 * sizeof(double));
    EXPECT_EQ(large_received[14], 100.0 * previous + 14);
  }
}

TEST_P(Transports, RanksWithoutPeersTakePart) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  std::vector<PeerCount> send, receive;  // only the last rank sends, to rank 0
  if (comm.rank() == comm.size() - 1) send.push_back({0, 2});
  if (comm.rank() == 0) receive.push_back({comm.size() - 1, 2});
  SparseExchange exchange(comm, GetParam(), send, receive);
  const std::vector<double> out(send.empty() ? 0 : 2, 7.5);
  std::vector<double> in(receive.empty() ? 0 : 2);
  exchange.run(out.data(), in.data(), sizeof(double));
  if (comm.rank() == 0) {
    EXPECT_EQ(in, std::vector<double>(2, 7.5));
  }
}

TEST_P(Transports, SeveralExchangesInFlight) {
  const Comm comm = Comm::duplicate(MPI_COMM_WORLD);
  std::vector<PeerCount> all;
  all.reserve(static_cast<std::size_t>(comm.size()));
  for (int r = 0; r < comm.size(); ++r) all.push_back({r, 1});
  SparseExchange first(comm, GetParam(), all, all), second(comm, GetParam(), all, all);
  const std::size_t p = static_cast<std::size_t>(comm.size());
  const std::vector<int> a(p, comm.rank()), b(p, 1000 + comm.rank());
  std::vector<int> a_in(p), b_in(p), expected(p);
  first.start(a.data(), a_in.data(), sizeof(int));
  first.progress();
  second.start(b.data(), b_in.data(), sizeof(int));
  for (int i = 0; i < 100; ++i) {  // also after completion
    first.progress();
    second.progress();
  }
  second.finish();
  first.finish();
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(a_in, expected);
  std::iota(expected.begin(), expected.end(), 1000);
  EXPECT_EQ(b_in, expected);
}

INSTANTIATE_TEST_SUITE_P(Both, Transports,
                         testing::Values(Transport::neighbourhood, Transport::point_to_point));

}  // namespace
}  // namespace octopole::mpi
