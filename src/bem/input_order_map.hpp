// Sends values to the ranks that hold their rows in a block distribution.
#pragma once

#include <span>
#include <vector>

#include "io/points_file.hpp"
#include "mpi/exchange.hpp"

namespace octopole::bem {

/// Sends each value, from any rank, to the rank whose block_of() the `rows` holds its row number. A row of
/// several values gets one of them. Construction and to_blocks are collective.
class InputOrderMap {
 public:
  InputOrderMap(const mpi::Comm& comm, std::span<const Index> numbers, Index rows);

  RowBlock block() const { return block_; }
  /// Returns (block, width) from (numbers, width).
  std::vector<double> to_blocks(std::span<const double> values, std::size_t width);

 private:
  RowBlock block_;
  std::vector<std::size_t> order_;  // index of the value at each position of the send buffer
  std::vector<Index> places_;       // position in the block of each record received
  mpi::SparseExchange exchange_;
};

}  // namespace octopole::bem
