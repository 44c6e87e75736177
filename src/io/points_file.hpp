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

/// Rank `rank`'s block of a table of `rows` rows divided among `ranks` ranks: contiguous blocks in rank order
/// whose lengths differ by at most one.
inline RowBlock block_of(Index rows, int rank, int ranks) {
  const Index base = rows / ranks, rest = rows % ranks;
  return {rank * base + (rank < rest ? rank : rest), base + (rank < rest ? 1 : 0)};
}

/// What strengths sources have.
struct StrengthShape {
  SourceKind kind = SourceKind::charges;
  int vectors = 1;
  int components = 1;  // of a charge
};

/// Called on all ranks with the rows that this rank will hold and their strengths, before they are allocated.
/// If it throws, it must throw on all ranks.
using BeforeReading = std::function<void(RowBlock sources, RowBlock targets, StrengthShape strengths)>;

/// As read_points of octopole/files.hpp. `before_reading` may be empty.
Points read_points(const mpi::Comm& comm, const std::string& path, const AnyKernel& kernel = Laplace{},
                   const BeforeReading& before_reading = {});

/// A table of numbers to be written: with one column a dataset (rows), else (rows, columns).
struct Table {
  std::string dataset;  // path in the file; groups are created as needed
  Index rows = 0;       // over all ranks
  Index columns = 1;    // numbers per row
  RowBlock block;       // rows that this rank writes; the blocks of all ranks cover each row once
  /// Writes rows [first, first + count) of the whole table, inside this rank's block, to values (count,
  /// columns).
  std::function<void(Index first, Index count, double* values)> rows_at;
  bool integers = false;  // stored as 64-bit integers: values are whole numbers below 2^53
  Index vectors = 1;      // if above 1, the last dimension: (rows, columns / vectors, vectors)
  bool matrix = false;    // 3 x 3 numbers are two dimensions
};

/// Name and value of an attribute of the root group.
using Attribute = std::pair<std::string, std::variant<std::string, std::int64_t, double>>;

/// Writes an HDF5 file with the tables, in bounded memory per rank; it replaces `path` only when it is
/// complete on disk. The file's bytes do not depend on the number of ranks. Collective. Throws the same Error
/// on all ranks if anything fails; no temporary file is left then, and an existing file is untouched.
/// Attributes are taken from rank 0.
void write_tables(const mpi::Comm& comm, const std::string& path, std::span<const Table> tables,
                  std::span<const Attribute> attributes);

/// The parameters that the table of options writes to results; integers also for bool, nothing where unset.
std::vector<Attribute> attributes_of(const Parameters& parameters);

/// Parts of a field: those to be written, for instance.
struct FieldParts {
  bool potential = true, gradient = false, hessian = false, pressure = false;
  Output output() const {
    return hessian    ? Output::potential_gradient_and_hessian
           : gradient ? Output::potential_and_gradient
           : pressure ? Output::potential_and_pressure
                      : Output::potential;
  }
};

/// Writes parts of a field as write_field of octopole/files.hpp does, with attributes: rows [first, first +
/// rows of this rank) of `rows`. Collective.
void write_field(const mpi::Comm& comm, const std::string& path, const Field& field, const AnyKernel& kernel,
                 Index first, Index rows, const FieldParts& parts, std::span<const Attribute> attributes);

/// A table in memory: this rank's rows start at `first` of `rows`; `values` (count, columns) must outlive it.
Table table_of(std::string dataset, Index rows, Index first, Index columns, std::span<const double> values);

}  // namespace octopole
#pragma GCC visibility pop
