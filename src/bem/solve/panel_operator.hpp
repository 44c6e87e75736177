// Potentials at the panels' centroids due to their charges, as an operator for PETSc.
#pragma once

#include <memory>
#include <vector>

#include "bem/near_correction.hpp"
#include "petsc/matrix.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// P of docs/capacitance.md, from q (n) to V (n) of this rank's panels: FMM of the quadrature points plus
/// near correction, whose exchange is hidden behind the FMM. octopole_near uses the exact entries of near
/// pairs; its groups are consecutive panels along the curve.
class PanelOperator : public petsc::Operator {
 public:
  /// PETSc must be initialised. Digits not set in `options` follow from the solver (petsc::attach). Keeps no
  /// reference to `panels`. Collective.
  PanelOperator(const mpi::Comm& comm, const Panels& panels, const NearRule& rule, const Options& options);

  Index rows() const override { return correction_->rows(); }
  Index columns() const override { return correction_->rows(); }
  void multiply(std::span<const double> x, std::span<double> y) override;
  void multiply_transposed(std::span<const double> x, std::span<double> y) override;
  void diagonal(std::span<double> values) override;
  std::shared_ptr<petsc::NearEntries> near_entries() override;
  petsc::AccuracyLevels* accuracy_levels() override { return &levels_; }
  std::string description() const override;

  const NearCorrection& correction() const { return *correction_; }
  /// Seconds for finding and integrating near pairs on this rank.
  double correction_seconds() const { return correction_seconds_; }

 private:
  double correction_seconds_ = 0;
  std::shared_ptr<NearCorrection> correction_;
  petsc::AccuracyLevels levels_;
  std::vector<double> charges_;  // of the quadrature points
  Field field_, transposed_field_;
};

}  // namespace octopole::bem
#pragma GCC visibility pop
