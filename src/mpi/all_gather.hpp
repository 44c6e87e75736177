// Repeated gathering of all ranks' records on every rank, with a fixed plan.
#pragma once

#include <span>
#include <vector>

#include "base/traffic.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// Every rank contributes a fixed number of records; all ranks get all of them, in rank order. Uses the
/// blocking MPI_Allgatherv, because Open MPI implements the non-blocking one by a message from every rank to
/// every other. Holds 8 bytes per rank.
class AllGather {
 public:
  AllGather() = default;
  /// Plan for `records` records of this rank. Collective.
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
