// Repeated exchange of records with few peers: a frozen plan, then start and finish.
#pragma once

#include <mpi.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "octopole/mpi/comm.hpp"

namespace octopole::mpi {

/// How records travel: one neighbourhood collective, or one message a peer. Both deliver the same bytes.
enum class Transport { neighbourhood, point_to_point };
std::string_view transport_name(Transport transport);

/// So many records to or from one rank.
struct PeerCount {
  int rank;
  Index count;
};

/// Sends and receives fixed numbers of fixed-size records, again and again. The send buffer holds the records
/// by destination, the receive buffer by source, each in the order of the peer lists given at construction
/// (ascending ranks). Construction is collective over the communicator, as are start and finish.
class SparseExchange {
 public:
  SparseExchange() = default;
  SparseExchange(const Comm& comm, Transport transport, std::vector<PeerCount> send, std::vector<PeerCount> receive,
                 std::size_t record_bytes);
  ~SparseExchange();
  SparseExchange(SparseExchange&&) noexcept;
  SparseExchange& operator=(SparseExchange&&) noexcept;

  /// Both buffers must stay where they are, the send buffer unchanged, until finish().
  void start(const void* send, void* receive);
  void finish();

  Index send_records() const;
  Index receive_records() const;
  Index bytes_sent() const;  // to other ranks, one start
  Index messages() const;    // to other ranks, one start
  std::span<const PeerCount> send_peers() const;
  std::span<const PeerCount> receive_peers() const;

 private:
  struct Plan;
  std::unique_ptr<Plan> plan_;
};

}  // namespace octopole::mpi
