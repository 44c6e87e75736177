#include "petsc/matrix.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "fmm/access.hpp"
#include "kernels/direct.hpp"
#include "mpi/agreement.hpp"
#include "octopole/petsc.hpp"
#include "operators/views.hpp"
#include "petsc/handles.hpp"
#include "petsc/log.hpp"

namespace octopole::petsc {
namespace {

constexpr char kOperatorKey[] = "octopole_operator";

/// The context of a Mat, which applies L (scale A) R + diag(d). MATSHELL could manage these itself, but does
/// not make them accessible.
struct Shell {
  std::shared_ptr<Operator> op;
  mpi::Comm ranks;
  Scaling scaling;
  std::vector<double> added;  // d (rows); empty: shift everywhere
  double shift = 0;
  std::vector<double> scaled;  // R x

  Shell(const mpi::Comm& comm, std::shared_ptr<Operator> applied) : op(std::move(applied)), ranks(comm) {}

  void apply(std::span<const double> x, std::span<double> y, bool transposed) {
    apply(x, y, 1, transposed, [&](std::span<const double> from) {
      if (transposed)
        op->multiply_transposed(from, y);
      else
        op->multiply(from, y);
    });
  }
  /// The same for vectors (entries, vectors).
  void apply_to_vectors(std::span<const double> x, std::span<double> y, int vectors) {
    apply(x, y, vectors, false,
          [&](std::span<const double> from) { op->multiply_vectors(from, y, vectors); });
  }

 private:
  template <class Multiply>
  void apply(std::span<const double> x, std::span<double> y, int vectors, bool transposed,
             const Multiply& multiply) {
    const auto width = static_cast<std::size_t>(vectors);
    const std::vector<double>& before = transposed ? scaling.left : scaling.right;
    const std::vector<double>& after = transposed ? scaling.right : scaling.left;
    ranks.enter("product");
    std::span<const double> from = x;
    if (scaling.scaled_right_of(transposed)) {
      scaled.resize(x.size());
      for (std::size_t i = 0; i < x.size(); ++i) scaled[i] = before[i / width] * x[i];
      from = scaled;
    }
    multiply(from);
    if (scaling.scale != 1)
      for (double& value : y) value *= scaling.scale;
    if (scaling.scaled_right_of(!transposed))
      for (std::size_t i = 0; i < y.size(); ++i) y[i] *= after[i / width];
    if (shift == 0 && added.empty()) return;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] += (added.empty() ? shift : added[i / width]) * x[i];
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

/// Runs work(shell), which all ranks call together, for PETSc.
template <class Work>
PetscErrorCode together(Mat matrix, const char* function, const Work& work) {
  return guarded(comm_of(matrix), function, [&] {
    Shell& shell = shell_of(matrix);
    run_together(shell.ranks, function, [&] { work(shell); });
  });
}

PetscErrorCode mult(Mat matrix, Vec x, Vec y) {
  return together(matrix, "MatMult_Octopole", [&](Shell& shell) {
    const ReadArray from(x);
    WriteArray to(y);
    shell.apply(from.values(), to.values(), false);
  });
}

PetscErrorCode mult_transpose(Mat matrix, Vec x, Vec y) {
  return together(matrix, "MatMultTranspose_Octopole", [&](Shell& shell) {
    const ReadArray from(x);
    WriteArray to(y);
    shell.apply(from.values(), to.values(), true);
  });
}

/// The local rows of a dense matrix, all columns.
class DenseRows {
 public:
  explicit DenseRows(Mat matrix) {
    PetscInt rows = 0, columns = 0, stride = 0;
    check(MatGetLocalSize(matrix, &rows, nullptr), "MatGetLocalSize");
    check(MatGetSize(matrix, nullptr, &columns), "MatGetSize");
    check(MatDenseGetLDA(matrix, &stride), "MatDenseGetLDA");
    rows_ = rows, columns_ = columns, stride_ = stride;
  }
  Index rows() const { return rows_; }
  Index columns() const { return columns_; }

  /// Columns first to end - 1, row by row.
  std::vector<double> read(Mat matrix, Index first, Index end) const {
    const PetscScalar* from = nullptr;
    check(MatDenseGetArrayRead(matrix, &from), "MatDenseGetArrayRead");
    std::vector<double> values(static_cast<std::size_t>(rows_ * (end - first)));
    for (Index c = first; c < end; ++c)
      for (Index r = 0; r < rows_; ++r)
        values[static_cast<std::size_t>(r * (end - first) + c - first)] = from[c * stride_ + r];
    check(MatDenseRestoreArrayRead(matrix, &from), "MatDenseRestoreArrayRead");
    return values;
  }
  void write(Mat matrix, Index first, Index end, std::span<const double> values) const {
    PetscScalar* to = nullptr;
    check(MatDenseGetArrayWrite(matrix, &to), "MatDenseGetArrayWrite");
    for (Index c = first; c < end; ++c)
      for (Index r = 0; r < rows_; ++r)
        to[c * stride_ + r] = values[static_cast<std::size_t>(r * (end - first) + c - first)];
    check(MatDenseRestoreArrayWrite(matrix, &to), "MatDenseRestoreArrayWrite");
  }

