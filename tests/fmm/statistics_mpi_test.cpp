// Communication volumes of the report against a plain recount of the plans.
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "fmm/agreement.hpp"
#include "fmm/evaluate.hpp"
#include "fmm/set_points.hpp"
#include "operators/surface.hpp"
#include "tests/support/problem.hpp"

namespace octopole {
namespace {

using namespace test;

// Bytes of ghost multipoles, node by node from the lists: remote nodes in V as floats where only M2L is in
// single, those of M2P in full, none twice; coarse nodes collectively, unless M2P needs them in full.
struct MultipoleBytes {
  Index messages = 0, collective = 0;
};
MultipoleBytes bytes_needed(const PointSetup& s, int rank, const Parameters& parameters,
                            Index allgather_threshold) {
  const OperatorKey& key = parameters.operators;
  const auto is_coarse = [&](NodeIndex node) {
    const auto key_of_parent = s.tree.keys[at(node)].parent();
    Index ranks = 0;
    for (int r = 0; r < s.partition.ranks(); ++r) {
      bool around = false;
      for (int direction = 0; direction < 27; ++direction)
        if (const auto near = key_of_parent.neighbour(direction)) {
          const auto [first, last] = s.partition.holders(*near);
          around = around || (first <= r && r <= last);
        }
      ranks += around;
    }
    return ranks > allgather_threshold;
  };
  const Index points = surface_size(key.order), full = key.precision == Precision::single_precision ? 4 : 8,
              least = key.m2l_precision == Precision::single_precision ? 4 : full;
  const tree::NodeLists v = tree::build_lists(s.tree).v;  // the set-up keeps only its lengths
  std::set<NodeIndex> by_v(v.items.begin(), v.items.end()),
      by_m2p(s.operator_lists.m2p.items.begin(), s.operator_lists.m2p.items.end()), all = by_v;
  all.insert(by_m2p.begin(), by_m2p.end());
  MultipoleBytes bytes;
  for (const NodeIndex node : all) {
    if (s.tree.owner[at(node)] == rank) continue;
    const bool double_wire = least < full && by_m2p.count(node) > 0;
    if (double_wire || !is_coarse(node)) bytes.messages += points * (double_wire ? full : least);
  }
  for (NodeIndex node = 0; node < s.tree.size(); ++node)
    if (s.tree.owner[at(node)] == rank && s.tree.has_source[at(node)] &&
        s.tree.anchors[at(node)].level >= 2 && is_coarse(node))
      bytes.collective += points * least;
  return bytes;
}

// Bytes, messages and peers of exchanges, counted directly from the plans.
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

  const PointSetup s = set_points(comm, fmm.parameters(), sources, distinct);
  const OperatorKey& key = fmm.parameters().operators;
  const Index real = key.precision == Precision::single_precision ? 4 : 8,
              row = real * surface_size(key.order), ghost_row = s.ghosts.float_wire ? row / 2 : row;
  Recount charges{part.rank, {}, {}}, ghost_charges = charges, ancestors = charges, multipoles = charges,
                                      sums = charges, potential = charges, gradient = charges, all = charges;
  for (Recount* count : {&charges, &all}) count->add(s.source_exchange.outward(), real);
  for (Recount* count : {&ghost_charges, &all}) count->add(s.ghosts.points.exchange(), real);
  for (const auto& step : s.ancestors.steps)
    for (Recount* count : {&ancestors, &all}) count->add(step.exchange.exchange(), row);
  for (Recount* count : {&multipoles, &all}) count->add(s.ghosts.multipoles.exchange(), ghost_row);
  const bool with_gradient = output == Output::potential_and_gradient;
  if (s.near_pairs && part.ranks > 1)
    for (Recount* count : {&sums, &all}) count->add(s.near_sums.exchange(), with_gradient ? 32 : 8);
  for (Recount* count : {&potential, &all}) count->add(s.results_exchange().homeward(), 8);
  if (with_gradient)
    for (Recount* count : {&gradient, &all}) count->add(s.results_exchange().homeward(), 24);
  EXPECT_EQ(of(mine, Exchange::charges), charges.counts);
  EXPECT_EQ(of(mine, Exchange::ghost_charges), ghost_charges.counts);
  EXPECT_EQ(of(mine, Exchange::ancestors), ancestors.counts);
  EXPECT_EQ(of(mine, Exchange::ghost_multipoles), multipoles.counts);
  EXPECT_EQ(of(mine, Exchange::near_sums), sums.counts);
  EXPECT_EQ(of(mine, Exchange::potential), potential.counts);
  EXPECT_EQ(of(mine, Exchange::gradient), gradient.counts);
  const Index users = fmm.summary().parameters.options.allgather_threshold.value();
  const MultipoleBytes needed = bytes_needed(s, part.rank, fmm.parameters(), users);
  EXPECT_EQ(of(mine, Exchange::ghost_multipoles).bytes_received, needed.messages);
  const TrafficCounts collective = of(mine, Exchange::coarse_multipoles);
  EXPECT_EQ(collective.bytes_received, comm.sum(needed.collective) - needed.collective);
  EXPECT_EQ(collective.bytes_received > 0, users < part.ranks);
  all.counts.bytes_sent += collective.bytes_sent;
  all.counts.bytes_received += collective.bytes_received;
  all.counts.messages_sent += collective.messages_sent;
  all.counts.messages_received += collective.messages_received;
  EXPECT_EQ(mine.evaluation, all.counts);

