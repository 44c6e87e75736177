#include "fmm/access.hpp"
#include "octopole/petsc.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/direct.hpp"
#include "petsc/errors.hpp"
#include "petsc/shell.hpp"

namespace octopole::petsc {
namespace {

double kernel_entry(const double* target, const double* source) {
  double value = 0;
  const double one = 1;
  const double dx = target[0] - source[0], dy = target[1] - source[1], dz = target[2] - source[2];
  const double r2 = dx * dx + dy * dy + dz * dz;
  if (r2 > 0) value = Laplace::constant * Laplace{}.potential(r2, one / std::sqrt(r2));
  return value;
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
        *block++ = kernel_entry(&targets_[3 * static_cast<std::size_t>(row)],
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
  void multiply_transposed(std::span<const double> x, std::span<double> y) override {
    levels_->evaluate_transposed(x, transposed_field_);
    std::copy(transposed_field_.potential.begin(), transposed_field_.potential.end(), y.begin());
  }
  void diagonal(std::span<double> values) override {
    std::fill(values.begin(), values.end(), 0);
    if (levels_->targets_are_sources()) return;
    const std::vector<double> targets = levels_->full().targets(), sources = levels_->full().sources();
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = kernel_entry(&targets[3 * i], &sources[3 * i]);
  }

  std::shared_ptr<NearEntries> near_entries() override { return std::make_shared<KernelEntries>(levels_); }
  AccuracyLevels* accuracy_levels() override { return levels_.get(); }
  std::string description() const override { return describe(*levels_); }

 private:
  std::shared_ptr<AccuracyLevels> levels_;
  Field field_, transposed_field_;
};

Mat make(MPI_Comm comm, std::shared_ptr<AccuracyLevels> levels) {
  return make_shell(comm, std::make_shared<FmmOperator>(std::move(levels)));
}

}  // namespace

Mat make_mat(MPI_Comm comm, std::shared_ptr<Fmm> fmm) {
  initialize();
  return make(comm, std::make_shared<AccuracyLevels>(std::move(fmm)));
}

Mat make_mat(MPI_Comm comm, Fmm&& fmm) {
  return make_mat(comm, std::make_shared<Fmm>(std::move(fmm)));
}

Mat make_mat(MPI_Comm comm, const Settings& settings, std::vector<double> sources,
             std::optional<std::vector<double>> targets) {
  initialize();
  const Settings complete = read_options(comm, settings);
  return make(comm,
              std::make_shared<AccuracyLevels>(comm, complete.fmm, std::move(sources), std::move(targets)));
}

}  // namespace octopole::petsc
