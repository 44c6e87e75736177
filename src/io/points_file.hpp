// Points, charges and results in HDF5 files, read and written in parallel by blocks of rows.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/files.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Rows [first, first + count) of a table.
struct RowBlock {
  Index first = 0, count = 0;
};

/// The rows that `rank` of `ranks` holds of a table of `rows`: contiguous blocks in rank order whose lengths
/// differ by one at most.
inline RowBlock block_of(Index rows, int rank, int ranks) {
  const Index base = rows / ranks, rest = rows % ranks;
  return {rank * base + (rank < rest ? rank : rest), base + (rank < rest ? 1 : 0)};
}

/// Called on all ranks with the rows that this rank will hold, before they are allocated. What it throws must
/// be thrown on all ranks.
using BeforeReading = std::function<void(RowBlock sources, RowBlock targets)>;

/// The same as octopole/files.hpp's. `before_reading` may be empty.
Points read_points(const mpi::Comm& comm, const std::string& path, const BeforeReading& before_reading = {});

/// A table of numbers to be written: `columns` 1 makes a dataset (rows), more make (rows, columns).
struct Table {
  std::string dataset;  // path in the file; groups are created as needed
  Index rows = 0;       // over all ranks
  Index columns = 1;
  RowBlock block;  // what this rank writes; the blocks of all ranks cover the rows once
  /// Writes rows [first, first + count) of the whole table, inside this rank's block, to values (count,
  /// columns).
  std::function<void(Index first, Index count, double* values)> rows_at;
  bool integers = false;  // stored as 64-bit integers: values are whole numbers below 2^53
};

/// A name and value, kept with the root of a file.
using Attribute = std::pair<std::string, std::variant<std::string, std::int64_t, double>>;

/// Writes an HDF5 file of the tables, in bounded memory a rank, and takes the place of `path` only when all
/// of it is on disk. The file's bytes do not depend on the number of ranks. Collective; the same Error on all
/// ranks where anything fails, with nothing left behind and an existing file untouched. Attributes count on
/// rank 0.
void write_tables(const mpi::Comm& comm, const std::string& path, std::span<const Table> tables,
                  std::span<const Attribute> attributes);

/// A table held in memory: this rank's rows start at `first` of `rows`; `values` (count, columns) must
/// outlive it.
Table table_of(std::string dataset, Index rows, Index first, Index columns, std::span<const double> values);

}  // namespace octopole
#pragma GCC visibility pop