 private:
  Index rows_ = 0, columns_ = 0, stride_ = 0;
};

/// Columns that a product takes together: whole passes of an evaluation, in bounded memory.
constexpr Index kColumnsTogether = 4 * kMaxVectors;

/// C = A B for dense B and C.
PetscErrorCode mat_mult(Mat matrix, Mat b, Mat c, void*) {
  return together(matrix, "MatMatMult_Octopole", [&](Shell& shell) {
    const DenseRows from(b), to(c);
    if (shell.ranks.any(from.rows() != shell.op->columns() || to.rows() != shell.op->rows() ||
                        from.columns() != to.columns()))
      throw AgreedError("the rows of the dense matrices are not distributed as the points are",
                        "create them with the local sizes of the Mat (MatGetLocalSize)");
    std::vector<double> y;
    for (Index first = 0; first < from.columns(); first += kColumnsTogether) {
      const Index end = std::min(from.columns(), first + kColumnsTogether);
      const std::vector<double> x = from.read(b, first, end);
      y.resize(static_cast<std::size_t>(to.rows() * (end - first)));
      shell.apply_to_vectors(x, y, static_cast<int>(end - first));
      to.write(c, first, end, y);
    }
    check(MatAssemblyBegin(c, MAT_FINAL_ASSEMBLY), "MatAssemblyBegin");
    check(MatAssemblyEnd(c, MAT_FINAL_ASSEMBLY), "MatAssemblyEnd");
  });
}

void diagonal_of(Shell& shell, std::span<double> values) {
  shell.op->diagonal(values);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] *= shell.scaling.scale;
    if (shell.scaling.by_left) values[i] *= shell.scaling.left[i];
    if (shell.scaling.by_right) values[i] *= shell.scaling.right[i];
    values[i] += shell.added.empty() ? shell.shift : shell.added[i];
  }
}

PetscErrorCode get_diagonal(Mat matrix, Vec d) {
  return together(matrix, "MatGetDiagonal_Octopole", [&](Shell& shell) {
    check_square(shell.ranks, matrix);
    WriteArray to(d);
    diagonal_of(shell, to.values());
  });
}

PetscErrorCode duplicate(Mat matrix, MatDuplicateOption, Mat*) {
  return guarded(comm_of(matrix), "MatDuplicate_Octopole", [] {
    throw AgreedError("a Mat of an FMM cannot be duplicated: it has no entries",
                      "share it by PetscObjectReference, or make another one of the same Fmm");
  });
}

PetscErrorCode view(Mat matrix, PetscViewer viewer) {
  return together(matrix, "MatView_Octopole", [&](Shell& shell) {
    PetscBool ascii = PETSC_FALSE;
    check(PetscObjectTypeCompare(reinterpret_cast<PetscObject>(viewer), PETSCVIEWERASCII, &ascii),
          "PetscObjectTypeCompare");
    if (!ascii) return;
    std::string text = shell.op->description();
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      check(PetscViewerASCIIPrintf(viewer, "  %s\n", text.substr(begin, end - begin).c_str()),
            "PetscViewerASCIIPrintf");
      begin = end + 1;
    }
  });
}

PetscErrorCode scale(Mat matrix, PetscScalar factor) {
  return together(matrix, "MatScale_Octopole", [&](Shell& shell) {
    shell.scaling.scale *= factor;
    shell.shift *= factor;
    for (double& d : shell.added) d *= factor;
  });
}

PetscErrorCode shift(Mat matrix, PetscScalar amount) {
  return together(matrix, "MatShift_Octopole", [&](Shell& shell) {
    check_square(shell.ranks, matrix);
    shell.shift += amount;
    for (double& d : shell.added) d += amount;
  });
}

void spread_shift(Shell& shell) {
  if (shell.added.empty()) shell.added.assign(static_cast<std::size_t>(shell.op->rows()), shell.shift);
}

