// Repeated gathering of all ranks' records on every rank: a frozen plan.
#pragma once

#include <span>
#include <vector>

#include "base/traffic.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::mpi {

/// Every rank contributes a fixed number of records; all ranks get all of them, in rank order. One
/// MPI_Allgatherv: not its non-blocking form, which Open MPI makes of a message from every rank to every
/// other. Holds 8 bytes a rank.
class AllGather {
 public:
  AllGather() = default;
  /// Collective.
  AllGather(const Comm& comm, Index records);

  /// `mine` has this rank's records of `record_bytes` bytes, `all` room for total_records(). Collective;
  /// nothing happens where no rank has a record.
  void run(const void* mine, void* all, std::size_t record_bytes);

  Index total_records() const { return total_; }
  Index own_records() const { return counts_.empty() ? 0 : counts_[rank_]; }
  /// Of one run, as Bruck's algorithm does it (see gather_traffic).
  Traffic traffic(std::size_t record_bytes) const;

 private:
  std::shared_ptr<Comm> comm_;
  std::size_t rank_ = 0;
  std::vector<int> counts_, places_;
  Index total_ = 0;
  Traffic traffic_;  // of records of one byte
  std::unique_ptr<RecordType> record_;
  std::size_t record_bytes_ = 0;
};

}  // namespace octopole::mpi
#pragma GCC visibility pop
