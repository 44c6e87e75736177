#include "app/communication_json.hpp"

#include <string>

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

ordered_json count_json(const CountOverRanks& count) {
  return {{"min", count.min}, {"mean", count.mean}, {"max", count.max}, {"worst_rank", count.worst_rank}};
}

ordered_json seconds_json(const MinMeanMax& seconds) {
  return {{"min", seconds.min}, {"mean", seconds.mean}, {"max", seconds.max}};
}

ordered_json traffic_json(const TrafficOverRanks& traffic) {
  return {{"bytes_sent", count_json(traffic.bytes_sent)},
          {"bytes_received", count_json(traffic.bytes_received)},
          {"messages_sent", count_json(traffic.messages_sent)},
          {"messages_received", count_json(traffic.messages_received)},
          {"peers", count_json(traffic.peers)}};
}

/// Lists with one entry per rank, of the traffic that `pick` returns.
template <class Pick>
ordered_json lists_json(const std::vector<RankTraffic>& ranks, Pick&& pick) {
  const auto list = [&](Index TrafficCounts::*figure) {
    ordered_json values = ordered_json::array();
    for (const RankTraffic& rank : ranks) values.push_back(pick(rank).*figure);
    return values;
  };
  return {{"bytes_sent", list(&TrafficCounts::bytes_sent)},
          {"bytes_received", list(&TrafficCounts::bytes_received)},
          {"messages_sent", list(&TrafficCounts::messages_sent)},
          {"messages_received", list(&TrafficCounts::messages_received)},
          {"peers", list(&TrafficCounts::peers)}};
}

ordered_json ranks_json(const std::vector<RankTraffic>& ranks) {
  if (ranks.empty()) return {};
  ordered_json json = ordered_json::object();
  for (std::size_t i = 0; i < kExchanges; ++i)
    json["exchanges"][std::string(kExchangeNames[i])] =
        lists_json(ranks, [i](const RankTraffic& rank) { return rank.exchanges[i]; });
  json["evaluation"] = lists_json(ranks, [](const RankTraffic& rank) { return rank.evaluation; });
  for (std::size_t i = 0; i < kSetupExchanges; ++i)
    json["setup"][std::string(kSetupExchangeNames[i])] =
        lists_json(ranks, [i](const RankTraffic& rank) { return rank.setup[i]; });
  return json;
}

}  // namespace

ordered_json communication_json(const CommunicationSummary& c) {
  ordered_json exchanges = ordered_json::object(), setup = ordered_json::object();
  for (std::size_t i = 0; i < kExchanges; ++i) {
    ordered_json exchange = traffic_json(c.exchanges[i]);
    exchange["seconds_exposed"] = seconds_json(c.times[i].exposed);
    exchange["seconds_in_flight"] = seconds_json(c.times[i].in_flight);
    if (overlaps(static_cast<Exchange>(i))) exchange["hidden"] = c.times[i].hidden;
    exchanges[std::string(kExchangeNames[i])] = exchange;
  }
  for (std::size_t i = 0; i < kSetupExchanges; ++i)
    setup[std::string(kSetupExchangeNames[i])] = traffic_json(c.setup[i]);
  return {{"bytes_sent_max", c.evaluation.bytes_sent.max},
          {"bytes_sent_total", c.evaluation.bytes_sent.sum},
          {"bytes_received_max", c.evaluation.bytes_received.max},
          {"messages_max", c.evaluation.messages_sent.max},
          {"peers_max", c.evaluation.peers.max},
          {"reductions", c.reductions},
          {"evaluation", traffic_json(c.evaluation)},
          {"exchanges", exchanges},
          {"setup", setup},
          {"by_rank", ranks_json(c.by_rank)}};
}

}  // namespace octopole::app
