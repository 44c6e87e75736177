// What travelled, over all ranks: the content of the report's part on communication.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "octopole/base/profile.hpp"
#include "octopole/fmm/over_ranks.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The numbers of one Traffic.
struct TrafficCounts {
  Index bytes_sent = 0, bytes_received = 0;
  Index messages_sent = 0, messages_received = 0;
  Index peers = 0;
  TrafficCounts() = default;
  explicit TrafficCounts(const Traffic& traffic);
  bool operator==(const TrafficCounts&) const = default;
};

/// All exchanges of one rank.
struct RankTraffic {
  std::array<TrafficCounts, kExchanges> exchanges;  // of one evaluation
  TrafficCounts evaluation;                         // all of these; a peer of several counts once
  std::array<TrafficCounts, kSetupExchanges> setup;
  RankTraffic() = default;
  RankTraffic(const std::array<Traffic, kExchanges>& by_exchange,
              const std::array<Traffic, kSetupExchanges>& of_setup);
  bool operator==(const RankTraffic&) const = default;
};

struct TrafficOverRanks {
  CountOverRanks bytes_sent, bytes_received, messages_sent, messages_received, peers;
};

/// Seconds of an exchange, exposed and in all (in flight: exposed + hidden; see ExchangeSeconds), and for
/// those that overlap with work the share that is hidden behind it, 1 - exposed / in flight of the sums over
/// ranks; 0 where nothing travels between ranks.
struct ExchangeTimes {
  MinMeanMax exposed, in_flight;
  double hidden = 0;
};

/// Up to so many ranks CommunicationSummary lists each of them.
inline constexpr int kListedRanks = 1024;

struct CommunicationSummary {
  std::array<TrafficOverRanks, kExchanges> exchanges;
  std::array<ExchangeTimes, kExchanges> times;
  TrafficOverRanks evaluation;
  std::array<TrafficOverRanks, kSetupExchanges> setup;
  Index reductions = 0;              // Allreduces of an evaluation
  std::vector<RankTraffic> by_rank;  // empty for more than kListedRanks ranks
};

/// Exchanges that are started before work which does not need them and finished after it.
constexpr bool overlaps(Exchange exchange) {
  return exchange == Exchange::ghost_charges || exchange == Exchange::ghost_multipoles ||
         exchange == Exchange::near_sums;
}

/// Collective.
CommunicationSummary summarize_communication(const mpi::Comm& comm, const Profile& profile,
                                             const std::array<Traffic, kSetupExchanges>& setup);

}  // namespace octopole
#pragma GCC visibility pop
