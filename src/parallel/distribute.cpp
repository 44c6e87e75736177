#include "octopole/parallel/distribute.hpp"

#include <algorithm>

#include "octopole/base/release.hpp"

namespace octopole::parallel {
namespace {

template <std::size_t Bytes>
struct Record {
  char data[Bytes];
};

template <class Move>
void with_record(std::size_t bytes, Move&& move) {
  switch (bytes) {  // the sizes that evaluations use, known to the compiler
    case 4:
      return move(Record<4>{});
    case 8:
      return move(Record<8>{});
    case 24:
      return move(Record<24>{});
    default:
      throw Error("a point's record of " + std::to_string(bytes) + " bytes is not foreseen");
  }
}

/// to[scatter[i]] = from[gather[i]] for n records; an empty order is the identity.
template <class R>
void copy_ordered(std::size_t n, const AlignedVector<Index>& gather, const AlignedVector<Index>& scatter,
                  const R* from, R* to) {
  const auto copy = [&](const auto& source, const auto& place) {
#pragma omp parallel for schedule(static)
    for (std::size_t i = 0; i < n; ++i) to[place(i)] = from[source(i)];
  };
  const auto same = [](std::size_t i) { return i; };
  const auto by_gather = [&](std::size_t i) { return gather[i]; };
  const auto by_scatter = [&](std::size_t i) { return scatter[i]; };
  if (gather.empty() && scatter.empty())
    copy(same, same);
  else if (scatter.empty())
    copy(by_gather, same);
  else if (gather.empty())
    copy(same, by_scatter);
  else
    copy(by_gather, by_scatter);
}

}  // namespace

PointExchange::PointExchange(const mpi::Comm& comm, mpi::Transport transport, AlignedVector<Index> order,
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
  owned_codes_.resize(static_cast<std::size_t>(owned_count_));
  to_owners_.run(codes.data(), owned_codes_.data(), sizeof(morton::Code));
  // Ascending runs in rank order: a stable sort keeps points of one code in the caller's global order.
  if (std::is_sorted(owned_codes_.begin(), owned_codes_.end())) return;
  const AlignedVector<Index> sorted = morton::sort_codes(owned_codes_);
  owned_order_.resize(sorted.size());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < sorted.size(); ++i)
    owned_order_[static_cast<std::size_t>(sorted[i])] = static_cast<Index>(i);
}

void PointExchange::release_set_up() {
  release(owned_codes_);
  release(send_);
  release(receive_);
}

void PointExchange::move(const AlignedVector<Index>& gather, mpi::SparseExchange& exchange,
                         const AlignedVector<Index>& scatter, const void* in, void* out, std::size_t bytes) {
  const std::size_t sent = static_cast<std::size_t>(exchange.send_records()),
                    received = static_cast<std::size_t>(exchange.receive_records());
  if (exchange.records_sent_away() + exchange.records_from_elsewhere() == 0) {
    // This rank's own points alone: no buffers. The exchange still takes place, because others may need it.
    with_record(bytes, [&]<class R>(R) {
      copy_ordered(sent, gather, scatter, static_cast<const R*>(in), static_cast<R*>(out));
    });
    exchange.run_without_own(bytes);
    return;
  }
  send_.resize(sent * bytes);
  receive_.resize(received * bytes);
  with_record(bytes, [&]<class R>(R) {
    copy_ordered(sent, gather, {}, static_cast<const R*>(in), reinterpret_cast<R*>(send_.data()));
  });
  exchange.run(send_.data(), receive_.data(), bytes);
  with_record(bytes, [&]<class R>(R) {
    copy_ordered(received, {}, scatter, reinterpret_cast<const R*>(receive_.data()), static_cast<R*>(out));
  });
}

}  // namespace octopole::parallel
