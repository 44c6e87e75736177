// octopole capacitance: the capacitance matrix of conductors given as triangle meshes.
#include <fmt/core.h>
#include <fmt/format.h>
#include <omp.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/hosts.hpp"
#include "app/machine_throughput.hpp"
#include "app/options.hpp"
#include "app/program.hpp"
#include "base/profile.hpp"
#include "bem/charge_file.hpp"
#include "bem/check_surface.hpp"
#include "bem/mesh_file.hpp"
#include "bem/solve/capacitance.hpp"
#include "io/atomic_file.hpp"
#include "octopole/version.hpp"
#include "petsc/session.hpp"

namespace octopole::app {
namespace {

// ---- the report.

struct CapacitanceReport {
  std::vector<std::string> meshes, conductors;
  std::string repairs;           // empty if none were requested
  double unit = 1;               // metres
  std::optional<double> length;  // in the mesh's unit
  Index panels = 0;
  int ranks = 1, threads = 1;
  double read_seconds = 0, seconds = 0;
  bem::Capacitance result;

  /// C_mk in farads.
  double farads(std::size_t m, std::size_t k) const;
};

std::string to_json(const CapacitanceReport& report);
std::string to_table(const CapacitanceReport& report);
/// One line per solve that did not converge: residual, iterations, advice.
std::vector<std::string> failures(const CapacitanceReport& report);

using Json = nlohmann::ordered_json;

/// value(m, k) for all conductors, by rows.
template <class Value>
Json matrix(std::size_t n, const Value& value) {
  Json rows = Json::array();
  for (std::size_t m = 0; m < n; ++m) {
    Json row = Json::array();
    for (std::size_t k = 0; k < n; ++k) row.push_back(value(m, k));
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class Value>
std::string table(const std::vector<std::string>& names, const Value& value) {
  std::string text;
  for (std::size_t m = 0; m < names.size(); ++m) {
    text += fmt::format("  {:<12}", names[m]);
    for (std::size_t k = 0; k < names.size(); ++k) text += fmt::format(" {:>14.7g}", value(m, k));
    text += '\n';
  }
  return text;
}

double CapacitanceReport::farads(std::size_t m, std::size_t k) const {
  return result.at(m, k) * 4 * std::numbers::pi * bem::kElectricConstant * unit;
}

std::string to_json(const CapacitanceReport& r) {
  const bem::Capacitance& c = r.result;
  const std::size_t n = c.conductors;
  Json json;
  json["octopole"] = std::string(version().version);
  json["meshes"] = r.meshes;
  if (!r.repairs.empty()) json["repairs"] = r.repairs;
  json["unit_in_metres"] = r.unit;
  json["panels"] = r.panels;
  json["ranks"] = r.ranks;
  json["threads"] = r.threads;
  json["conductors"] = r.conductors;
  json["capacitance_farads"] = matrix(n, [&](auto m, auto k) { return r.farads(m, k); });
  json["capacitance_over_4_pi_eps0_unit"] = matrix(n, [&](auto m, auto k) { return c.at(m, k); });
  if (r.length) {
    json["length"] = *r.length;
    json["capacitance_over_4_pi_eps0_length"] =
        matrix(n, [&](auto m, auto k) { return c.at(m, k) / *r.length; });
  }
  Json sums = Json::array();
  for (std::size_t m = 0; m < n; ++m) {
    double sum = 0;
    for (std::size_t k = 0; k < n; ++k) sum += r.farads(m, k);
    sums.push_back(sum);
  }
  json["row_sums_farads"] = sums;
  json["asymmetry"] = c.asymmetry();
  json["converged"] = c.converged();
  json["solver"] = {{"type", c.solver},
                    {"preconditioner", c.preconditioner},
                    {"rtol", c.accuracy.rtol},
                    {"fmm_digits", c.accuracy.digits},
                    {"fmm_digits_wanted", c.accuracy.wanted},
                    {"relaxed", c.accuracy.relaxed}};
  json["quadrature"] = {{"points", c.near.points},
                        {"near_multiple", c.near.multiple},
                        {"near_entries", c.near_entries},
                        {"near_bytes", c.near_bytes}};
  json["solves"] = Json::array();
  for (std::size_t k = 0; k < c.solves.size(); ++k) {
    const petsc::SolveReport& s = c.solves[k].solve;
    double charge = 0;
    for (std::size_t m = 0; m < n; ++m) charge += r.farads(m, k);
    json["solves"].push_back({{"conductor", r.conductors[k]},
                              {"converged", s.converged},
                              {"reason", s.reason},
                              {"iterations", s.iterations},
                              {"residual", s.residual},
                              {"total_charge_coulombs", charge},
                              {"seconds", s.seconds},
                              {"residual_history", s.history}});
  }
  json["products"] = Json::array();
  for (const petsc::AccuracyLevel& level : c.levels)
    json["products"].push_back({{"digits", level.digits},
                                {"products", level.products},
                                {"seconds", level.seconds},
                                {"setup_seconds", level.setup_seconds}});
  if (const auto& t = c.product_times)
    json["product_times"] = {{"repeats", t->repeats},
                             {"mat_mult_seconds", t->mat_mult},
                             {"fmm_seconds", t->fmm},
                             {"ratio", t->ratio}};
  json["seconds"] = {{"read", r.read_seconds},
                     {"near_correction", c.correction_seconds},
                     {"preconditioner", c.preconditioner_seconds},
                     {"solves", c.solve_seconds},
                     {"saved_by_relaxing", petsc::seconds_saved(c.levels)},
                     {"all_but_reading", r.seconds}};
  return json.dump(2) + "\n";
}

std::string to_table(const CapacitanceReport& r) {
  const bem::Capacitance& c = r.result;
  std::string text = fmt::format("octopole      {}, capacitance\n", version().version);
  text += fmt::format("surface       {} panels, {} conductors\n", r.panels, c.conductors);
  if (!r.repairs.empty()) text += fmt::format("repairs       {}\n", r.repairs);
  text += fmt::format("machine       {} ranks x {} threads\n", r.ranks, r.threads);
  text += fmt::format("solver        {}, {}, rtol {:g}; FMM of {} digits{}\n", c.solver, c.preconditioner,
                      c.accuracy.rtol, c.accuracy.digits, c.accuracy.relaxed ? ", relaxed" : "");
  text += fmt::format(
      "near          {} points per panel, within {} diameters: {:.1f} panels each, {:.1f} MiB\n",
      c.near.points, c.near.multiple, static_cast<double>(c.near_entries) / static_cast<double>(r.panels),
      static_cast<double>(c.near_bytes) / 1048576);
  for (std::size_t k = 0; k < c.solves.size(); ++k) {
    const petsc::SolveReport& s = c.solves[k].solve;
    text += fmt::format("  {:<12} {} iterations, residual {:.2e}, {:.2f} s\n", r.conductors[k], s.iterations,
                        s.residual, s.seconds);
  }
  for (const petsc::AccuracyLevel& level : c.levels)
    text += fmt::format("products      {} with {} digits, {:.3f} s each\n", level.products, level.digits,
                        level.products > 0 ? level.seconds / static_cast<double>(level.products) : 0.0);
  if (const auto& t = c.product_times)
    text += fmt::format("a product     {:.4f} s, the FMM alone {:.4f} s: a ratio of {:.3f} ({} of each)\n",
                        t->mat_mult, t->fmm, t->ratio, t->repeats);
  text += fmt::format("seconds       read {:.2f}, near {:.2f}, preconditioner {:.2f}, solves {:.2f}\n",
                      r.read_seconds, c.correction_seconds, c.preconditioner_seconds, c.solve_seconds);
  text += "capacitance (F), one row per conductor's charge, one column per conductor at 1 V\n";
  text += table(r.conductors, [&](auto m, auto k) { return r.farads(m, k); });
  if (r.length) {
    text += fmt::format("capacitance over 4 pi eps0 {:g}\n", *r.length);
    text += table(r.conductors, [&](auto m, auto k) { return c.at(m, k) / *r.length; });
  }
  text += fmt::format("asymmetry     {:.2e} of the largest\n", c.asymmetry());
  return text;
}

std::vector<std::string> failures(const CapacitanceReport& r) {
  std::vector<std::string> lines;
  for (std::size_t k = 0; k < r.result.solves.size(); ++k) {
    const petsc::SolveReport& s = r.result.solves[k].solve;
    if (s.converged) continue;
    lines.push_back(fmt::format(
        "'{}' did not converge ({}): residual {:.2e} after {} iterations instead of {:g} (allow more with "
        "--max-iterations, use the preconditioner octopole_near with larger blocks, or a larger "
        "--rtol; the results contain what was reached)",
        r.conductors[k], s.reason, s.residual, s.iterations, r.result.accuracy.rtol));
  }
  return lines;
}

// ---- the command.

const std::map<std::string, double> kUnits = {
    {"m", 1}, {"cm", 1e-2}, {"mm", 1e-3}, {"um", 1e-6}, {"nm", 1e-9}};

class CapacitanceCommand : public Command {
 public:
  CapacitanceCommand(CLI::App& program, std::vector<std::string> petsc)
      : parser_(program.add_subcommand(
            "capacitance",
            "Capacitance matrix of conductors given as triangle meshes.\nOptions of PETSc follow "
            "after --, as in: octopole capacitance bus.msh -- -ksp_rtol 1e-6 -log_view")),
        petsc_(std::move(petsc)) {
    parser_->add_option("meshes", meshes_, "Surface meshes: .msh (Gmsh 4.1), .obj, .stl")->required();
    parser_->add_option("--conductors", rule_, "What a conductor is: auto, groups, parts or files")
        ->check(CLI::IsMember({"auto", "groups", "parts", "files"}))
        ->capture_default_str();
    parser_->add_option("--only", only_, "Use only these conductors, by name, in this order")
        ->delimiter(',')
        ->allow_extra_args(false);
    parser_->add_option("--weld", weld_, "Join vertices closer than this fraction of a file's extent")
        ->check(CLI::Range(0.0, 0.1));
    parser_->add_flag("--open", check_.allow_open, "Accept thin sheets (surfaces with open edges)");
    parser_->add_flag("--repair", repair_, "Repair degenerate, duplicate and reversed triangles");
    parser_->add_flag("--no-overlap-check{false}", check_.find_overlaps,
                      "Do not look for crossing triangles");
    parser_->add_option("--unit", unit_, "The mesh's unit of length: m, cm, mm, um, nm, or metres")
        ->capture_default_str();
    parser_
        ->add_option("--normalise", length_,
                     "Also report in units of 4 pi eps0 times this length (in the mesh's unit)")
        ->check(CLI::PositiveNumber);
    parser_->add_option("--rtol", settings_.solver.rtol, "Relative residual of the solver")
        ->check(CLI::Range(1e-14, 0.5))
        ->capture_default_str();
    parser_
        ->add_option("--max-iterations", settings_.solver.max_iterations,
                     "Maximum number of iterations of each solve")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    parser_->add_flag("--relax", settings_.solver.relax,
                      "Use fewer digits of the FMM as the residual decreases");
    parser_->add_option("--quadrature", settings_.quadrature, "Relative error of far panels' potentials")
        ->check(CLI::Range(1e-9, 0.1))
        ->default_str("that of --rtol");
    options_.add_to(*parser_, {"vectors", "source_kind"});
    options_.add_limits_to(*parser_);
    parser_
        ->add_option("--time-products", settings_.timed_products,
                     "Also time this number of products and of evaluations of the FMM alone")
        ->check(CLI::Range(1, 1000000));
    parser_->add_option("-o,--output", output_,
                        "Charge densities on the mesh: NAME.h5, and NAME.xdmf for ParaView");
    parser_->add_option("--report", report_, "File for the matrix and the run's report (JSON)");
    parser_->add_option("-t,--threads", threads_, "OpenMP threads per rank")->check(CLI::Range(1, 4096));
    parser_->add_option("--throughput,--rates", throughput_, "Throughput for the cost model, as for run");
    parser_->add_flag("--progress", progress_, "Print a line per iteration even if stderr is not a terminal");
    parser_->add_flag("-q,--quiet", quiet_, "Print warnings only");
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    settings_.fmm = options_.get();
    CapacitanceReport report;
    report.meshes = meshes_;
    report.unit = unit_of_length();
    report.length = length_;
    if (!output_.empty()) {
      mpi::collectively(comm, [&] { bem::xdmf_path(output_); });
      check_output(comm, output_);
    }
    if (!report_.empty()) check_output(comm, report_);
    const std::string throughput = choose_throughput(comm, throughput_);
    const Machine machine = describe_machine(comm);
    omp_set_num_threads(threads_.value_or(default_threads(machine)));
    report.ranks = comm.size();
    report.threads = omp_get_max_threads();
    if ((settings_.fmm.tune && !settings_.fmm.ncrit) || comm.size() > 1)
      settings_.fmm.throughput = machine_throughput(comm, throughput).throughput;

    const double start = seconds_now();
    bem::Surface surface = read(comm, report);
    const bem::Panels panels = bem::distribute(comm, surface);
    surface = {};
    report.panels = panels.total;
    report.conductors = panels.conductors;
    report.read_seconds = comm.max(seconds_now() - start);

    const petsc::Session session(comm.handle(), petsc_);
    const bool speaks = comm.is_root() && !quiet_ && (progress_ || isatty(STDERR_FILENO) == 1);
    const double before = seconds_now();
    report.result = bem::solve_capacitance(
        comm, panels, settings_, [&](std::size_t conductor, int iteration, double residual) {
          if (speaks)
            fmt::print(stderr, "{} ({} of {})  iteration {:3}  residual {:.3e}  {:.1f} s\n",
                       panels.conductors[conductor], conductor + 1, panels.conductors.size(), iteration,
                       residual, seconds_now() - before);
        });
    report.seconds = comm.max(seconds_now() - before);
    if (comm.is_root())
      for (const std::string& name : session.unused_options())
        fmt::print(stderr, "octopole: warning: the PETSc option {} was not used: is it misspelt?\n", name);
    return publish(comm, panels, report);
  }

 private:
  double unit_of_length() const {
    if (const auto named = kUnits.find(unit_); named != kUnits.end()) return named->second;
    try {
      std::size_t end = 0;
      const double metres = std::stod(unit_, &end);
      if (end == unit_.size() && metres > 0 && metres < 1e12) return metres;
    } catch (const std::exception&) {  // not a number
    }
    throw UsageError(fmt::format("--unit {} is neither m, cm, mm, um, nm nor a number of metres", unit_));
  }

  /// Reads the surface on rank 0; throws Error unless it is sound.
  bem::Surface read(const mpi::Comm& comm, CapacitanceReport& report) const {
    bem::ReadOptions how;
    how.conductors = bem::parse_conductor_rule(rule_);
    how.only = only_;
    how.weld = weld_;
    bem::Surface surface = bem::read_surface(comm, meshes_, how);
    mpi::collectively(comm, [&] {
      if (!comm.is_root()) return;
      if (repair_) report.repairs = bem::repair_surface(surface).text();
      bem::require_sound(bem::check_surface(surface, check_));
    });
    return surface;
  }

  void write_charges(const mpi::Comm& comm, const bem::Panels& panels,
                     const CapacitanceReport& report) const {
    const std::vector<double> areas = bem::areas(panels);
    const double eps0 = bem::kElectricConstant / report.unit;  // mesh-unit charge / (eps0 area) to C / m^2
    std::vector<std::vector<double>> densities;
    std::vector<bem::PanelField> fields;
    for (const bem::ConductorSolve& one : report.result.solves) {
      std::vector<double> density = one.charges;
      for (std::size_t i = 0; i < density.size(); ++i) density[i] *= eps0 / areas[i];
      densities.push_back(std::move(density));
    }
    for (std::size_t k = 0; k < densities.size(); ++k)
      fields.push_back(
          {fmt::format("charge density, {} at 1 V (C/m^2)", panels.conductors[k]), densities[k]});
    const std::vector<Attribute> attributes = {{"octopole_version", std::string(version().version)},
                                               {"unit_in_metres", report.unit},
                                               {"rtol", report.result.accuracy.rtol}};
    bem::write_charge_file(comm, output_, panels, fields, attributes);
  }

  int publish(const mpi::Comm& comm, const bem::Panels& panels, const CapacitanceReport& report) const {
    if (!output_.empty()) write_charges(comm, panels, report);
    mpi::collectively(comm, [&] {
      if (comm.is_root() && !report_.empty()) write_text_file(report_, to_json(report));
    });
    if (comm.is_root()) {
      if (!quiet_) {
        fmt::print("{}", to_table(report));
        if (!output_.empty()) fmt::print("charges       {} ({})\n", output_, bem::xdmf_path(output_));
        if (!report_.empty()) fmt::print("report        {}\n", report_);
        std::fflush(stdout);
      }
      for (const std::string& failure : failures(report))
        fmt::print(stderr, "octopole: error: {}\n", failure);
    }
    return report.result.converged() ? kSuccess : kInaccurate;
  }

  CLI::App* parser_;
  std::vector<std::string> petsc_, meshes_, only_;
  std::string rule_ = "auto", unit_ = "m", output_, report_, throughput_;
  double weld_ = 0;
  std::optional<double> length_;
  std::optional<int> threads_;
  bem::CheckOptions check_;
  bem::CapacitanceSettings settings_;
  FmmOptions options_;
  bool repair_ = false, progress_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_capacitance(CLI::App& program, std::vector<std::string> petsc) {
  return std::make_unique<CapacitanceCommand>(program, std::move(petsc));
}

}  // namespace octopole::app
