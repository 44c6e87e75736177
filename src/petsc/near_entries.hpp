// Source of the dense blocks of the preconditioner octopole_near.
#pragma once

#include <petscmat.h>

#include <memory>
#include <span>

#include "fmm/leaf_points.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// The entries of a square matrix between unknowns that are near each other in space, and the neighbours.
class NearEntries {
 public:
  virtual ~NearEntries() = default;

  /// Groups of unknowns, numbered as the matrix's rows, with a position in space each and the groups'
  /// neighbours. Every row of the matrix is in exactly one owned group of one rank, which need not be the
  /// rank that holds the row. Collective; called once per set-up.
  virtual LeafPoints groups() = 0;

  /// Fetches what fill() needs for these rows, ascending; replaces what an earlier call fetched. Collective.
  virtual void prepare(std::span<const Index> rows) = 0;

  /// Fills the dense block, column-major, of the matrix's entries (before MatScale, MatShift and
  /// MatDiagonalScale) in the given rows and columns, which are indices in the list passed to prepare().
  /// Called by many threads at once; must neither throw nor communicate.
  virtual void fill(std::span<const Index> rows, std::span<const Index> columns, double* block) const = 0;
};

/// Enables -pc_type octopole_near for any square matrix: composes the entries with it. Collective.
void set_near_entries(Mat matrix, std::shared_ptr<NearEntries> entries);
/// The entries that were set, or null. Not collective.
std::shared_ptr<NearEntries> near_entries(Mat matrix);

/// Fetches values of rows that other ranks hold: `mine` has `width` values for each row of this rank's block
/// of a layout (rank after rank), the result for each of `rows`. Collective.
std::vector<double> fetch_rows(MPI_Comm comm, std::span<const double> mine, Index width,
                               std::span<const Index> rows);

}  // namespace octopole::petsc
#pragma GCC visibility pop
