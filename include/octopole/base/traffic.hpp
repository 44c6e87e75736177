// What travels between ranks, counted: which exchanges there are, and what each of them is to one rank. Pure
// functions of the plans, so that a plan can be counted without being run.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "octopole/base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The exchanges of one evaluation: charges to the owners of the sources; charges of ghost sources;
/// multipoles of children to the owner of a parent that ranks share (all levels together); multipoles of
/// coarse nodes to all ranks, by one collective; ghost multipoles from owners to users; what other ranks have
/// summed of the near field of leaves at the border, potential and gradient together; potential and gradient
/// (where it is asked for) back to the caller's distribution.
enum class Exchange : int {
  charges,
  ghost_charges,
  ancestors,
  coarse_multipoles,
  ghost_multipoles,
  near_sums,
  potential,
  gradient
};
inline constexpr std::size_t kExchanges = 8;
inline constexpr std::array<std::string_view, kExchanges> kExchangeNames = {
    "charges",          "ghost_charges", "ancestors", "coarse_multipoles",
    "ghost_multipoles", "near_sums",     "potential", "gradient"};

/// The exchanges of a set-up whose records follow from the points: points to their owners (a Morton code of 8
/// bytes and 24 bytes of coordinates each, two exchanges for the sources and two for distinct targets); keys
/// of nodes that balance splits in other ranks' parts (8 bytes each); records of nodes for the locally
/// essential trees (24 bytes each); requests for the multipoles and sources that a rank needs (16 bytes a
/// node); coordinates of ghost sources (24 bytes each). Numbers of records (8 bytes to every rank) precede
/// all but the last; they, reductions, keys of coarse nodes and what tuning looks at are not counted here.
enum class SetupExchange : int { points, balance, records, requests, ghost_coordinates };
inline constexpr std::size_t kSetupExchanges = 5;
inline constexpr std::array<std::string_view, kSetupExchanges> kSetupExchangeNames = {
    "points", "balance", "records", "requests", "ghost_coordinates"};

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
