// What travels between ranks, counted: which exchanges there are, and what each of them is to one rank. Pure
// functions of the plans, so that a plan can be counted without being run.
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

/// So many records to or from one rank.
struct PeerCount {
  int rank;
  Index count;
  bool operator==(const PeerCount&) const = default;
};

/// What one rank sends to others and receives from them; what it sends itself is not counted.
struct Traffic {
  Index bytes_sent = 0, bytes_received = 0;
  Index messages_sent = 0, messages_received = 0;
  std::vector<int> peers;  // other ranks sent to or received from, ascending, each once

  /// The traffic of both: bytes and messages add up, a peer of both is one.
  Traffic& operator+=(const Traffic& other);
  bool operator==(const Traffic&) const = default;
};

/// One exchange of records of `record_bytes` bytes, as rank `rank` sees it. Over the entries of other ranks
/// with count > 0: bytes = record_bytes * sum of counts, messages = number of entries.
Traffic traffic_of(int rank, std::span<const PeerCount> send, std::span<const PeerCount> receive,
                   std::size_t record_bytes);

/// One gathering of all ranks' records on all ranks, as rank `rank` sees it; rank r has records [places[r],
/// places[r + 1]) of `places` (ranks + 1). MPI chooses how it is done. Counted is Bruck's algorithm: in steps
/// k = 1, 2, 4, .. < P, rank r sends the records of the min(k, P - k) ranks r, r + 1, .. (modulo P) to rank r
/// - k, and receives those of as many ranks from rank r + k. So messages = ceil(log2 P) each way, and bytes
/// received = record_bytes * (all records but its own). It has no peers: whom MPI lets a rank talk to is not
/// told. Nothing is counted where there are no records.
Traffic gather_traffic(int rank, std::span<const Index> places, std::size_t record_bytes);

/// The entries > 0 of counts by rank.
std::vector<PeerCount> peers_of(std::span<const Index> counts);

}  // namespace octopole
#pragma GCC visibility pop
