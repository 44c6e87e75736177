// What the report says travelled, against a plain recount of the plans.
#include <gtest/gtest.h>

#include <set>

#include "octopole/fmm/setup.hpp"
#include "octopole/operators/surface.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

// Bytes, messages and peers of some exchanges, the slow way.
struct Recount {
  int rank;
  TrafficCounts counts;
  std::set<int> peers;

  void add(const mpi::SparseExchange& plan, Index record_bytes) {
    for (const PeerCount& to : plan.send_peers())
      if (to.rank != rank) {
        counts.bytes_sent += to.count * record_bytes;
        counts.messages_sent += 1;
        peers.insert(to.rank);
      }
    for (const PeerCount& from : plan.receive_peers())
      if (from.rank != rank) {
        counts.bytes_received += from.count * record_bytes;
        counts.messages_received += 1;
        peers.insert(from.rank);
      }
    counts.peers = static_cast<Index>(peers.size());
  }
};

const TrafficCounts& of(const RankTraffic& traffic, Exchange exchange) {
  return traffic.exchanges[static_cast<std::size_t>(exchange)];
}

void expect_sent_is_received(const TrafficOverRanks& traffic, std::string_view name) {
  EXPECT_EQ(traffic.bytes_sent.sum, traffic.bytes_received.sum) << name;
  EXPECT_EQ(traffic.messages_sent.sum, traffic.messages_received.sum) << name;
}

void expect_recount(const Problem& problem, const Options& options, Output output) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Part part = world();
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  const auto sources = part.of(problem.sources, 3), targets = part.of(problem.targets, 3);
  std::optional<std::span<const double>> distinct;
  if (!problem.targets.empty()) distinct = targets;
  if (distinct)
    fmm.set_points(sources, targets);
  else
    fmm.set_points(sources);
  fmm.evaluate(part.of(problem.charges, 1), output);
  const CommunicationSummary c = fmm.summary().communication;
  ASSERT_EQ(c.by_rank.size(), static_cast<std::size_t>(part.ranks));
  const RankTraffic& mine = c.by_rank[static_cast<std::size_t>(part.rank)];

  const PointSetup s = make_setup(comm, fmm.parameters(), sources, distinct);
  const OperatorKey& key = fmm.parameters().operators;
  const Index real = key.precision == Precision::single_precision ? 4 : 8,
              row = real * surface_size(key.order);
  Recount charges{part.rank, {}, {}}, ghost_charges = charges, ancestors = charges, multipoles = charges,
                                      potential = charges, gradient = charges, all = charges;
  for (Recount* count : {&charges, &all}) count->add(s.source_exchange.outward(), real);
  for (Recount* count : {&ghost_charges, &all}) count->add(s.ghosts.points.exchange(), real);
  for (const auto& step : s.ancestors.steps)
    for (Recount* count : {&ancestors, &all}) count->add(step.exchange.exchange(), row);
  for (Recount* count : {&multipoles, &all}) count->add(s.ghosts.multipoles.exchange(), row);
  for (Recount* count : {&potential, &all}) count->add(s.results_exchange().homeward(), 8);
  if (output == Output::potential_and_gradient)
    for (Recount* count : {&gradient, &all}) count->add(s.results_exchange().homeward(), 24);
  EXPECT_EQ(of(mine, Exchange::charges), charges.counts);
  EXPECT_EQ(of(mine, Exchange::ghost_charges), ghost_charges.counts);
  EXPECT_EQ(of(mine, Exchange::ancestors), ancestors.counts);
  EXPECT_EQ(of(mine, Exchange::ghost_multipoles), multipoles.counts);
  EXPECT_EQ(of(mine, Exchange::potential), potential.counts);
  EXPECT_EQ(of(mine, Exchange::gradient), gradient.counts);
  EXPECT_EQ(mine.evaluation, all.counts);

  for (std::size_t i = 0; i < kExchanges; ++i) expect_sent_is_received(c.exchanges[i], kExchangeNames[i]);
  for (std::size_t i = 0; i < kSetupExchanges; ++i)
    expect_sent_is_received(c.setup[i], kSetupExchangeNames[i]);

  // The set-up's, from the same plans; worst ranks and sums from the lists.
  Recount points{part.rank, {}, {}}, coordinates = points;
  for (Index bytes : {Index{8}, Index{24}}) {
    points.add(s.source_exchange.outward(), bytes);
    if (s.target_exchange) points.add(s.target_exchange->outward(), bytes);
  }
  coordinates.add(s.ghosts.points.exchange(), 24);
  const auto of_setup = [&](SetupExchange exchange) {
    return mine.setup[static_cast<std::size_t>(exchange)];
  };
  EXPECT_EQ(of_setup(SetupExchange::points), points.counts);
  EXPECT_EQ(of_setup(SetupExchange::ghost_coordinates), coordinates.counts);
  Index ghost_leaves = 0;
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    ghost_leaves += s.tree.leaf[at(node)] && s.tree.source_begin[at(node)] >= s.owned_sources() &&
                    s.tree.source_end[at(node)] > s.tree.source_begin[at(node)];
  EXPECT_EQ(of_setup(SetupExchange::requests).bytes_sent,
            8 * (ghost_leaves + static_cast<Index>(s.ghosts.multipoles.receive_rows().size())));
  Index sum = 0, most = 0;
  int worst = 0;
  for (int rank = 0; rank < part.ranks; ++rank) {
    const Index sent = c.by_rank[static_cast<std::size_t>(rank)].evaluation.bytes_sent;
    sum += sent;
    if (sent > most) most = sent, worst = rank;
  }
  EXPECT_EQ(c.evaluation.bytes_sent.sum, sum);
  EXPECT_EQ(c.evaluation.bytes_sent.max, most);
  EXPECT_EQ(c.evaluation.bytes_sent.worst_rank, worst);
  EXPECT_EQ(sum > 0, part.ranks > 1);
}

