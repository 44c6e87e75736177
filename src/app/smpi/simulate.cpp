// octopole_simulate: the distributed program on virtual ranks of a described cluster, under SimGrid's
// smpirun. Communication is simulated message by message; computation is executed, and charged to the virtual
// clocks from counted work. Started by jobs/study/simulate.sh.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/fmm_options.hpp"
#include "app/hosts.hpp"
#include "app/machine_throughput.hpp"
#include "app/program.hpp"
#include "app/report.hpp"
#include "app/smpi/charge.hpp"
#include "app/smpi/problem.hpp"
#include "fmm/access.hpp"
#include "io/atomic_file.hpp"
#include "io/point_distributions.hpp"
#include "octopole/fmm.hpp"
#include "octopole/verify.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

constexpr std::uint64_t kSeed = 1;

/// SimGrid's MPI has no neighbourhood collectives.
Options default_options() {
  Options options;
  options.transport = mpi::Transport::point_to_point;
  return options;
}

class Simulation {
 public:
  explicit Simulation(CLI::App& parser) {
    parser.add_option("--shape", shape_, "cube, sphere, ellipsoid, plummer or line")
        ->check(CLI::IsMember(shape_names()))
        ->capture_default_str();
    auto* points = parser.add_option("-n,--points", count_, "Number of sources, which are the targets")
                       ->check(CLI::Range(Index{1}, Index{1} << 40));
    parser.add_option("--points-per-rank", per_rank_, "The same by rank")
        ->check(CLI::Range(Index{1}, Index{1} << 32))
        ->excludes(points);
    options_.add_to(parser);
    parser.add_option("--throughput,--rates", throughput_, "Throughput of a core: a file, or reference")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->capture_default_str();
    parser
        .add_option("--callers", callers_,
                    "Where points are held: owners, as they are evaluated, or scattered at random")
        ->check(CLI::IsMember({"owners", "scattered"}))
        ->capture_default_str();
    parser.add_flag("--gradient", gradient_, "Also compute the gradient");
    parser.add_option("--repeat", repeat_, "Number of evaluations; the last is reported")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    parser.add_option("--verify", samples_,
                      "Sum this number of random targets directly and report the error");
    parser.add_flag("--compare", compare_, "Also compute all on one rank, and report the difference");
    parser.add_option("--record", record_, "File for the run's record (JSON, one line)");
    parser.add_option("--study", study_, "Name of the study, for the record");
    parser.add_option("--platform", platform_, "JSON file that describes the cluster, for the record");
    parser.add_flag("-q,--quiet", quiet_, "No table");
  }

  int run(const mpi::Comm& comm) {
    if (count_ == 0 && per_rank_ == 0) throw UsageError("--points or --points-per-rank is required");
    if (throughput_ == "measure" || throughput_.empty())
      throw UsageError(
          "--throughput must name a file, or be reference: virtual ranks have no clock to measure by");
    const double copy_bandwidth = parse_platform().value("copy_bandwidth", kCopyBandwidth);
    if (!(copy_bandwidth > 0)) throw UsageError("--platform: copy_bandwidth must be positive");
    if (!record_.empty())
      mpi::collectively(comm, [&] {
        if (comm.is_root()) check_writable(record_);
      });
    const Index n = count_ > 0 ? count_ : per_rank_ * comm.size();
    const Shape shape = parse_shape(shape_);
    const Output output = gradient_ ? Output::potential_and_gradient : Output::potential;
    const MachineThroughput known = machine_throughput(comm, throughput_);
    Options options = options_.get();
    options.throughput = known.throughput;
    options.output = output;

    RunReport report;
    report.input = fmt::format("{}, {} points, seed {}", shape_, n, kSeed);
    report.machine = describe_virtual_machine(comm);
    report.simd = simd::isa_name(simd::active_isa());
    report.throughput = known.origin;

    choose_leaves(comm, options, shape, n, kSeed);
    OneRank alone;
    if (compare_) alone = compute_on_one_rank(comm, options, shape, n, kSeed, output);
    const Problem problem =
        callers_ == "owners"
            ? move_to_owners(comm, options, make_sorted_block(comm, *options.padding, shape, n, kSeed))
            : make_block(comm, shape, n, kSeed);

    Fmm fmm(comm.handle(), Laplace{}, options);
    WorkCharger charger(fmm.parameters(), true, copy_bandwidth, true);
    FmmAccess::observe(fmm, &charger);
    fmm.set_points(problem.points);
    Field field;
    for (int i = 0; i < repeat_; ++i) {
      charger.restart();
      comm.barrier();
      fmm.evaluate(problem.charges, field, output);
      report.summary = fmm.summary();
      report.evaluations.push_back(report.summary.evaluate_seconds.max);
    }
    if (samples_ > 0)
      report.verification =
          verify(comm.handle(), Laplace{}, problem.points, problem.charges, problem.points, field, samples_);
    std::optional<double> difference_l2;
    if (compare_) difference_l2 = difference(comm, problem, field, alone);
    return tell(comm, report, record(comm, report, charger, n, alone, difference_l2), difference_l2);
  }

