// The capacitance matrix of conductors: the operator of the panels, and one Krylov solve per conductor with
// one common set-up.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bem/near_correction.hpp"
#include "bem/panel_integrals.hpp"
#include "bem/panels.hpp"
#include "octopole/petsc.hpp"
#include "petsc/accuracy.hpp"
#include "petsc/matrix.hpp"
#include "petsc/solver.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

// ---- potentials at the panels' centroids due to their charges, as an operator for PETSc.

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

// ---- the capacitances.

/// The electric constant in farads per metre (CODATA 2018).
inline constexpr double kElectricConstant = 8.8541878128e-12;

struct CapacitanceSettings {
  petsc::SolverSettings solver;
  Options fmm;                       // PETSc's -octopole_.. take precedence; unset digits follow from rtol
  std::optional<double> quadrature;  // relative error of potentials; default: the solver's tolerance
  std::optional<NearRule> near;      // replaces near_rule()'s choice
  int timed_products = 0;            // after the solves, compared with the same number of FMM evaluations
};

/// The solve with one conductor at 1 volt, all others at 0.
struct ConductorSolve {
  petsc::SolveReport solve;
  std::vector<double> charges;  // (n) of this rank's panels, divided by eps0, in the mesh's unit of length
};

struct Capacitance {
  std::size_t conductors = 0;
  /// (conductors, conductors), row-major: entry (m, k) is the charge of conductor m with conductor k at 1
  /// volt, in units of 4 pi eps0 times the mesh's unit of length.
  std::vector<double> matrix;
  std::vector<ConductorSolve> solves;

  NearRule near;
  petsc::Accuracy accuracy;
  std::string solver, preconditioner;  // PETSc's names
  Index near_entries = 0;              // sum over ranks, also of the bytes
  Index near_bytes = 0;
  std::vector<petsc::AccuracyLevel> levels;                                      // on this rank
  double correction_seconds = 0, preconditioner_seconds = 0, solve_seconds = 0;  // maximum over ranks
  std::optional<petsc::ProductTimes> product_times;

  double at(std::size_t m, std::size_t k) const { return matrix[m * conductors + k]; }
  bool converged() const;
  /// The largest |C_mk - C_km| divided by the largest |C_mk|.
  double asymmetry() const;
};

/// Called on all ranks after each iteration: conductor, iteration, |r_k| / |r_0|.
using CapacitanceProgress = std::function<void(std::size_t, int, double)>;

/// Solves for every conductor. PETSc must be initialised. A solve that does not converge keeps its last
/// iterate; the others continue. Throws AgreedError for what all ranks refuse, and for PETSc's errors; a
/// failure of one rank alone, also in `progress`, ends all ranks. Collective.
Capacitance solve_capacitance(const mpi::Comm& comm, const Panels& panels,
                              const CapacitanceSettings& settings, const CapacitanceProgress& progress = {});

}  // namespace octopole::bem
#pragma GCC visibility pop
