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

/// n records: to[scatter[first_to + i]] = from[gather[first_from + i]]; an empty order is the identity.
template <class R>
void copy_ordered(Index n, const AlignedVector<PointIndex>& gather, Index first_from,
                  const AlignedVector<PointIndex>& scatter, Index first_to, const R* from, R* to) {
  const auto copy = [&](const auto& source, const auto& place) {
#pragma omp parallel for schedule(static)
    for (Index i = 0; i < n; ++i) to[place(first_to + i)] = from[source(first_from + i)];
  };
  const auto same = [](Index i) { return i; };
  const auto by_gather = [&](Index i) { return gather[static_cast<std::size_t>(i)]; };
  const auto by_scatter = [&](Index i) { return scatter[static_cast<std::size_t>(i)]; };
  if (gather.empty() && scatter.empty())
    copy(same, same);
  else if (scatter.empty())
    copy(by_gather, same);
  else if (gather.empty())
    copy(same, by_scatter);
  else
    copy(by_gather, by_scatter);
}

/// This rank's own records are copied in so many parts, between which MPI is called.
constexpr Index kOwnParts = 4;

}  // namespace

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
  owned_codes_.resize(static_cast<std::size_t>(owned_count_));
  to_owners_.run(codes.data(), owned_codes_.data(), sizeof(morton::Code));
  // Ascending runs in rank order: a stable sort keeps points of one code in the caller's global order.
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

void PointExchange::move(const AlignedVector<PointIndex>& gather, mpi::SparseExchange& exchange,
                         const AlignedVector<PointIndex>& scatter, const void* in, void* out,
                         std::size_t bytes) {
  const Index sent = exchange.send_records(), received = exchange.receive_records();
  const mpi::SparseExchange::Own own = exchange.own();
  const bool alone = exchange.records_sent_away() + exchange.records_from_elsewhere() == 0;
  if (!alone) {
    send_.resize(static_cast<std::size_t>(sent) * bytes);
    receive_.resize(static_cast<std::size_t>(received) * bytes);
  }
  with_record(bytes, [&]<class R>(R) {
    const R* const from = static_cast<const R*>(in);
    R* const to = static_cast<R*>(out);
    R* const leaving = reinterpret_cast<R*>(send_.data());
    const R* const arrived = reinterpret_cast<const R*>(receive_.data());
    const auto pack = [&](Index first, Index end) {
      copy_ordered(end - first, gather, first, {}, first, from, leaving);
    };
    const auto unpack = [&](Index first, Index end) {
      copy_ordered(end - first, {}, first, scatter, first, arrived, to);
    };
    pack(0, own.send);
    pack(own.send + own.count, sent);
    exchange.start_without_own(alone ? nullptr : leaving, alone ? nullptr : receive_.data(), bytes);
    for (Index part = 0; part < kOwnParts; ++part) {
      const Index first = own.count * part / kOwnParts, end = own.count * (part + 1) / kOwnParts;
      copy_ordered(end - first, gather, own.send + first, scatter, own.receive + first, from, to);
      if (!alone) exchange.progress();
    }
    exchange.finish();
    unpack(0, own.receive);
    unpack(own.receive + own.count, received);
  });
}

}  // namespace octopole::parallel
