#include "bem/solve/capacitance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "mpi/agreement.hpp"
#include "octopole/petsc.hpp"
#include "petsc/handles.hpp"
#include "petsc/log.hpp"

namespace octopole::bem {

// ---- the operator.

namespace {

constexpr Index kGroup = 32;  // panels per group of octopole_near

/// Exact entries between the panels on a rank: its own and those near them.
class PanelEntries : public petsc::NearEntries {
 public:
  explicit PanelEntries(std::shared_ptr<const NearCorrection> correction) : c_(std::move(correction)) {}

  LeafPoints groups() override {
    LeafPoints g;
    const Index columns = c_->columns(), own = c_->own_begin(), own_end = own + c_->rows();
    std::vector<std::int32_t> group_of(static_cast<std::size_t>(columns));
    const auto append = [&](Index first, Index last) {
      for (Index column = first; column < last; ++column) {
        // Groups end at fixed rows, so that they do not depend on the number of ranks, except at rank
        // boundaries.
        if (column != first && c_->global_row(column) / kGroup != c_->global_row(column - 1) / kGroup)
          g.offsets.push_back(static_cast<Index>(g.numbers.size()));
        group_of[static_cast<std::size_t>(column)] = static_cast<std::int32_t>(g.leaves());
        g.numbers.push_back(c_->global_row(column));
        g.positions.insert(g.positions.end(), c_->centroid(column), c_->centroid(column) + 3);
      }
      if (first < last) g.offsets.push_back(static_cast<Index>(g.numbers.size()));
    };
    append(own, own_end);
    g.owned = g.leaves();
    append(0, own);
    append(own_end, columns);
    std::vector<std::int32_t> near;
    Index row = 0;
    for (Index group = 0; group < g.owned; ++group) {
      near.clear();
      for (; row < g.offsets[static_cast<std::size_t>(group) + 1]; ++row)
        for (const std::int32_t column : c_->row(row))
          near.push_back(group_of[static_cast<std::size_t>(column)]);
      std::sort(near.begin(), near.end());
      near.erase(std::unique(near.begin(), near.end()), near.end());
      for (const std::int32_t other : near)
        if (other != group) g.neighbours.push_back(other);
      g.neighbour_offsets.push_back(static_cast<Index>(g.neighbours.size()));
    }
    return g;
  }

  void prepare(std::span<const Index> rows) override {
    columns_.clear();
    Index column = 0;  // columns ascend by row
    for (const Index row : rows) {
      while (c_->global_row(column) < row) ++column;
      columns_.push_back(static_cast<std::int32_t>(column));
    }
  }

  void fill(std::span<const Index> rows, std::span<const Index> columns, double* block) const override {
    std::vector<std::int32_t> r, c;
    for (const Index i : rows) r.push_back(columns_[static_cast<std::size_t>(i)]);
    for (const Index j : columns) c.push_back(columns_[static_cast<std::size_t>(j)]);
    c_->block(r, c, block);
  }

 private:
  std::shared_ptr<const NearCorrection> c_;
  std::vector<std::int32_t> columns_;
};

std::optional<std::vector<double>> targets_of(const Panels& panels, const NearRule& rule) {
  if (rule.points == 1) return std::nullopt;  // the sources are the centroids
  return centroids(panels);
}

}  // namespace

PanelOperator::PanelOperator(const mpi::Comm& comm, const Panels& panels, const NearRule& rule,
                             const Options& options)
    : levels_(mpi::or_end_all(comm, "the points of panels", [&] {
        return petsc::AccuracyLevels(comm.handle(), Laplace{}, options,
                                     quadrature_points(panels, rule.rule()), targets_of(panels, rule));
      })) {
  mpi::or_end_all(comm, "a PanelOperator", [&] {
    const double start = seconds_now();
    correction_ = std::make_shared<NearCorrection>(comm, panels, rule, options.transport);
    correction_seconds_ = seconds_now() - start;
    charges_.resize(static_cast<std::size_t>(panels.count() * rule.points));
  });
}

void PanelOperator::multiply(std::span<const double> x, std::span<double> y) {
  {
    const petsc::EventScope event(petsc::log_events().correct);
    correction_->start(x);
    petsc::log_traffic(correction_->traffic());
  }
  spread_charges(correction_->rule().rule(), x, charges_);
  levels_.evaluate({charges_, {}}, field_);
  std::copy(field_.potential.begin(), field_.potential.end(), y.begin());
  const petsc::EventScope event(petsc::log_events().correct);
  correction_->add(y);
  petsc::log_flops(2 * static_cast<double>(correction_->entries()));
}

void PanelOperator::multiply_transposed(std::span<const double> x, std::span<double> y) {
  levels_.evaluate_transposed({x, {}}, transposed_field_);
  gather_values(correction_->rule().rule(), transposed_field_.potential, y);
  const petsc::EventScope event(petsc::log_events().correct);
  correction_->add_transposed(x, y);
  petsc::log_flops(2 * static_cast<double>(correction_->entries()));
}

void PanelOperator::diagonal(std::span<double> values) {
  const std::vector<double> diagonal = correction_->diagonal();
  std::copy(diagonal.begin(), diagonal.end(), values.begin());
}

std::shared_ptr<petsc::NearEntries> PanelOperator::near_entries() {
  return std::make_shared<PanelEntries>(correction_);
}

std::string PanelOperator::description() const {
  const NearRule& rule = correction_->rule();
  return petsc::describe(levels_, "kernel laplace") +
         fmt::format("panels by {} points, near within {} diameters\n", rule.points, rule.multiple);
}

// ---- the capacitances.

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

namespace {

Capacitance solve_together(const mpi::Comm& comm, const Panels& panels, const CapacitanceSettings& settings,
                           const CapacitanceProgress& progress) {
  require_equal_settings(comm, settings);
  Capacitance c;
  c.conductors = panels.conductors.size();
  const double wanted = std::clamp(settings.quadrature.value_or(settings.solver.rtol), kFinest, kCoarsest);
  const double size = relative_size(comm, panels);
  mpi::collectively(comm, [&] { c.near = settings.near ? *settings.near : near_rule(wanted, size); });
  const petsc::Settings read = petsc::read_options(comm.handle(), {settings.fmm, {}});
  mpi::collectively(comm, [&] {
    if (read.kernel.name() != Laplace::name)
      throw Error("capacitances are of the kernel laplace", "leave -octopole_kernel out");
  });
  const Options fmm = read.fmm;
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

}  // namespace

Capacitance solve_capacitance(const mpi::Comm& comm, const Panels& panels,
                              const CapacitanceSettings& settings, const CapacitanceProgress& progress) {
  return petsc::run_together(comm, "solve_capacitance",
                             [&] { return solve_together(comm, panels, settings, progress); });
}

}  // namespace octopole::bem
