// Counts of what is sent between ranks by each exchange, as seen by one rank. Pure functions of the plans, so
// that a plan can be counted without being run.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/types.hpp"
#include "octopole/phases.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Number of records to or from one rank.
struct PeerCount {
  int rank;
  Index count;
  bool operator==(const PeerCount&) const = default;
};

/// What one rank sends to other ranks and receives from them; records that it sends to itself are not
/// counted.
struct Traffic {
  Index bytes_sent = 0, bytes_received = 0;
  Index messages_sent = 0, messages_received = 0;
  std::vector<int> peers;  // other ranks sent to or received from, ascending, each once

  /// Adds bytes and messages, and unites the peers.
  Traffic& operator+=(const Traffic& other);
  bool operator==(const Traffic&) const = default;
};

/// Traffic of one exchange of records of `record_bytes` bytes, as seen by rank `rank`. Over the entries of
/// other ranks with count > 0: bytes = record_bytes * sum of counts, messages = number of entries.
Traffic traffic_of(int rank, std::span<const PeerCount> send, std::span<const PeerCount> receive,
                   std::size_t record_bytes);

/// Traffic of one Allgatherv, as seen by rank `rank`; rank r has records [places[r], places[r + 1]) of
/// `places` (ranks + 1). MPI chooses the algorithm; Bruck's is counted: in steps k = 1, 2, 4, .. < P, rank r
/// sends the records of the min(k, P - k) ranks r, r + 1, .. (modulo P) to rank r - k, and receives those of
/// the same number of ranks from rank r + k. So messages = ceil(log2 P) each way, and bytes received =
/// record_bytes * (all records but its own). It has no peers, as MPI does not report which ranks communicate.
/// All counts are 0 if there are no records.
Traffic gather_traffic(int rank, std::span<const Index> places, std::size_t record_bytes);

/// The entries > 0 of `counts`, which is indexed by rank.
std::vector<PeerCount> peers_of(std::span<const Index> counts);

}  // namespace octopole
#pragma GCC visibility pop
