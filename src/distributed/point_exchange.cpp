#include "distributed/point_exchange.hpp"

#include <algorithm>

#include "base/aligned.hpp"

namespace octopole::distributed {
PointExchange::PointExchange(const mpi::Comm& comm, mpi::Transport transport, AlignedVector<PointIndex> order,
                             std::span<const morton::Code> codes, const tree::Partition& partition)
    : order_(std::move(order)) {
  std::vector<Index> send_counts(static_cast<std::size_t>(comm.size()));
  for (int rank = 0; rank < comm.size(); ++rank) {
    const tree::CodeRange range = partition.range(rank);
    send_counts[static_cast<std::size_t>(rank)] = tree::count_codes(codes, range.first, range.end);
  }
  const std::vector<Index> receive_counts = comm.exchange_counts(send_counts);
  to_owners_ = mpi::SparseExchange(comm, transport, peers_of(send_counts), peers_of(receive_counts));
  to_callers_ = mpi::SparseExchange(comm, transport, peers_of(receive_counts), peers_of(send_counts));

  owned_count_ = to_owners_.receive_records();
  mpi::collectively(comm, [&] { owned_codes_.resize(static_cast<std::size_t>(owned_count_)); });
  to_owners_.run(codes.data(), owned_codes_.data(), sizeof(morton::Code));
  // The codes are ascending runs in rank order: a stable sort keeps points of equal code in the caller's
  // global order.
  mpi::collectively(comm, [&] {
    if (std::is_sorted(owned_codes_.begin(), owned_codes_.end())) return;
    const AlignedVector<PointIndex> sorted = morton::sort_codes(owned_codes_);
    owned_order_.resize(sorted.size());
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < sorted.size(); ++i)
      owned_order_[static_cast<std::size_t>(sorted[i])] = static_cast<PointIndex>(i);
  });
}

void PointExchange::release_set_up() {
  release(owned_codes_);
  release(send_);
  release(receive_);
}

bool PointExchange::start_buffers(const mpi::SparseExchange& exchange, std::size_t bytes) {
  if (exchange.records_sent_away() + exchange.records_from_elsewhere() == 0) return true;
  send_.resize(static_cast<std::size_t>(exchange.send_records()) * bytes);
  receive_.resize(static_cast<std::size_t>(exchange.receive_records()) * bytes);
  return false;
}

}  // namespace octopole::distributed
