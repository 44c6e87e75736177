// Repeated exchanges of fixed numbers of records: with few peers, and of all ranks with all.
#pragma once

#include <mpi.h>

#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/profile.hpp"
#include "mpi/comm.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// Sends and receives fixed numbers of records any number of times; the size of a record may change from one
/// start to the next. The send buffer holds the records by destination, the receive buffer by source, each in
/// the order of the peer lists given at construction (ascending ranks). Construction, start and finish are
/// collective over the communicator.
class SparseExchange {
 public:
  SparseExchange();  // without peers: assign another before use
  SparseExchange(const Comm& comm, Transport transport, std::vector<PeerCount> send,
                 std::vector<PeerCount> receive);
  ~SparseExchange();
  SparseExchange(SparseExchange&&) noexcept;
  SparseExchange& operator=(SparseExchange&&) noexcept;

  /// Starts an exchange of records of `record_bytes` bytes. Until finish(), both buffers must remain valid
  /// and the send buffer unchanged.
  void start(const void* send, void* receive, std::size_t record_bytes);
  void finish();
  /// Polls MPI between start and finish: many MPI libraries make progress only when they are called.
  void progress();
  void run(const void* send, void* receive, std::size_t record_bytes) {
    start(send, receive, record_bytes);
    finish();
  }
  /// start() without the copy of this rank's own records, which the caller places. The buffers may be null on
  /// a rank that neither sends to others nor receives from them.
  void start_without_own(const void* send, void* receive, std::size_t record_bytes);

  Index send_records() const;
  Index receive_records() const;
  /// Offsets in the buffers of the records that the rank sends to itself, and their number.
  struct Own {
    Index send = 0, receive = 0, count = 0;
  };
  Own own() const;
  Index records_sent_away() const;       // to other ranks
  Index records_from_elsewhere() const;  // from other ranks
  /// Traffic of one start and finish with records of `record_bytes` bytes.
  Traffic traffic(std::size_t record_bytes) const;
  /// The lists given at construction.
  std::span<const PeerCount> send_peers() const;
  std::span<const PeerCount> receive_peers() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Every rank contributes a fixed number of records; all ranks get all of them, in rank order. Uses the
/// blocking MPI_Allgatherv, because Open MPI implements the non-blocking one by a message from every rank to
/// every other. Holds 8 bytes per rank.
class AllGather {
 public:
  AllGather() = default;
  /// For `records` records of this rank. Collective.
  AllGather(const Comm& comm, Index records);

  /// Gathers this rank's records of `record_bytes` bytes from `mine` into `all`, which has room for
  /// total_records(). Collective; does nothing if no rank has a record.
  void run(const void* mine, void* all, std::size_t record_bytes);

  Index total_records() const { return total_; }
  Index own_records() const { return counts_.empty() ? 0 : counts_[rank_]; }
  /// Traffic of one run by Bruck's algorithm (see gather_traffic).
  Traffic traffic(std::size_t record_bytes) const;

 private:
  std::shared_ptr<Comm> comm_;
  std::size_t rank_ = 0;
  std::vector<int> counts_, places_;
  Index total_ = 0;
  Traffic traffic_;  // for records of one byte
  std::unique_ptr<RecordType> record_;
  std::size_t record_bytes_ = 0;
};

}  // namespace octopole::mpi
#pragma GCC visibility pop
