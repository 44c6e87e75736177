// The entries of an FMM's matrix: values of a kernel, derivatives along normals, or blocks of a vector
// kernel.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "mpi/comm.hpp"
#include "octopole/field.hpp"
#include "octopole/kernels.hpp"
#include "octopole/petsc.hpp"
#include "petsc/accuracy.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// The matrix of a kernel, with rows for targets and columns for sources: of a scalar kernel K(x_i, y_j),
/// or its derivatives along normals (petsc::Normals); of a vector kernel a block of 3 x 3 numbers a pair.
/// The transpose has the same kernel with targets and sources exchanged, since K(x, y) = K(y, x)^T.
class Entries {
 public:
  /// A point of a pair; the normal is read only if rows, or columns, have one.
  struct Point {
    const double* position;
    const double* normal;
  };

  Entries(const AnyKernel& kernel, Normals normals);

  /// Throws AgreedError for kernels that differ between ranks, for normals of a vector kernel, for those of
  /// some ranks only, that are not finite, or whose number is not that of this rank's points. Collective.
  void check(const mpi::Comm& comm, Index sources, Index targets) const;

  const Normals& normals() const { return normals_; }
  /// Rows per target, and columns per source: 1, or 3 of vector kernels.
  int block() const { return kernel_.components(); }
  ProductKind product() const;

  /// x (columns, vectors) as strengths of the sources, or of the transpose x (rows, vectors) as those of the
  /// targets. `dipoles` is their memory, if they are dipoles.
  Strengths strengths(std::span<const double> x, int vectors, bool transposed,
                      std::vector<double>& dipoles) const;
  /// y (rows, vectors) from the field of product(), or of the transpose y (columns, vectors).
  void read(const Field& field, bool transposed, std::span<double> y) const;

  /// The block (block(), block(); by rows) of a pair of points: 0 if they coincide. Not collective.
  void fill(const Point& target, const Point& source, double* values) const;

  /// A name of the operator, for people.
  std::string description() const;

 private:
  AnyKernel kernel_;
  Normals normals_;
};

}  // namespace octopole::petsc
#pragma GCC visibility pop
