#include "bem/solve/capacitance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "bem/solve/panel_operator.hpp"
#include "mpi/agreement.hpp"
#include "octopole/petsc.hpp"

namespace octopole::bem {
namespace {

// Range of tolerances passed to near_rule().
constexpr double kFinest = 1e-9, kCoarsest = 0.1;

/// Compares the settings that the solver, the FMM and the near correction do not compare.
void require_equal_settings(const mpi::Comm& comm, const CapacitanceSettings& s) {
  const std::array<mpi::NamedValue, 3> values = {
      mpi::NamedValue{"quadrature", s.quadrature ? fmt::format("{}", *s.quadrature) : "unset"},
      mpi::NamedValue{"near", s.near ? "set" : "unset"},
      mpi::NamedValue{"timed_products", fmt::format("{}", s.timed_products)}};
  mpi::require_equal(comm, values, "pass the same settings on every rank");
}

}  // namespace

bool Capacitance::converged() const {
  return std::all_of(solves.begin(), solves.end(), [](const ConductorSolve& s) { return s.solve.converged; });
}

double Capacitance::asymmetry() const {
  double difference = 0, largest = 0;
  for (std::size_t m = 0; m < conductors; ++m)
    for (std::size_t k = 0; k < conductors; ++k) {
      difference = std::max(difference, std::abs(at(m, k) - at(k, m)));
      largest = std::max(largest, std::abs(at(m, k)));
    }
  return largest > 0 ? difference / largest : 0;
}

Capacitance solve_capacitance(const mpi::Comm& comm, const Panels& panels,
                              const CapacitanceSettings& settings, const CapacitanceProgress& progress) {
  require_equal_settings(comm, settings);
  Capacitance c;
  c.conductors = panels.conductors.size();
  const double wanted = std::clamp(settings.quadrature.value_or(settings.solver.rtol), kFinest, kCoarsest);
  const double size = relative_size(comm, panels);
  mpi::collectively(comm, [&] { c.near = settings.near ? *settings.near : near_rule(wanted, size); });
  const Options fmm = petsc::read_options(comm.handle(), {settings.fmm, {}}).fmm;
  const auto op = std::make_shared<PanelOperator>(comm, panels, c.near, fmm);
  c.correction_seconds = comm.max(op->correction_seconds());
  c.near_entries = comm.sum(op->correction().entries());
  c.near_bytes = comm.sum(op->correction().bytes());

  petsc::Solver solver(comm.handle(), op, settings.solver);
  c.accuracy = solver.accuracy();
  c.preconditioner_seconds = comm.max(solver.set_up());
  c.solver = solver.type();
  c.preconditioner = solver.preconditioner();

  c.matrix.assign(c.conductors * c.conductors, 0);
  const std::size_t n = panels.conductor.size();
  for (std::size_t k = 0; k < c.conductors; ++k) {
    std::vector<double> volts(n);
    for (std::size_t i = 0; i < n; ++i)
      volts[i] = panels.conductor[i] == static_cast<std::int32_t>(k) ? 1 : 0;
    ConductorSolve& one = c.solves.emplace_back();
    one.charges.resize(n);
    one.solve = solver.solve(volts, one.charges, [&](int iteration, double residual) {
      if (progress) progress(k, iteration, residual);
    });
    c.solve_seconds += comm.max(one.solve.seconds);
    std::vector<double> totals(c.conductors, 0);
    for (std::size_t i = 0; i < n; ++i)
      totals[static_cast<std::size_t>(panels.conductor[i])] += one.charges[i];
    comm.allreduce(std::span<double>(totals), MPI_SUM);
    for (std::size_t m = 0; m < c.conductors; ++m)
      c.matrix[m * c.conductors + k] = totals[m] / (4 * std::numbers::pi);
  }
  c.levels = op->accuracy_levels()->products_by_level();
  if (settings.timed_products > 0)
    c.product_times = petsc::time_products(comm.handle(), op, settings.timed_products);
  return c;
}

}  // namespace octopole::bem