  for (std::size_t i = 0; i < kExchanges; ++i) expect_sent_is_received(c.exchanges[i], kExchangeNames[i]);
  for (std::size_t i = 0; i < kSetupExchanges; ++i)
    expect_sent_is_received(c.setup[i], kSetupExchangeNames[i]);

  // Traffic of the set-up, from the same plans; worst ranks and sums, from the values per rank.
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
            16 * (ghost_leaves + static_cast<Index>(s.ghosts.multipoles.receive_rows().size())));
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
  expect_recount(make_problem("cube", 3000), options, Output::potential);
  options.transport = mpi::Transport::point_to_point;
  options.precision = Precision::single_precision;
  options.allgather_threshold = 4;
  expect_recount(make_problem("plummer", 2000), options, Output::potential_and_gradient);
}

TEST(Communication, MultipolesThatM2LAloneNeedsTravelAsFloats) {
  Options options = with_order(3, 12);
  options.m2l_precision = Precision::single_precision;
  options.direct_leaves = false;
  expect_recount(make_problem("plummer", 2000), options, Output::potential);
  options.allgather_threshold = 2;
  expect_recount(make_problem("ellipsoid", 2000), options, Output::potential);
}

TEST(Communication, HowMultipolesTravelChangesNoBit) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  const Part part = world();
  const Problem problem = make_problem("plummer", 2000);
  const std::vector<double> charges = part.of(problem.charges, 1);
  for (const Precision m2l : {Precision::double_precision, Precision::single_precision}) {
    Options options = with_order(4, 12);
    options.m2l_precision = m2l;
    options.direct_leaves = false;
    options.load_balance = LoadBalance::points;  // the partition by work depends on M2L's precision
    // All multipoles sent in double, whatever M2L's precision.
    Options in_double = options;
    in_double.m2l_precision = Precision::double_precision;
    in_double.allgather_threshold = std::numeric_limits<Index>::max();
    std::string note;
    const LevelOperators operators(
        prepare_operators<double>(comm, Laplace{}, resolve(options, Laplace::name).operators, nullptr, note));
    PointSetup s =
        set_points(comm, resolve(in_double, Laplace::name), part.of(problem.sources, 3), std::nullopt);
    EXPECT_FALSE(s.ghosts.float_wire);
    Workspace<double> workspace;
    Field expected;
    Profile profile;
    evaluate(comm, Laplace{}, operators, s, Precision::double_precision, workspace,
             CallerStrengths{{charges, {}}, SourceKind::charges, {1.0}, 1}, Output::potential_and_gradient,
             expected, profile);
    for (const auto transport : {mpi::Transport::neighbourhood, mpi::Transport::point_to_point})
      for (const Index users : {Index{1}, Index{4}, std::numeric_limits<Index>::max()}) {
        options.transport = transport;
        options.allgather_threshold = users;
        PointSetup other =
            set_points(comm, resolve(options, Laplace::name), part.of(problem.sources, 3), std::nullopt);
        EXPECT_EQ(other.ghosts.float_wire, m2l == Precision::single_precision);
        EXPECT_EQ(other.ghosts.coarse.exchange().total_records() > 0, users < part.ranks);
        Field field;
        workspace = {};
        evaluate(comm, Laplace{}, operators, other, Precision::double_precision, workspace,
                 CallerStrengths{{charges, {}}, SourceKind::charges, {1.0}, 1},
                 Output::potential_and_gradient, field, profile);
        EXPECT_EQ(field.potential, expected.potential) << users;
        EXPECT_EQ(field.gradient, expected.gradient) << users;
      }
  }
}