 private:
  static constexpr double kAgreement = 1e-12;
  static constexpr double kCopyBandwidth = 2e9;  // bytes per second, as in jobs/study/machines/reference.json

  ordered_json parse_platform() const {
    if (platform_.empty()) return ordered_json::object();
    try {
      std::ifstream file(platform_);
      return ordered_json::parse(file);
    } catch (const std::exception& error) {
      throw UsageError("--platform: '" + platform_ + "' is not JSON: " + error.what());
    }
  }

  static Machine describe_virtual_machine(const mpi::Comm& comm) {
    Machine machine = describe_machine(comm);
    char name[MPI_MAX_PROCESSOR_NAME] = {};
    int length = 0;
    mpi::check(MPI_Get_processor_name(name, &length), "MPI_Get_processor_name");
    machine.host = std::string(name, static_cast<std::size_t>(length));
    comm.broadcast(machine.host);
    machine.cores_per_rank = 1;
    return machine;
  }

  /// The record of docs/cluster.md. Collective.
  ordered_json record(const mpi::Comm& comm, const RunReport& report, const WorkCharger& charger, Index n,
                      const OneRank& alone, const std::optional<double>& difference_l2) const {
    ordered_json charged_max, charged_mean;
    double slowest = comm.max(charger.total()), sum = comm.sum(charger.total());
    for (std::size_t i = 0; i + 1 < kPhases; ++i) {
      const double seconds = charger.seconds()[i];
      charged_max[std::string(kPhaseNames[i])] = comm.max(seconds);
      charged_mean[std::string(kPhaseNames[i])] = comm.sum(seconds) / comm.size();
    }
    const Summary& s = report.summary;
    ordered_json json = {
        {"record", 1},
        {"kind", "simulated"},
        {"study", study_.empty() ? ordered_json() : ordered_json(study_)},
        {"shape", shape_},
        {"n", n},
        {"ranks", s.ranks},
        {"threads", 1},
        {"cores", s.ranks},
        {"digits", s.parameters.digits ? ordered_json(*s.parameters.digits) : ordered_json()}};
    const ordered_json figures = ordered_json::parse(to_json(report));
    for (const auto& [name, value] : figures.items()) json[name] = value;
    json.erase("memory");  // all virtual ranks are in one process
    ordered_json stages;
    for (std::size_t i = 0; i < kSetupStages; ++i)
      stages[std::string(kSetupStageNames[i])] = s.stage_seconds[i].max;
    const double evaluate = s.evaluate_seconds.max;
    json["simulation"] = {{"simulator", "SimGrid SMPI"},
                          {"platform", parse_platform()},
                          {"callers", callers_},
                          {"throughput", report.throughput},
                          {"setup_stages", stages},
                          {"computed", {{"max", slowest}, {"mean", sum / s.ranks}}},
                          {"computed_phases", {{"max", charged_max}, {"mean", charged_mean}}},
                          {"utilisation", sum / (s.ranks * evaluate)}};
    if (difference_l2)
      json["simulation"]["one_rank"] = {{"difference_l2", *difference_l2},
                                        {"seconds", alone.seconds},
                                        {"efficiency", alone.seconds / (s.ranks * evaluate)}};
    return json;
  }

  int tell(const mpi::Comm& comm, const RunReport& report, const ordered_json& json,
           const std::optional<double>& difference_l2) const {
    mpi::collectively(comm, [&] {
      if (comm.is_root() && !record_.empty()) write_text_file(record_, json.dump() + "\n");
    });
    const bool agrees = !difference_l2 || *difference_l2 <= kAgreement;
    if (comm.is_root()) {
      if (!quiet_) fmt::print("{}", to_table(report, true));
      if (!quiet_ && difference_l2)
        fmt::print("one rank      {:.2e} relative L2 of the difference\n", *difference_l2);
      if (!agrees)
        fmt::print(stderr, "octopole_simulate: error: {} ranks differ from one by {:.2e}\n", comm.size(),
                   *difference_l2);
      for (const std::string& warning : warnings(report))
        fmt::print(stderr, "octopole_simulate: warning: {}\n", warning);
      std::fflush(stdout);
    }
    if (!agrees) return kFailure;
    return is_accurate(report) ? kSuccess : kInaccurate;
  }

  FmmOptions options_{default_options()};
  std::string shape_ = "cube", callers_ = "owners", throughput_ = "reference", record_, study_, platform_;
  Index count_ = 0, per_rank_ = 0, samples_ = 0;
  int repeat_ = 1;
  bool gradient_ = false, compare_ = false, quiet_ = false;
};

int simulate(const mpi::Comm& comm, int argc, char** argv) {
  CLI::App parser{"octopole on virtual ranks: run it by jobs/study/simulate.sh, or under smpirun."};
  parser.name("octopole_simulate");
  Simulation simulation(parser);
  if (const std::optional<int> ended = parse(comm, parser, argc, argv)) return *ended;
  return simulation.run(comm);
}

}  // namespace
}  // namespace octopole::app

int main(int argc, char** argv) {
  return octopole::app::run_main("octopole_simulate", argc, argv, octopole::app::simulate);
}
