#include "distributed/row_exchange.hpp"

#include <algorithm>
#include <cstring>

namespace octopole::distributed {

std::vector<PeerCount> RowExchange::flatten(std::span<const PeerRows> peers, Side& side) {
  std::vector<PeerCount> counts;
  const bool any_double_wire =
      std::any_of(peers.begin(), peers.end(), [](const PeerRows& peer) { return !peer.double_wire.empty(); });
  Index next = 0;
  for (const PeerRows& peer : peers) {
    const Index records = static_cast<Index>(peer.rows.size() + 2 * peer.double_wire.size());
    if (records == 0) continue;
    counts.push_back({peer.rank, records});
    for (const auto* rows : {&peer.rows, &peer.double_wire}) {
      side.rows.insert(side.rows.end(), rows->begin(), rows->end());
      for (std::size_t i = 0; any_double_wire && i < rows->size(); ++i) {
        side.records.push_back(next);
        next += rows == &peer.double_wire ? 2 : 1;
      }
    }
  }
  if (any_double_wire) side.records.push_back(next);
  return counts;
}

RowExchange::RowExchange(const mpi::Comm& comm, mpi::Transport transport, std::span<const PeerRows> send,
                         std::span<const PeerRows> receive) {
  auto send_counts = flatten(send, send_);
  auto receive_counts = flatten(receive, receive_);
  exchange_ = mpi::SparseExchange(comm, transport, std::move(send_counts), std::move(receive_counts));
}

void RowExchange::start_bytes(const char* array, std::size_t row_bytes) {
  row_bytes_ = row_bytes;
  send_.buffer.resize(send_.rows.size() * row_bytes);
  receive_.buffer.resize(receive_.rows.size() * row_bytes);
  pack_rows(array, send_.rows, row_bytes, send_.buffer.data());
  exchange_.start(send_.buffer.data(), receive_.buffer.data(), row_bytes);
}

void RowExchange::finish_bytes(char* array) {
  exchange_.finish();
  unpack_rows(receive_.buffer.data(), receive_.rows, row_bytes_, array);
}

void RowExchange::finish_repeated_bytes(char* array) {
  exchange_.finish();
  for (std::size_t i = 0; i < receive_.rows.size(); ++i)
    std::memcpy(array + static_cast<std::size_t>(receive_.rows[i]) * row_bytes_,
                receive_.buffer.data() + i * row_bytes_, row_bytes_);
}

template <class T>
void RowExchange::start_columns(std::span<const T* const> columns) {
  const std::size_t width = columns.size();
  row_bytes_ = width * sizeof(T);
  send_.buffer.resize(send_.rows.size() * row_bytes_);
  receive_.buffer.resize(receive_.rows.size() * row_bytes_);
  T* const packed = reinterpret_cast<T*>(send_.buffer.data());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < send_.rows.size(); ++i)
    for (std::size_t c = 0; c < width; ++c) packed[i * width + c] = columns[c][send_.rows[i]];
  exchange_.start(send_.buffer.data(), receive_.buffer.data(), row_bytes_);
}

template <class T>
void RowExchange::finish_columns(std::span<T* const> columns) {
  exchange_.finish();
  const std::size_t width = columns.size();
  const T* const received = reinterpret_cast<const T*>(receive_.buffer.data());
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < receive_.rows.size(); ++i)
    for (std::size_t c = 0; c < width; ++c) columns[c][receive_.rows[i]] = received[i * width + c];
}

template <class T>
void RowExchange::add_columns(std::span<T* const> columns) {
  exchange_.finish();
  const std::size_t width = columns.size();
  const T* const received = reinterpret_cast<const T*>(receive_.buffer.data());
  std::size_t begin = 0;
  for (const PeerCount& peer : exchange_.receive_peers()) {  // no row occurs twice for one peer
    const std::size_t end = begin + static_cast<std::size_t>(peer.count);
#pragma omp parallel for schedule(static)
    for (std::size_t i = begin; i < end; ++i)
      for (std::size_t c = 0; c < width; ++c) columns[c][receive_.rows[i]] += received[i * width + c];
    begin = end;
  }
}

template void RowExchange::start_columns(std::span<const double* const>);
template void RowExchange::start_columns(std::span<const float* const>);
template void RowExchange::finish_columns(std::span<double* const>);
template void RowExchange::finish_columns(std::span<float* const>);
template void RowExchange::add_columns(std::span<double* const>);

Index RowExchange::bytes() const {
  std::size_t bytes = 0;
  for (const Side* side : {&send_, &receive_})
    bytes += (side->rows.capacity() + side->records.capacity()) * sizeof(Index) + side->buffer.capacity();
  return static_cast<Index>(bytes);
}

void RowExchange::start_float_wire(const double* array, Index width) {
  row_bytes_ = static_cast<std::size_t>(width) * sizeof(float);
  send_.buffer.resize(static_cast<std::size_t>(exchange_.send_records()) * row_bytes_);
  receive_.buffer.resize(static_cast<std::size_t>(exchange_.receive_records()) * row_bytes_);
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < send_.rows.size(); ++i) {
    const double* row = array + send_.rows[i] * width;
    char* const record = send_.buffer.data() + send_.record(i) * row_bytes_;
    if (send_.is_double_wire(i))
      std::memcpy(record, row, 2 * row_bytes_);
    else
      row_to_floats(row, width, record);
  }
  exchange_.start(send_.buffer.data(), receive_.buffer.data(), row_bytes_);
}

void RowExchange::finish_float_wire(double* array) {
  exchange_.finish();
  const Index width = static_cast<Index>(row_bytes_ / sizeof(float));
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < receive_.rows.size(); ++i) {
    double* const row = array + receive_.rows[i] * width;
    const char* record = receive_.buffer.data() + receive_.record(i) * row_bytes_;
    if (receive_.is_double_wire(i))
      std::memcpy(row, record, 2 * row_bytes_);
    else
      row_from_floats(record, width, row);
  }
}

}  // namespace octopole::distributed
