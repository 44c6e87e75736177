// Values to the ranks that hold blocks of numbered rows.
#pragma once

#include <span>
#include <vector>

#include "io/points_file.hpp"
#include "mpi/sparse_exchange.hpp"

namespace octopole::bem {

/// Takes values by the number of the row that they belong to, on any rank, to the rank whose block_of() the
/// `rows` holds it. Rows that several values belong to get one of them. Construction and to_blocks are
/// collective.
class InputOrderMap {
 public:
  InputOrderMap(const mpi::Comm& comm, std::span<const Index> numbers, Index rows);

  RowBlock block() const { return block_; }
  /// (block, width) from (numbers, width).
  std::vector<double> to_blocks(std::span<const double> values, std::size_t width);

 private:
  RowBlock block_;
  std::vector<std::size_t> order_;  // which value goes to each place of the send buffer
  std::vector<Index> places_;       // in the block, of each record received
  mpi::SparseExchange exchange_;
};

}  // namespace octopole::bem
