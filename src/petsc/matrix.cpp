#include "petsc/matrix.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/aligned.hpp"
#include "fmm/access.hpp"
#include "mpi/agreement.hpp"
#include "octopole/petsc.hpp"
#include "operators/views.hpp"
#include "petsc/entries.hpp"
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
    check(MatSetBlockSize(matrix, op->block()), "MatSetBlockSize");
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

/// The points of rows or columns of a matrix with blocks.
class BlockPoints {
 public:
  /// Fetches the points of these rows, ascending, from the ranks that hold them: `positions` (points, 3) are
  /// those of this rank, as are `normals` if there are any. Collective.
  BlockPoints(MPI_Comm comm, std::span<const double> positions,
              const std::optional<std::vector<double>>& normals, std::span<const Index> rows, int block) {
    std::vector<Index> points;
    for (const Index row : rows) {
      if (points.empty() || points.back() != row / block) points.push_back(row / block);
      places_.push_back({points.size() - 1, static_cast<std::size_t>(row % block)});
    }
    positions_ = fetch_rows(comm, positions, 3, points);
    if (normals) normals_ = fetch_rows(comm, *normals, 3, points);
  }
  BlockPoints() = default;

  /// A row's point, as an index, and its number in the block.
  struct Place {
    std::size_t point, component;
  };
  const Place& place(Index row) const { return places_[static_cast<std::size_t>(row)]; }
  Entries::Point point(std::size_t index) const {
    return {&positions_[3 * index], normals_.empty() ? nullptr : &normals_[3 * index]};
  }

 private:
  std::vector<Place> places_;  // by row
  std::vector<double> positions_, normals_;
};

/// The leaves' points as groups of unknowns, of which each point has `block`.
LeafPoints unknowns_of(LeafPoints groups, int block) {
  if (block == 1) return groups;
  LeafPoints unknowns = groups;
  unknowns.numbers.clear();
  unknowns.positions.clear();
  for (Index& offset : unknowns.offsets) offset *= block;
  for (std::size_t p = 0; p < groups.numbers.size(); ++p)
    for (int c = 0; c < block; ++c) {
      unknowns.numbers.push_back(block * groups.numbers[p] + c);
      unknowns.positions.insert(unknowns.positions.end(), &groups.positions[3 * p],
                                &groups.positions[3 * p] + 3);
    }
  return unknowns;
}

/// Entries of an FMM's matrix, with the leaves of its tree as groups.
class FmmNearEntries : public NearEntries {
 public:
  FmmNearEntries(std::shared_ptr<AccuracyLevels> levels, std::shared_ptr<const Entries> entries)
      : levels_(std::move(levels)), entries_(std::move(entries)) {}

  LeafPoints groups() override {
    return unknowns_of(FmmAccess::leaf_points(levels_->full()), entries_->block());
  }

  void prepare(std::span<const Index> rows) override {
    const Normals& normals = entries_->normals();
    const auto fetch = [&](std::span<const double> positions, const auto& of) {
      return BlockPoints(levels_->comm(), positions, of, rows, entries_->block());
    };
    targets_ = fetch(levels_->full().targets(), normals.targets);
    sources_ = fetch(levels_->full().sources(), normals.sources);
  }

  void fill(std::span<const Index> rows, std::span<const Index> columns, double* block) const override {
    const auto size = static_cast<std::size_t>(entries_->block());
    std::array<double, 9> pair{};
    for (const Index column : columns) {
      const BlockPoints::Place& source = sources_.place(column);
      std::optional<std::size_t> filled;  // the target of `pair`
      for (const Index row : rows) {
        const BlockPoints::Place& target = targets_.place(row);
        if (filled != target.point)
          entries_->fill(targets_.point(target.point), sources_.point(source.point), pair.data());
        filled = target.point;
        *block++ = pair[target.component * size + source.component];
      }
    }
  }

 private:
  std::shared_ptr<AccuracyLevels> levels_;
  std::shared_ptr<const Entries> entries_;
  BlockPoints targets_, sources_;  // of the rows passed to prepare
};

class FmmOperator : public Operator {
 public:
  FmmOperator(std::shared_ptr<AccuracyLevels> levels, std::shared_ptr<const Entries> entries)
      : levels_(std::move(levels)), entries_(std::move(entries)) {}