PetscErrorCode diagonal_set(Mat matrix, Vec diagonal, InsertMode mode) {
  return together(matrix, "MatDiagonalSet_Octopole", [&](Shell& shell) {
    check_square(shell.ranks, matrix);
    const ReadArray d(diagonal);
    std::vector<double> before(d.values().size(), 0);
    if (mode == INSERT_VALUES) diagonal_of(shell, before);
    spread_shift(shell);
    for (std::size_t i = 0; i < before.size(); ++i) shell.added[i] += d.values()[i] - before[i];
  });
}

/// factors[i] *= by[i].
void multiply_into(std::vector<double>& factors, bool& used, std::span<const double> by) {
  if (!used) factors.assign(by.size(), 1);
  used = true;
  for (std::size_t i = 0; i < by.size(); ++i) factors[i] *= by[i];
}

PetscErrorCode diagonal_scale(Mat matrix, Vec left, Vec right) {
  return together(matrix, "MatDiagonalScale_Octopole", [&](Shell& shell) {
    if (shell.shift != 0 || !shell.added.empty()) spread_shift(shell);
    const auto scale_added = [&shell](std::span<const double> by) {
      for (std::size_t i = 0; i < shell.added.size(); ++i) shell.added[i] *= by[i];
    };
    if (left) {
      const ReadArray factors(left);
      multiply_into(shell.scaling.left, shell.scaling.by_left, factors.values());
      scale_added(factors.values());
    }
    if (right) {
      const ReadArray factors(right);
      multiply_into(shell.scaling.right, shell.scaling.by_right, factors.values());
      scale_added(factors.values());
    }
  });
}

template <class Function>
void set_operation(Mat matrix, MatOperation operation, Function function) {
  check(MatShellSetOperation(matrix, operation, reinterpret_cast<void (*)()>(function)),
        "MatShellSetOperation");
}