TEST(Communication, TheReportEqualsARecountOfThePlans) {
  Options options = with_order(4, 20);
  expect_recount(cloud("cube", 3000), options, Output::potential);
  options.transport = mpi::Transport::point_to_point;
  options.precision = Precision::single_precision;
  expect_recount(cloud("plummer", 2000), options, Output::potential_and_gradient);
}

TEST(Communication, DistinctTargetsAndRanksWithoutPoints) {
  Problem problem = cloud("sphere", 40);
  problem.targets = test::make_points("cube", 900, 5);
  expect_recount(problem, with_order(3, 10), Output::potential_and_gradient);
}

TEST(Communication, OneReductionAnEvaluation) {
  const Part part = world();
  const Problem problem = cloud("cube", 500);
  for (const Precision precision : {Precision::single_precision, Precision::double_precision}) {
    Options options = with_order(3, 30);
    options.precision = precision;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(part.of(problem.sources, 3));
    fmm.evaluate(part.of(problem.charges, 1));
    EXPECT_EQ(fmm.summary().communication.reductions, 1);
  }
}

TEST(Communication, APeerOfTwoExchangesCountsOnce) {
  const std::vector<PeerCount> none, send = {{0, 3}, {2, 5}, {4, 0}}, receive = {{2, 1}, {5, 7}};
  Traffic traffic = traffic_of(0, send, receive, 8);
  EXPECT_EQ(traffic, (Traffic{40, 64, 1, 2, {2, 5}}));  // neither itself nor an empty message
  traffic += traffic_of(0, none, receive, 1);
  traffic += traffic_of(0, std::vector<PeerCount>{{1, 1}}, none, 100);
  EXPECT_EQ(traffic, (Traffic{140, 72, 2, 4, {1, 2, 5}}));
}

}  // namespace
}  // namespace octopole
