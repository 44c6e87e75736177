// Exchange of array rows between ranks, and their packing into records.
#pragma once

#include <cstring>
#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "mpi/exchange.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Rows for, or from, one rank.
struct PeerRows {
  int rank;
  std::vector<Index> rows;
  std::vector<Index> double_wire = {};  // after the others; only for start_float_wire
};

/// The entry of `rank`, the highest so far; appended if it is not there.
inline PeerRows& peer_of(std::vector<PeerRows>& peers, int rank) {
  if (peers.empty() || peers.back().rank != rank) peers.push_back({rank, {}});
  return peers.back();
}

/// Sends rows of one array (of the type and width given to start) and receives others into it. A rank's send
/// list and its peer's receive list contain the same items in the same order. Construction, start and finish
/// are collective.
class RowExchange {
 public:
  RowExchange() = default;
  RowExchange(const mpi::Comm& comm, mpi::Transport transport, std::span<const PeerRows> send,
              std::span<const PeerRows> receive);

  /// Packs the rows to send and starts the exchange; `array` (rows of `width` values) may change before
  /// finish.
  template <class T>
  void start(const T* array, Index width) {
    start_bytes(reinterpret_cast<const char*>(array), static_cast<std::size_t>(width) * sizeof(T));
  }
  /// Waits, and writes the received rows to the array.
  template <class T>
  void finish(T* array) {
    finish_bytes(reinterpret_cast<char*>(array));
  }
  /// As finish, where a row may be received several times: the last of them, in the order of the peers,
  /// stays.
  template <class T>
  void finish_repeated(T* array) {
    finish_repeated_bytes(reinterpret_cast<char*>(array));
  }

  /// As start and finish, for doubles that are sent as floats, in records of `width` floats; those of
  /// PeerRows::double_wire are sent as doubles, in two records each.
  void start_float_wire(const double* array, Index width);
  void finish_float_wire(double* array);

  /// Exchanges rows of several arrays at once, one number per array, float or double; finish_columns writes
  /// the received numbers to the arrays' rows, add_columns adds them, peer by peer in ascending order.
  template <class T>
  void start_columns(std::span<const T* const> columns);
  template <class T>
  void finish_columns(std::span<T* const> columns);
  template <class T>
  void add_columns(std::span<T* const> columns);

  /// Polls MPI, which may progress messages only when called.
  void progress() { exchange_.progress(); }

  std::span<const Index> send_rows() const { return send_.rows; }  // PeerRows::double_wire included
  std::span<const Index> receive_rows() const { return receive_.rows; }
  const mpi::SparseExchange& exchange() const { return exchange_; }
  Index bytes() const;  // of the rows and buffers on this rank

 private:
  struct Side {
    std::vector<Index> rows;
    std::vector<Index> records;  // (rows + 1) where each row's records begin; empty: one per row
    AlignedVector<char> buffer;
    bool is_double_wire(std::size_t i) const { return !records.empty() && records[i + 1] - records[i] == 2; }
    std::size_t record(std::size_t i) const {
      return records.empty() ? i : static_cast<std::size_t>(records[i]);
    }
  };
  static std::vector<PeerCount> flatten(std::span<const PeerRows> peers, Side& side);
  void start_bytes(const char* array, std::size_t row_bytes);
  void finish_bytes(char* array);
  void finish_repeated_bytes(char* array);

  Side send_, receive_;
  mpi::SparseExchange exchange_;
  std::size_t row_bytes_ = 0;
};

/// Copies row rows[i] of the array to record i of the buffer.
inline void pack_rows(const char* array, std::span<const Index> rows, std::size_t row_bytes, char* buffer) {
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(buffer + i * row_bytes, array + static_cast<std::size_t>(rows[i]) * row_bytes, row_bytes);
}

/// Copies record i of the buffer to row rows[i] of the array.
inline void unpack_rows(const char* buffer, std::span<const Index> rows, std::size_t row_bytes, char* array) {
#pragma omp parallel for schedule(static)
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::memcpy(array + static_cast<std::size_t>(rows[i]) * row_bytes, buffer + i * row_bytes, row_bytes);
}

/// Writes a row of `width` doubles to a record of floats.
inline void row_to_floats(const double* row, Index width, char* record) {
  for (Index c = 0; c < width; ++c) {
    const float value = static_cast<float>(row[c]);
    std::memcpy(record + static_cast<std::size_t>(c) * sizeof(float), &value, sizeof(float));
  }
}

/// Reads a row of `width` doubles from a record of floats.
inline void row_from_floats(const char* record, Index width, double* row) {
  for (Index c = 0; c < width; ++c) {
    float value;
    std::memcpy(&value, record + static_cast<std::size_t>(c) * sizeof(float), sizeof(float));
    row[c] = static_cast<double>(value);
  }
}

}  // namespace octopole::distributed
#pragma GCC visibility pop