Mat make_shell_together(MPI_Comm comm, const mpi::Comm& ranks, const std::shared_ptr<Operator>& op) {
  PetscInt rows = 0, columns = 0;
  mpi::collectively(ranks, [&] {
    rows = checked_cast<PetscInt>(op->rows(), "local rows");
    columns = checked_cast<PetscInt>(op->columns(), "local columns");
  });
  Mat matrix = nullptr;
  check(MatCreateShell(comm, rows, columns, PETSC_DETERMINE, PETSC_DETERMINE, nullptr, &matrix),
        "MatCreateShell");
  try {
    auto shell = std::make_shared<Shell>(ranks, op);
    check(MatShellSetManageScalingShifts(matrix), "MatShellSetManageScalingShifts");  // in this file
    set_operation(matrix, MATOP_MULT, mult);
    set_operation(matrix, MATOP_MULT_TRANSPOSE, mult_transpose);
    set_operation(matrix, MATOP_GET_DIAGONAL, get_diagonal);
    set_operation(matrix, MATOP_DUPLICATE, duplicate);
    set_operation(matrix, MATOP_VIEW, view);
    set_operation(matrix, MATOP_SCALE, scale);
    set_operation(matrix, MATOP_SHIFT, shift);
    set_operation(matrix, MATOP_DIAGONAL_SET, diagonal_set);
    set_operation(matrix, MATOP_DIAGONAL_SCALE, diagonal_scale);
    check(
        MatShellSetMatProductOperation(matrix, MATPRODUCT_AB, nullptr, mat_mult, nullptr, MATDENSE, MATDENSE),
        "MatShellSetMatProductOperation");
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

}  // namespace

void Operator::multiply_vectors(std::span<const double> x, std::span<double> y, int vectors) {
  const auto width = static_cast<std::size_t>(vectors);
  std::vector<double> from(x.size() / width), to(y.size() / width);
  for (std::size_t v = 0; v < width; ++v) {
    for (std::size_t i = 0; i < from.size(); ++i) from[i] = x[i * width + v];
    multiply(from, to);
    for (std::size_t i = 0; i < to.size(); ++i) y[i * width + v] = to[i];
  }
}

Mat make_shell(MPI_Comm comm, const std::shared_ptr<Operator>& op) {
  initialize();
  const QuietErrors quiet;
  const mpi::Comm ranks = mpi::Comm::duplicate(comm);
  return run_together(ranks, "make_shell", [&] { return make_shell_together(comm, ranks, op); });
}

void check_square(const mpi::Comm& comm, Mat matrix) {
  PetscInt rows = 0, columns = 0;
  check(MatGetLocalSize(matrix, &rows, &columns), "MatGetLocalSize");
  if (comm.any(rows != columns))
    throw AgreedError("the diagonal of a matrix with different numbers of local rows and columns");
}

std::shared_ptr<Operator> operator_of(Mat matrix) {
  const Shell* shell = contained<Shell>(matrix, kOperatorKey);
  return shell ? shell->op : nullptr;
}

Scaling scaling_of(Mat matrix) {
  const Shell* shell = contained<Shell>(matrix, kOperatorKey);
  return shell ? shell->scaling : Scaling{};
}

namespace {

double kernel_entry(const AnyKernel& kernel, const double* target, const double* source) {
  const double dx = target[0] - source[0], dy = target[1] - source[1], dz = target[2] - source[2];
  const double r2 = dx * dx + dy * dy + dz * dz;
  return r2 > 0 ? kernel.constant() * kernel.at(r2, 1 / std::sqrt(r2)).potential : 0;
}

/// Entries of the kernel's matrix, with the leaves of the FMM's tree as groups.
class KernelEntries : public NearEntries {
 public:
  explicit KernelEntries(std::shared_ptr<AccuracyLevels> levels) : levels_(std::move(levels)) {}

  LeafPoints groups() override { return FmmAccess::leaf_points(levels_->full()); }

  void prepare(std::span<const Index> rows) override {
    targets_ = fetch_rows(levels_->comm(), levels_->full().targets(), 3, rows);
    sources_ = levels_->targets_are_sources()
                   ? targets_
                   : fetch_rows(levels_->comm(), levels_->full().sources(), 3, rows);
  }

  void fill(std::span<const Index> rows, std::span<const Index> columns, double* block) const override {
    for (const Index column : columns)
      for (const Index row : rows)
        *block++ = kernel_entry(levels_->kernel(), &targets_[3 * static_cast<std::size_t>(row)],
                                &sources_[3 * static_cast<std::size_t>(column)]);
  }

 private:
  std::shared_ptr<AccuracyLevels> levels_;
  std::vector<double> targets_, sources_;  // of the rows passed to prepare
};

class FmmOperator : public Operator {
 public:
  explicit FmmOperator(std::shared_ptr<AccuracyLevels> levels) : levels_(std::move(levels)) {}

  Index rows() const override { return levels_->targets(); }
  Index columns() const override { return levels_->sources(); }

  void multiply(std::span<const double> x, std::span<double> y) override {
    levels_->evaluate(x, field_);
    std::copy(field_.potential.begin(), field_.potential.end(), y.begin());
  }
  void multiply_vectors(std::span<const double> x, std::span<double> y, int vectors) override {
    levels_->evaluate(x, field_, vectors);
    std::copy(field_.potential.begin(), field_.potential.end(), y.begin());
  }
  void multiply_transposed(std::span<const double> x, std::span<double> y) override {
    levels_->evaluate_transposed(x, transposed_field_);
    std::copy(transposed_field_.potential.begin(), transposed_field_.potential.end(), y.begin());
  }
  void diagonal(std::span<double> values) override {
    std::fill(values.begin(), values.end(), 0);
    if (levels_->targets_are_sources()) return;
    const std::vector<double> targets = levels_->full().targets(), sources = levels_->full().sources();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = kernel_entry(levels_->kernel(), &targets[3 * i], &sources[3 * i]);
  }

  std::shared_ptr<NearEntries> near_entries() override { return std::make_shared<KernelEntries>(levels_); }
  AccuracyLevels* accuracy_levels() override { return levels_.get(); }
  std::string description() const override { return describe(*levels_); }

 private:
  std::shared_ptr<AccuracyLevels> levels_;
  Field field_, transposed_field_;
};

/// Makes the Mat of the levels that `levels` returns.
template <class Levels>
Mat make(MPI_Comm comm, const Levels& levels) {
  initialize();
  const QuietErrors quiet;
  const mpi::Comm ranks = mpi::Comm::duplicate(comm);
  return run_together(ranks, "make_mat", [&] {
    return make_shell_together(comm, ranks, std::make_shared<FmmOperator>(levels()));
  });
}

}  // namespace

Mat make_mat(MPI_Comm comm, std::shared_ptr<Fmm> fmm) {
  return make(comm, [&] { return std::make_shared<AccuracyLevels>(std::move(fmm)); });
}

Mat make_mat(MPI_Comm comm, Fmm&& fmm) {
  return make_mat(comm, std::make_shared<Fmm>(std::move(fmm)));
}

Mat make_mat(MPI_Comm comm, const Settings& settings, std::vector<double> sources,
             std::optional<std::vector<double>> targets) {
  return make(comm, [&] {
    const Settings read = read_options(comm, settings);
    return std::make_shared<AccuracyLevels>(comm, read.kernel, read.fmm, std::move(sources),
                                            std::move(targets));
  });
}

}  // namespace octopole::petsc
