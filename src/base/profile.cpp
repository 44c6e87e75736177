#include "base/profile.hpp"

#include <algorithm>
#include <iterator>

namespace octopole {
namespace {

void merge(const std::vector<int>& more, std::vector<int>& peers) {
  std::vector<int> both;
  both.reserve(peers.size() + more.size());
  std::set_union(peers.begin(), peers.end(), more.begin(), more.end(), std::back_inserter(both));
  peers = std::move(both);
}

}  // namespace

Traffic& Traffic::operator+=(const Traffic& other) {
  bytes_sent += other.bytes_sent;
  bytes_received += other.bytes_received;
  messages_sent += other.messages_sent;
  messages_received += other.messages_received;
  merge(other.peers, peers);
  return *this;
}

Traffic traffic_of(int rank, std::span<const PeerCount> send, std::span<const PeerCount> receive,
                   std::size_t record_bytes) {
  Traffic traffic;
  const auto count = [&](std::span<const PeerCount> list, Index& bytes, Index& messages) {
    std::vector<int> others;
    for (const PeerCount& peer : list) {
      if (peer.rank == rank || peer.count == 0) continue;
      bytes += peer.count * static_cast<Index>(record_bytes);
      ++messages;
      others.push_back(peer.rank);
    }
    std::sort(others.begin(), others.end());
    merge(others, traffic.peers);
  };
  count(send, traffic.bytes_sent, traffic.messages_sent);
  count(receive, traffic.bytes_received, traffic.messages_received);
  return traffic;
}

Traffic gather_traffic(int rank, std::span<const Index> places, std::size_t record_bytes) {
  const Index ranks = static_cast<Index>(places.size()) - 1, total = places.back();
  Traffic traffic;
  if (total == 0) return traffic;
  // Records of the `count` ranks first, first + 1, .. (modulo the number of ranks).
  const auto records = [&](Index first, Index count) {
    const auto place = [&](Index r) { return places[static_cast<std::size_t>(r)]; };
    const Index begin = first % ranks, end = begin + count;
    return end <= ranks ? place(end) - place(begin) : total - place(begin) + place(end - ranks);
  };
  for (Index step = 1; step < ranks; step *= 2) {
    const Index count = std::min(step, ranks - step);
    traffic.bytes_sent += static_cast<Index>(record_bytes) * records(rank, count);
    traffic.bytes_received += static_cast<Index>(record_bytes) * records(rank + step, count);
    ++traffic.messages_sent;
    ++traffic.messages_received;
  }
  return traffic;
}

std::vector<PeerCount> peers_of(std::span<const Index> counts) {
  std::vector<PeerCount> peers;
  for (std::size_t rank = 0; rank < counts.size(); ++rank)
    if (counts[rank] > 0) peers.push_back({static_cast<int>(rank), counts[rank]});
  return peers;
}

TrafficCounts counts_of(const Traffic& traffic) {
  return {traffic.bytes_sent, traffic.bytes_received, traffic.messages_sent, traffic.messages_received,
          static_cast<Index>(traffic.peers.size())};
}

RankTraffic traffic_of_rank(const std::array<Traffic, kExchanges>& by_exchange,
                            const std::array<Traffic, kSetupExchanges>& of_setup) {
  RankTraffic result;
  Traffic all;
  for (std::size_t i = 0; i < kExchanges; ++i) {
    result.exchanges[i] = counts_of(by_exchange[i]);
    all += by_exchange[i];
  }
  result.evaluation = counts_of(all);
  for (std::size_t i = 0; i < kSetupExchanges; ++i) result.setup[i] = counts_of(of_setup[i]);
  return result;
}

}  // namespace octopole
