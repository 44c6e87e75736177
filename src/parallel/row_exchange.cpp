#include "octopole/parallel/row_exchange.hpp"

#include <cstring>

namespace octopole::parallel {
namespace {

std::vector<PeerCount> flatten(std::span<const PeerRows> peers, std::vector<Index>& rows) {
  std::vector<PeerCount> counts;
  for (const PeerRows& peer : peers) {
    if (peer.rows.empty()) continue;
    counts.push_back({peer.rank, static_cast<Index>(peer.rows.size())});
    rows.insert(rows.end(), peer.rows.begin(), peer.rows.end());
  }
  return counts;
}

}  // namespace

RowExchange::RowExchange(const mpi::Comm& comm, mpi::Transport transport, std::span<const PeerRows> send,
                         std::span<const PeerRows> receive) {
  auto send_counts = flatten(send, send_rows_);
  auto receive_counts = flatten(receive, receive_rows_);
  exchange_ = mpi::SparseExchange(comm, transport, std::move(send_counts), std::move(receive_counts));
}

void RowExchange::start_bytes(const char* array, std::size_t row_bytes) {
  row_bytes_ = row_bytes;
  send_.resize(send_rows_.size() * row_bytes);
  receive_.resize(receive_rows_.size() * row_bytes);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < send_rows_.size(); ++i)
    std::memcpy(send_.data() + i * row_bytes, array + static_cast<std::size_t>(send_rows_[i]) * row_bytes,
                row_bytes);
  exchange_.start(send_.data(), receive_.data(), row_bytes);
}

void RowExchange::finish_bytes(char* array) {
  exchange_.finish();
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < receive_rows_.size(); ++i)
    std::memcpy(array + static_cast<std::size_t>(receive_rows_[i]) * row_bytes_,
                receive_.data() + i * row_bytes_, row_bytes_);
}

}  // namespace octopole::parallel
