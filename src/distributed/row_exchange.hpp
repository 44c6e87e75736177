// Rows of an array to the same rows of other ranks' arrays.
#pragma once

#include <span>
#include <vector>

#include "base/aligned.hpp"
#include "mpi/sparse_exchange.hpp"

#pragma GCC visibility push(default)
namespace octopole::distributed {

/// Rows for, or from, one rank.
struct PeerRows {
  int rank;
  std::vector<Index> rows;
  std::vector<Index> wide = {};  // behind the others; for start_narrow alone
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

  /// The same for doubles that travel as floats, in records of `width` floats; wide rows travel as they are,
  /// in two records each.
  void start_narrow(const double* array, Index width);
  void finish_narrow(double* array);

  /// Rows of several arrays at once, a double of each: what is received is added to the arrays' rows, peer by
  /// peer in ascending order.
  void start_columns(std::span<const double* const> columns);
  void add_columns(std::span<double* const> columns);

  /// Lets MPI work on what is in flight, if it wants to be called for that.
  void progress() { exchange_.progress(); }

  std::span<const Index> send_rows() const { return send_.rows; }  // wide ones included
  std::span<const Index> receive_rows() const { return receive_.rows; }
  const mpi::SparseExchange& exchange() const { return exchange_; }

 private:
  struct Side {
    std::vector<Index> rows;
    std::vector<Index> records;  // (rows + 1) where each row's records begin; empty: one record each
    AlignedVector<char> buffer;
    bool is_wide(std::size_t i) const { return !records.empty() && records[i + 1] - records[i] == 2; }
    std::size_t record(std::size_t i) const {
      return records.empty() ? i : static_cast<std::size_t>(records[i]);
    }
  };
  static std::vector<PeerCount> flatten(std::span<const PeerRows> peers, Side& side);
  void start_bytes(const char* array, std::size_t row_bytes);
  void finish_bytes(char* array);

  Side send_, receive_;
  mpi::SparseExchange exchange_;
  std::size_t row_bytes_ = 0;
};

}  // namespace octopole::distributed
#pragma GCC visibility pop