TEST(Communication, DistinctTargetsAndRanksWithoutPoints) {
  Problem problem = make_problem("sphere", 40);
  problem.targets = test::make_points("cube", 900, 5);
  expect_recount(problem, with_order(3, 10), Output::potential_and_gradient);
}

TEST(Communication, OneReductionAnEvaluation) {
  const Part part = world();
  const Problem problem = make_problem("cube", 500);
  for (const Precision precision : {Precision::single_precision, Precision::double_precision}) {
    Options options = with_order(3, 30);
    options.precision = precision;
    Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
    fmm.set_points(part.of(problem.sources, 3));
    fmm.evaluate(part.of(problem.charges, 1));
    EXPECT_EQ(fmm.summary().communication.reductions, 1);
  }
}

TEST(Communication, TimeInAnotherExchangeIsNotHidden) {
  using Part = ExchangeTimer::Part;
  static double now;  // a clock set by the test
  now = 0;
  const auto spend = [](double seconds) { now += seconds; };
  Profile profile;
  profile.clock = [] { return now; };
  const auto timed = [&](Exchange exchange, Part part, double seconds) {
    const ExchangeTimer timer(profile, exchange, part);
    spend(seconds);
  };
  timed(Exchange::ghost_multipoles, Part::start, 2);
  timed(Exchange::coarse_multipoles, Part::whole, 20);
  spend(4);  // the only computation
  timed(Exchange::ghost_multipoles, Part::progress, 1);
  timed(Exchange::ghost_multipoles, Part::finish, 3);
  const auto of = [&](Exchange exchange) {
    return profile.exchange_seconds[static_cast<std::size_t>(exchange)];
  };
  const ExchangeSeconds ghosts = of(Exchange::ghost_multipoles), coarse = of(Exchange::coarse_multipoles);
  EXPECT_EQ(ghosts.exposed, 6);
  EXPECT_EQ(coarse.exposed, 20);
  EXPECT_EQ(ghosts.hidden, 4);
  EXPECT_EQ(coarse.hidden, 0);
  EXPECT_EQ(profile.exposed_seconds, 26);
  EXPECT_EQ(profile.seconds[static_cast<std::size_t>(Phase::exchange)], 25);  // progress is part of another
}

TEST(Communication, GatheringIsCountedAsInBrucksAlgorithm) {
  for (int ranks = 1; ranks <= 17; ++ranks) {
    std::vector<Index> places{0};
    for (int r = 0; r < ranks; ++r) places.push_back(places.back() + (r * 7) % 5);
    Index sent = 0, received = 0, steps = 0;
    while ((Index{1} << steps) < ranks) ++steps;
    for (int r = 0; r < ranks; ++r) {
      const Traffic traffic = gather_traffic(r, places, 3);
      sent += traffic.bytes_sent;
      received += traffic.bytes_received;
      EXPECT_EQ(traffic.bytes_received, 3 * (places.back() - (r * 7) % 5)) << ranks;
      EXPECT_EQ(traffic.messages_sent, places.back() > 0 ? steps : 0);
      EXPECT_EQ(traffic.messages_received, traffic.messages_sent);
    }
    EXPECT_EQ(sent, received) << ranks;
  }
}

TEST(Communication, APeerOfTwoExchangesCountsOnce) {
  const std::vector<PeerCount> none, send = {{0, 3}, {2, 5}, {4, 0}}, receive = {{2, 1}, {5, 7}};
  Traffic traffic = traffic_of(0, send, receive, 8);
  EXPECT_EQ(traffic, (Traffic{40, 64, 1, 2, {2, 5}}));  // without messages to itself and empty ones
  traffic += traffic_of(0, none, receive, 1);
  traffic += traffic_of(0, std::vector<PeerCount>{{1, 1}}, none, 100);
  EXPECT_EQ(traffic, (Traffic{140, 72, 2, 4, {1, 2, 5}}));
}

}  // namespace
}  // namespace octopole
