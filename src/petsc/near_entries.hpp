// Where the preconditioner octopole_near takes its dense blocks from.
#pragma once

#include <petscmat.h>

#include <memory>
#include <span>

#include "fmm/leaf_points.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// The entries of a square matrix between unknowns that are near each other in space, and who is near whom.
class NearEntries {
 public:
  virtual ~NearEntries() = default;

  /// Groups of unknowns, numbered as the matrix's rows, with a place in space each and the groups'
  /// neighbours. Every row of the matrix is in exactly one owned group of one rank, which need not be the
  /// rank that holds the row. Collective; called once a set-up.
  virtual LeafPoints groups() = 0;

  /// Brings what fill() needs of these rows, ascending; replaces what an earlier call brought. Collective.
  virtual void prepare(std::span<const Index> rows) = 0;

  /// The dense block, column-major, of the matrix's entries (before MatScale, MatShift and MatDiagonalScale)
  /// in the given rows and columns, which are places in the list that prepare() was given. Called by many
  /// threads at once; must not throw nor communicate.
  virtual void fill(std::span<const Index> rows, std::span<const Index> columns, double* block) const = 0;
};

/// Makes -pc_type octopole_near work for any square matrix: composes the entries with it. Collective.
void set_near_entries(Mat matrix, std::shared_ptr<NearEntries> entries);
/// Null where none were set. Not collective.
std::shared_ptr<NearEntries> near_entries(Mat matrix);

/// Values of rows that other ranks hold: `mine` has `width` values for each row of this rank's block of a
/// layout (rank after rank), the result for each of `rows`. Collective.
std::vector<double> fetch_rows(MPI_Comm comm, std::span<const double> mine, Index width,
                               std::span<const Index> rows);

}  // namespace octopole::petsc
#pragma GCC visibility pop
