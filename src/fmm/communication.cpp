#include "fmm/communication.hpp"

namespace octopole {
namespace {

constexpr std::size_t kCounts = 5;  // in a TrafficCounts
constexpr std::size_t kRankCounts = kCounts * (kExchanges + 1 + kSetupExchanges);
static_assert(sizeof(TrafficCounts) == kCounts * sizeof(Index));
static_assert(sizeof(RankTraffic) == kRankCounts * sizeof(Index));

TrafficOverRanks take(const CountOverRanks*& next) {
  const TrafficOverRanks taken{next[0], next[1], next[2], next[3], next[4]};
  next += kCounts;
  return taken;
}

}  // namespace

TrafficCounts::TrafficCounts(const Traffic& traffic)
    : bytes_sent(traffic.bytes_sent),
      bytes_received(traffic.bytes_received),
      messages_sent(traffic.messages_sent),
      messages_received(traffic.messages_received),
      peers(static_cast<Index>(traffic.peers.size())) {}

RankTraffic::RankTraffic(const std::array<Traffic, kExchanges>& by_exchange,
                         const std::array<Traffic, kSetupExchanges>& of_setup) {
  Traffic all;
  for (std::size_t i = 0; i < kExchanges; ++i) {
    exchanges[i] = TrafficCounts(by_exchange[i]);
    all += by_exchange[i];
  }
  evaluation = TrafficCounts(all);
  for (std::size_t i = 0; i < kSetupExchanges; ++i) setup[i] = TrafficCounts(of_setup[i]);
}

CommunicationSummary summarize_communication(const mpi::Comm& comm, const Profile& profile,
                                             const std::array<Traffic, kSetupExchanges>& setup) {
  CommunicationSummary s;
  const RankTraffic mine(profile.traffic, setup);
  const std::vector<CountOverRanks> counts =
      over_ranks(comm, std::span<const Index>(&mine.exchanges[0].bytes_sent, kRankCounts));
  const CountOverRanks* next = counts.data();
  for (TrafficOverRanks& exchange : s.exchanges) exchange = take(next);
  s.evaluation = take(next);
  for (TrafficOverRanks& exchange : s.setup) exchange = take(next);

  std::vector<double> mine_seconds;
  for (const ExchangeSeconds& exchange : profile.exchange_seconds) {
    mine_seconds.push_back(exchange.exposed);
    mine_seconds.push_back(exchange.exposed + exchange.hidden);
  }
  const std::vector<MinMeanMax> seconds = over_ranks(comm, std::span<const double>(mine_seconds));
  for (std::size_t i = 0; i < kExchanges; ++i) {
    ExchangeTimes& times = s.times[i];
    times.exposed = seconds[2 * i];
    times.in_flight = seconds[2 * i + 1];
    if (overlaps(static_cast<Exchange>(i)) && s.exchanges[i].messages_sent.sum > 0)
      times.hidden = 1 - times.exposed.mean / times.in_flight.mean;
  }
  s.reductions = profile.reductions;
  if (comm.size() <= kListedRanks) s.by_rank = comm.gather_all(std::span<const RankTraffic>(&mine, 1));
  return s;
}

}  // namespace octopole
