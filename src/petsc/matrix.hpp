// PETSc matrices from C++ operators, without stored entries.
#pragma once

#include <petscmat.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "petsc/accuracy.hpp"
#include "petsc/near_preconditioner.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// What a Mat applies. Virtual members are collective, except rows, columns, block and where stated. An
/// AgreedError, which all ranks throw, becomes a PETSc error on all of them; what one rank alone throws ends
/// all ranks.
class Operator {
 public:
  virtual ~Operator() = default;
  /// Numbers of rows and columns of this rank; zero is allowed.
  virtual Index rows() const = 0;
  virtual Index columns() const = 0;
  /// Rows and columns of a block, for PETSc's block size; both numbers are multiples of it.
  virtual int block() const { return 1; }

  /// y = A x; x has columns() values, y rows().
  virtual void multiply(std::span<const double> x, std::span<double> y) = 0;
  /// The same for several vectors: x (columns(), vectors), y (rows(), vectors), both by rows. One product per
  /// vector unless overridden.
  virtual void multiply_vectors(std::span<const double> x, std::span<double> y, int vectors);
  /// y = A^T x; x has rows() values, y columns().
  virtual void multiply_transposed(std::span<const double> x, std::span<double> y) = 0;
  /// The diagonal of a square matrix whose local rows are its local columns.
  virtual void diagonal(std::span<double> values) = 0;

  /// The entries for octopole_near; null if it cannot be used.
  virtual std::shared_ptr<NearEntries> near_entries() { return nullptr; }
  /// The FMM of the operator, whose accuracy can be chosen and relaxed; null if there is none.
  virtual AccuracyLevels* accuracy_levels() { return nullptr; }
  /// Lines for -ksp_view and -mat_view, each ended by a newline. Not collective.
  virtual std::string description() const { return {}; }
};

/// Makes a Mat of type shell with rows() x columns() local entries that shares the operator. It supports
/// MatMult, MatMatMult with dense matrices, MatMultAdd, MatMultTranspose, MatMultTransposeAdd,
/// MatGetDiagonal, MatCreateVecs, MatView, MatScale, MatShift, MatDiagonalSet, MatDiagonalScale; MatDuplicate
/// is refused. `comm` must have the ranks of the operator's communicator in the same order. The caller
/// destroys the Mat. Errors of all ranks in calls from PETSc are PETSc errors; this function throws
/// AgreedError. Any other failure of a rank ends all ranks (mpi::or_end_all). Collective.
Mat make_shell(MPI_Comm comm, const std::shared_ptr<Operator>& op);

/// Throws AgreedError unless every rank of a Mat has as many rows as columns. Collective.
void check_square(const mpi::Comm& comm, Mat matrix);

/// The operator of a Mat that make_shell made, else null. Not collective.
std::shared_ptr<Operator> operator_of(Mat matrix);

/// Effect of MatScale and MatDiagonalScale on a Mat of make_shell: L (scale A) R, without what was added to
/// the diagonal. L and R are diagonal, this rank's parts; 1 unless by_left or by_right. For other matrices
/// only scale = 1.
struct Scaling {
  double scale = 1;
  bool by_left = false, by_right = false;
  std::vector<double> left, right;  // (rows), (columns)
  /// Whether there is R, or for the transpose L.
  bool scaled_right_of(bool transposed) const { return transposed ? by_left : by_right; }
};
Scaling scaling_of(Mat matrix);

}  // namespace octopole::petsc
#pragma GCC visibility pop
