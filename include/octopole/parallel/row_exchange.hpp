// Rows of an array to the same rows of other ranks' arrays.
#pragma once

#include <span>
#include <vector>

#include "octopole/base/aligned.hpp"
#include "octopole/mpi/sparse_exchange.hpp"

namespace octopole::parallel {

/// Rows for, or from, one rank.
struct PeerRows {
  int rank;
  std::vector<Index> rows;
};

/// Sends rows of one array (of any type and width, as of start) and receives others into it. The lists of two
/// ranks for each other name the same things in the same order. Construction, start and finish are
/// collective.
class RowExchange {
 public:
  RowExchange() = default;
  RowExchange(const mpi::Comm& comm, mpi::Transport transport, std::span<const PeerRows> send,
              std::span<const PeerRows> receive);

  /// Packs the rows to send and starts; `array` (rows of `width` values) may change before finish.
  template <class T>
  void start(const T* array, Index width) {
    start_bytes(reinterpret_cast<const char*>(array), static_cast<std::size_t>(width) * sizeof(T));
  }
  /// Waits, and writes the received rows to the array.
  template <class T>
  void finish(T* array) {
    finish_bytes(reinterpret_cast<char*>(array));
  }

  std::span<const Index> send_rows() const { return send_rows_; }
  std::span<const Index> receive_rows() const { return receive_rows_; }
  const mpi::SparseExchange& exchange() const { return exchange_; }

 private:
  void start_bytes(const char* array, std::size_t row_bytes);
  void finish_bytes(char* array);

  std::vector<Index> send_rows_, receive_rows_;
  mpi::SparseExchange exchange_;
  AlignedVector<char> send_, receive_;
  std::size_t row_bytes_ = 0;
};

}  // namespace octopole::parallel