  Index rows() const override { return entries_->block() * levels_->targets(); }
  Index columns() const override { return entries_->block() * levels_->sources(); }
  int block() const override { return entries_->block(); }

  void multiply(std::span<const double> x, std::span<double> y) override { multiply_vectors(x, y, 1); }
  void multiply_vectors(std::span<const double> x, std::span<double> y, int vectors) override {
    levels_->evaluate(entries_->strengths(x, vectors, false, dipoles_), field_);
    entries_->read(field_, false, y);
    if (vectors == 1) return;  // solvers repeat these: their memory is kept
    release(dipoles_);
    field_ = {};
  }
  void multiply_transposed(std::span<const double> x, std::span<double> y) override {
    levels_->evaluate_transposed(entries_->strengths(x, 1, true, dipoles_), transposed_field_);
    entries_->read(transposed_field_, true, y);
  }
  void diagonal(std::span<double> values) override {
    std::fill(values.begin(), values.end(), 0);
    if (levels_->targets_are_sources()) return;
    const std::vector<double> targets = levels_->full().targets(), sources = levels_->full().sources();
    const auto point = [](const std::vector<double>& positions, const auto& normals, std::size_t i) {
      return Entries::Point{&positions[3 * i], normals ? &(*normals)[3 * i] : nullptr};
    };
    const auto size = static_cast<std::size_t>(block());
    std::array<double, 9> pair{};
    for (std::size_t i = 0; i < values.size() / size; ++i) {
      entries_->fill(point(targets, entries_->normals().targets, i),
                     point(sources, entries_->normals().sources, i), pair.data());
      for (std::size_t c = 0; c < size; ++c) values[i * size + c] = pair[c * size + c];
    }
  }

  std::shared_ptr<NearEntries> near_entries() override {
    return std::make_shared<FmmNearEntries>(levels_, entries_);
  }
  AccuracyLevels* accuracy_levels() override { return levels_.get(); }
  std::string description() const override { return describe(*levels_, entries_->description()); }

 private:
  std::shared_ptr<AccuracyLevels> levels_;
  std::shared_ptr<const Entries> entries_;
  std::vector<double> dipoles_;
  Field field_, transposed_field_;
};

/// Makes the Mat of the operator that `op` returns.
template <class MakeOperator>
Mat make(MPI_Comm comm, const MakeOperator& op) {
  initialize();
  const QuietErrors quiet;
  const mpi::Comm ranks = mpi::Comm::duplicate(comm);
  return run_together(ranks, "make_mat", [&] { return make_shell_together(comm, ranks, op(ranks)); });
}

}  // namespace

Mat make_mat(MPI_Comm comm, std::shared_ptr<Fmm> fmm, Normals normals) {
  return make(comm, [&](const mpi::Comm& ranks) {
    auto entries = std::make_shared<Entries>(fmm->kernel(), std::move(normals));
    auto levels = std::make_shared<AccuracyLevels>(std::move(fmm), entries->product());
    entries->check(ranks, levels->sources(), levels->targets());
    return std::make_shared<FmmOperator>(std::move(levels), std::move(entries));
  });
}

Mat make_mat(MPI_Comm comm, Fmm&& fmm, Normals normals) {
  return make_mat(comm, std::make_shared<Fmm>(std::move(fmm)), std::move(normals));
}

Mat make_mat(MPI_Comm comm, const Settings& settings, std::vector<double> sources,
             std::optional<std::vector<double>> targets) {
  return make(comm, [&](const mpi::Comm& ranks) {
    Settings read = read_options(comm, settings);
    auto entries = std::make_shared<Entries>(read.kernel, std::move(read.normals));
    entries->check(ranks, static_cast<Index>(sources.size() / 3),
                   static_cast<Index>((targets ? *targets : sources).size() / 3));
    auto levels = std::make_shared<AccuracyLevels>(comm, read.kernel, read.fmm, std::move(sources),
                                                   std::move(targets), entries->product());
    return std::make_shared<FmmOperator>(std::move(levels), std::move(entries));
  });
}

}  // namespace octopole::petsc
