#include "octopole/petsc/shell.hpp"

#include "container.hpp"
#include "octopole/petsc/errors.hpp"
#include "octopole/petsc/log.hpp"
#include "vectors.hpp"

namespace octopole::petsc {
namespace {

constexpr char kOperatorKey[] = "octopole_operator";

using ScaleFunction = PetscErrorCode (*)(Mat, PetscScalar);
using DiagonalScaleFunction = PetscErrorCode (*)(Mat, Vec, Vec);

/// The context of a Mat.
struct Shell {
  std::shared_ptr<Operator> op;
  Scaling scaling;                // vectors are owned
  ScaleFunction scale = nullptr;  // MATSHELL's own
  DiagonalScaleFunction diagonal_scale = nullptr;
  ~Shell() {
    (void)VecDestroy(&scaling.left);
    (void)VecDestroy(&scaling.right);
  }
};

Shell& shell_of(Mat matrix) {
  Shell* shell = contained<Shell>(matrix, kOperatorKey);
  if (!shell) throw Error("this Mat was not made by octopole");
  return *shell;
}

MPI_Comm comm_of(Mat matrix) {
  return PetscObjectComm(reinterpret_cast<PetscObject>(matrix));
}

PetscErrorCode mult(Mat matrix, Vec x, Vec y) {
  return guarded(comm_of(matrix), "MatMult_Octopole", [&] {
    const ReadArray from(x);
    WriteArray to(y);
    shell_of(matrix).op->multiply(from.values(), to.values());
  });
}

PetscErrorCode mult_transpose(Mat matrix, Vec x, Vec y) {
  return guarded(comm_of(matrix), "MatMultTranspose_Octopole", [&] {
    const ReadArray from(x);
    WriteArray to(y);
    shell_of(matrix).op->multiply_transposed(from.values(), to.values());
  });
}

PetscErrorCode get_diagonal(Mat matrix, Vec d) {
  return guarded(comm_of(matrix), "MatGetDiagonal_Octopole", [&] {
    Operator& op = *shell_of(matrix).op;
    PetscInt rows = 0, columns = 0;
    check(MatGetSize(matrix, &rows, &columns), "MatGetSize");
    int same = op.rows() == op.columns() ? 1 : 0, all_same = 0;
    MPI_Allreduce(&same, &all_same, 1, MPI_INT, MPI_MIN, comm_of(matrix));
    if (rows != columns || all_same == 0)
      throw Error("the diagonal of a matrix whose local rows are not as many as its local columns");
    WriteArray to(d);
    op.diagonal(to.values());
  });
}

PetscErrorCode duplicate(Mat matrix, MatDuplicateOption, Mat*) {
  return guarded(comm_of(matrix), "MatDuplicate_Octopole", [] {
    throw Error("a Mat of an FMM cannot be duplicated: it has no entries",
                "share it by PetscObjectReference, or make another one of the same Fmm");
  });
}

PetscErrorCode view(Mat matrix, PetscViewer viewer) {
  return guarded(comm_of(matrix), "MatView_Octopole", [&] {
    PetscBool ascii = PETSC_FALSE;
    check(PetscObjectTypeCompare(reinterpret_cast<PetscObject>(viewer), PETSCVIEWERASCII, &ascii),
          "PetscObjectTypeCompare");
    if (!ascii) return;
    std::string text = shell_of(matrix).op->description();
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      check(PetscViewerASCIIPrintf(viewer, "  %s\n", text.substr(begin, end - begin).c_str()),
            "PetscViewerASCIIPrintf");
      begin = end + 1;
    }
  });
}

PetscErrorCode scale(Mat matrix, PetscScalar factor) {
  return guarded(comm_of(matrix), "MatScale_Octopole", [&] {
    Shell& shell = shell_of(matrix);
    check(shell.scale(matrix, factor), "MatScale");
    shell.scaling.scale *= factor;
  });
}

void multiply_into(Vec& total, Vec factor) {
  if (!factor) return;
  if (total) {
    check(VecPointwiseMult(total, total, factor), "VecPointwiseMult");
    return;
  }
  check(VecDuplicate(factor, &total), "VecDuplicate");
  check(VecCopy(factor, total), "VecCopy");
}

PetscErrorCode diagonal_scale(Mat matrix, Vec left, Vec right) {
  return guarded(comm_of(matrix), "MatDiagonalScale_Octopole", [&] {
    Shell& shell = shell_of(matrix);
    check(shell.diagonal_scale(matrix, left, right), "MatDiagonalScale");
    multiply_into(shell.scaling.left, left);
    multiply_into(shell.scaling.right, right);
  });
}

template <class Function>
void set_operation(Mat matrix, MatOperation operation, Function function) {
  check(MatShellSetOperation(matrix, operation, reinterpret_cast<void (*)(void)>(function)),
        "MatShellSetOperation");
}

template <class Function>
Function get_operation(Mat matrix, MatOperation operation) {
  void (*function)(void) = nullptr;
  check(MatShellGetOperation(matrix, operation, &function), "MatShellGetOperation");
  if (!function) throw Error("this PETSc's MATSHELL lacks an operation that octopole needs");
  return reinterpret_cast<Function>(function);
}

}  // namespace

Mat make_shell(MPI_Comm comm, std::shared_ptr<Operator> op) {
  initialize();
  const QuietErrors quiet;
  Mat matrix = nullptr;
  check(MatCreateShell(comm, checked_cast<PetscInt>(op->rows(), "local rows"),
                       checked_cast<PetscInt>(op->columns(), "local columns"), PETSC_DETERMINE,
                       PETSC_DETERMINE, nullptr, &matrix),
        "MatCreateShell");
  try {
    auto shell = std::make_shared<Shell>();
    shell->op = op;
    set_operation(matrix, MATOP_MULT, mult);
    set_operation(matrix, MATOP_MULT_TRANSPOSE, mult_transpose);
    set_operation(matrix, MATOP_GET_DIAGONAL, get_diagonal);
    set_operation(matrix, MATOP_DUPLICATE, duplicate);
    set_operation(matrix, MATOP_VIEW, view);
    shell->scale = get_operation<ScaleFunction>(matrix, MATOP_SCALE);
    shell->diagonal_scale = get_operation<DiagonalScaleFunction>(matrix, MATOP_DIAGONAL_SCALE);
    set_operation(matrix, MATOP_SCALE, scale);
    set_operation(matrix, MATOP_DIAGONAL_SCALE, diagonal_scale);
    contain(matrix, kOperatorKey, std::move(shell));
    if (auto entries = op->near_entries()) set_near_entries(matrix, std::move(entries));
    check(MatSetUp(matrix), "MatSetUp");
    check(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY), "MatAssemblyBegin");
    check(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY), "MatAssemblyEnd");
  } catch (...) {
    (void)MatDestroy(&matrix);
    throw;
  }
  return matrix;
}

std::shared_ptr<Operator> operator_of(Mat matrix) {
  const Shell* shell = contained<Shell>(matrix, kOperatorKey);
  return shell ? shell->op : nullptr;
}

Scaling scaling_of(Mat matrix) {
  const Shell* shell = contained<Shell>(matrix, kOperatorKey);
  return shell ? shell->scaling : Scaling{};
}

}  // namespace octopole::petsc
