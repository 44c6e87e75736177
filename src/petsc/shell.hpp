// A Mat of type shell from an operator in C++.
#pragma once

#include <petscmat.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/types.hpp"
#include "petsc/accuracy_levels.hpp"
#include "petsc/near_entries.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// What a Mat applies. Everything that is virtual is collective but rows and columns, and throws on all ranks
/// or on none.
class Operator {
 public:
  virtual ~Operator() = default;
  /// Of this rank; any numbers, zero included.
  virtual Index rows() const = 0;
  virtual Index columns() const = 0;

  /// y = A x; x has columns() values, y rows().
  virtual void multiply(std::span<const double> x, std::span<double> y) = 0;
  /// y = A^T x; x has rows() values, y columns().
  virtual void multiply_transposed(std::span<const double> x, std::span<double> y) = 0;
  /// The diagonal of a square matrix whose local rows are its local columns.
  virtual void diagonal(std::span<double> values) = 0;

  /// Null: octopole_near does not work.
  virtual std::shared_ptr<NearEntries> near_entries() { return nullptr; }
  /// The FMM within, whose accuracy can be chosen and relaxed; null where there is none.
  virtual AccuracyLevels* accuracy_levels() { return nullptr; }
  /// Lines for -ksp_view and -mat_view, each ended by a newline. Not collective.
  virtual std::string description() const { return {}; }
};

/// A Mat of type shell with rows() x columns() local entries that shares the operator: MatMult, MatMultAdd,
/// MatMultTranspose, MatMultTransposeAdd, MatGetDiagonal, MatCreateVecs, MatView, MatScale, MatShift,
/// MatDiagonalSet, MatDiagonalScale. MatDuplicate is refused. `comm` must
/// have the ranks of the operator's communicator in the same order. The caller destroys the Mat. Errors are
/// PETSc's inside PETSc, and Error here. Collective.
Mat make_shell(MPI_Comm comm, const std::shared_ptr<Operator>& op);

/// The operator of a Mat that make_shell made, else null. Not collective.
std::shared_ptr<Operator> operator_of(Mat matrix);

/// What MatScale and MatDiagonalScale have made of a Mat of make_shell's: L (scale A) R, without what was
/// added to the diagonal. L and R are diagonal, this rank's parts; 1 where not by_left or by_right. For other
/// matrices scale = 1 alone.
struct Scaling {
  double scale = 1;
  bool by_left = false, by_right = false;
  std::vector<double> left, right;  // (rows), (columns)
  /// Whether R, or L of the transpose, is there.
  bool scaled_right_of(bool transposed) const { return transposed ? by_left : by_right; }
};
Scaling scaling_of(Mat matrix);

}  // namespace octopole::petsc
#pragma GCC visibility pop
