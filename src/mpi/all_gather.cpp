#include "mpi/all_gather.hpp"

namespace octopole::mpi {

AllGather::AllGather(const Comm& comm, Index records)
    : comm_(std::make_shared<Comm>(comm)), rank_(static_cast<std::size_t>(comm.rank())) {
  std::vector<Index> places{0};
  for (const Index count : comm.gather_all(std::span<const Index>(&records, 1))) {
    counts_.push_back(checked_cast<int>(count, "records of one rank for all"));
    places_.push_back(checked_cast<int>(places.back(), "records of all ranks for all"));
    places.push_back(places.back() + count);
  }
  total_ = places.back();
  traffic_ = gather_traffic(comm.rank(), places, 1);
}

void AllGather::run(const void* mine, void* all, std::size_t record_bytes) {
  if (total_ == 0) return;
  if (record_bytes != record_bytes_) {
    record_ = std::make_unique<RecordType>(record_bytes);
    record_bytes_ = record_bytes;
  }
  check(MPI_Allgatherv(mine, counts_[rank_], record_->handle(), all, counts_.data(), places_.data(),
                       record_->handle(), comm_->handle()),
        "MPI_Allgatherv");
}

Traffic AllGather::traffic(std::size_t record_bytes) const {
  Traffic traffic = traffic_;
  traffic.bytes_sent *= static_cast<Index>(record_bytes);
  traffic.bytes_received *= static_cast<Index>(record_bytes);
  return traffic;
}

}  // namespace octopole::mpi
