// octopole capacitance: the capacitance matrix of conductors given as triangle meshes.
#include "bem/solve/capacitance.hpp"

#include <fmt/core.h>
#include <omp.h>
#include <unistd.h>

#include <cstdio>
#include <map>
#include <utility>

#include "app/capacitance_report.hpp"
#include "app/fmm_options.hpp"
#include "app/hosts.hpp"
#include "app/machine_throughput.hpp"
#include "app/program.hpp"
#include "base/profile.hpp"
#include "bem/charge_file.hpp"
#include "bem/check_surface.hpp"
#include "bem/mesh_file.hpp"
#include "io/atomic_file.hpp"
#include "octopole/version.hpp"
#include "petsc/session.hpp"

namespace octopole::app {
namespace {

const std::map<std::string, double> kUnits = {
    {"m", 1}, {"cm", 1e-2}, {"mm", 1e-3}, {"um", 1e-6}, {"nm", 1e-9}};

class CapacitanceCommand : public Command {
 public:
  CapacitanceCommand(CLI::App& program, std::vector<std::string> petsc)
      : parser_(program.add_subcommand(
            "capacitance",
            "Capacitance matrix of conductors given as triangle meshes.\nOptions of PETSc follow "
            "behind --, as in: octopole capacitance bus.msh -- -ksp_rtol 1e-6 -log_view")),
        petsc_(std::move(petsc)) {
    parser_->add_option("meshes", meshes_, "Surface meshes: .msh (Gmsh 4.1), .obj, .stl")->required();
    parser_->add_option("--conductors", rule_, "What a conductor is: auto, groups, parts or files")
        ->check(CLI::IsMember({"auto", "groups", "parts", "files"}))
        ->capture_default_str();
    parser_->add_option("--only", only_, "Only these conductors, by name, in this order")
        ->delimiter(',')
        ->allow_extra_args(false);
    parser_->add_option("--weld", weld_, "Join vertices closer than this part of a file's extent")
        ->check(CLI::Range(0.0, 0.1));
    parser_->add_flag("--open", check_.allow_open, "Thin sheets: open edges are right");
    parser_->add_flag("--repair", repair_, "Repair degenerate, duplicate and reversed triangles");
    parser_->add_flag("--no-overlap-check{false}", check_.find_overlaps,
                      "Do not look for crossing triangles");
    parser_->add_option("--unit", unit_, "The mesh's unit of length: m, cm, mm, um, nm, or metres")
        ->capture_default_str();
    parser_->add_option("--normalise", length_, "Also in units of 4 pi eps0 times this length of the mesh")
        ->check(CLI::PositiveNumber);
    parser_->add_option("--rtol", settings_.solver.rtol, "Relative residual of the solver")
        ->check(CLI::Range(1e-14, 0.5))
        ->capture_default_str();
    parser_->add_option("--max-iterations", settings_.solver.max_iterations, "Of each solve")
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    parser_->add_flag("--relax", settings_.solver.relax, "Fewer digits of the FMM as the residual falls");
    parser_->add_option("--quadrature", settings_.quadrature, "Relative error of far panels' potentials")
        ->check(CLI::Range(1e-9, 0.1))
        ->default_str("that of --rtol");
    options_.add_to(*parser_);
    options_.add_limits_to(*parser_);
    parser_
        ->add_option("--time-products", settings_.timed_products,
                     "Also time this number of products, and of evaluations of the FMM alone")
        ->check(CLI::Range(1, 1000000));
    parser_->add_option("-o,--output", output_,
                        "Charge densities on the mesh: NAME.h5, and NAME.xdmf for ParaView");
    parser_->add_option("--report", report_, "File for the matrix and the run's figures (JSON)");
    parser_->add_option("-t,--threads", threads_, "OpenMP threads of each rank")->check(CLI::Range(1, 4096));
    parser_->add_option("--throughput,--rates", throughput_, "Throughput for the cost model, as for run");
    parser_->add_flag("--progress", progress_, "A line for every iteration also where stderr is no terminal");
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
    const Machine machine = describe_machine(comm);
    omp_set_num_threads(threads_.value_or(default_threads(machine)));
    report.ranks = comm.size();
    report.threads = omp_get_max_threads();
    if ((settings_.fmm.tune && !settings_.fmm.ncrit) || comm.size() > 1)
      settings_.fmm.throughput = machine_throughput(comm, throughput_).throughput;

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
    return tell(comm, panels, report);
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

  int tell(const mpi::Comm& comm, const bem::Panels& panels, const CapacitanceReport& report) const {
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
