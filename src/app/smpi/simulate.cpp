// octopole_simulate: the distributed program on virtual ranks of a described cluster, under SimGrid's
// smpirun. Communication is simulated message by message; computation is executed, and charged to the virtual
// clocks from counted work. Started by jobs/study/simulate.sh.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "app/hosts.hpp"
#include "app/kernel_options.hpp"
#include "app/machine_throughput.hpp"
#include "app/options.hpp"
#include "app/program.hpp"
#include "app/report.hpp"
#include "app/smpi/charge.hpp"
#include "cost/tuning.hpp"
#include "fmm/access.hpp"
#include "fmm/set_points.hpp"
#include "io/atomic_file.hpp"
#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"
#include "octopole/verify.hpp"
#include "simd/isa.hpp"
#include "tree/morton.hpp"

namespace octopole::app {
namespace {

// ---- the points, and the same run on a single rank.

/// This rank's part of a point distribution.
struct Problem {
  std::vector<double> points, charges;  // (n, 3), (n)
  std::vector<double> numbers;          // (n): index of each point in the distribution, below 2^53
};

/// Sets n_crit and padding in `options`, unless given, to what every rank would choose from the same sample.
/// Rank 0 chooses for all, since 256 virtual ranks would take 256 times as long. Collective.
void choose_leaves(const mpi::Comm& comm, const AnyKernel& kernel, Options& options, Shape shape,
                   Index points, std::uint64_t seed);

/// This rank's block of the distribution, in its random order.
Problem make_block(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed);

/// This rank's block of the distribution in Morton order, in a root cube of this padding: distributed nearly
/// as they will be owned, so that few messages are needed. Rank 0 makes and sends them. Collective.
Problem make_sorted_block(const mpi::Comm& comm, const Parameters& parameters, double padding, Shape shape,
                          Index points, std::uint64_t seed);

/// Moves the points to the ranks that own them, as in a program that keeps its particles where they are
/// evaluated. Collective.
Problem move_to_owners(const mpi::Comm& comm, const AnyKernel& kernel, const Options& options, Problem block);

/// Result of all points on one rank.
struct OneRank {
  std::vector<double> potential;  // (n) in the order of the distribution
  double seconds = 0;             // counted, not charged
};
/// Computes on rank 0 while the others wait; the seconds are sent to all ranks. Collective.
OneRank compute_on_one_rank(const mpi::Comm& comm, const AnyKernel& kernel, const Options& options,
                            Shape shape, Index points, std::uint64_t seed, Output output);

/// Relative L2 difference between the potentials of all ranks and those of one rank; the result is on all
/// ranks. Collective.
double difference(const mpi::Comm& comm, const Problem& problem, const Field& field, const OneRank& alone);

struct Row {
  double x, y, z, charge, number;
};

morton::Bounds bounds_of(const std::vector<double>& positions) {
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(positions);
  return bounds;
}

void choose_leaves(const mpi::Comm& comm, const AnyKernel& kernel, Options& options, Shape shape,
                   Index points, std::uint64_t seed) {
  const Parameters parameters = resolve(options, kernel.name());
  Tuning tuning;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    const std::vector<double> positions = make_positions(shape, 0, points, seed);
    tuning =
        tune(mpi::Comm::duplicate(MPI_COMM_SELF), bounds_of(positions), parameters, positions, std::nullopt);
  });
  comm.broadcast(std::span<int>(&tuning.ncrit, 1));
  comm.broadcast(std::span<double>(&tuning.padding, 1));
  options.ncrit = tuning.ncrit;
  options.padding = tuning.padding;
}

Problem make_block(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed) {
  const RowBlock mine = block_of(points, comm.rank(), comm.size());
  Problem block{make_positions(shape, mine.first, mine.count, seed),
                make_charges(Charges::uniform, mine.first, mine.count, seed),
                {}};
  for (Index i = 0; i < mine.count; ++i) block.numbers.push_back(static_cast<double>(mine.first + i));
  return block;
}

Problem make_sorted_block(const mpi::Comm& comm, const Parameters& parameters, double padding, Shape shape,
                          Index points, std::uint64_t seed) {
  std::vector<Index> counts(static_cast<std::size_t>(comm.size()), 0);
  std::vector<Row> rows;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    const std::vector<double> positions = make_positions(shape, 0, points, seed),
                              charges = make_charges(Charges::uniform, 0, points, seed);
    auto codes = morton::encode(root_cube(bounds_of(positions), padding, parameters), positions);
    for (const Index i : morton::sort_codes(codes)) {
      const double* const p = &positions[3 * static_cast<std::size_t>(i)];
      rows.push_back({p[0], p[1], p[2], charges[static_cast<std::size_t>(i)], static_cast<double>(i)});
    }
    for (int rank = 0; rank < comm.size(); ++rank)
      counts[static_cast<std::size_t>(rank)] = block_of(points, rank, comm.size()).count;
  });
  Problem block;
  for (const Row& row : comm.all_to_all(std::span<const Row>(rows), counts)) {
    block.points.insert(block.points.end(), {row.x, row.y, row.z});
    block.charges.push_back(row.charge);
    block.numbers.push_back(row.number);
  }
  return block;
}

Problem move_to_owners(const mpi::Comm& comm, const AnyKernel& kernel, const Options& options,
                       Problem block) {
  PointSetup setup = set_points(comm, resolve(options, kernel.name()), block.points, std::nullopt);
  const auto owned = static_cast<std::size_t>(setup.owned_sources());
  Problem moved{std::vector<double>(3 * owned), std::vector<double>(owned), std::vector<double>(owned)};
  setup.source_exchange.to_owners<3>(block.points.data(), moved.points.data());
  setup.source_exchange.to_owners(block.charges.data(), moved.charges.data());
  setup.source_exchange.to_owners(block.numbers.data(), moved.numbers.data());
  return moved;
}

OneRank compute_on_one_rank(const mpi::Comm& comm, const AnyKernel& kernel, const Options& options,
                            Shape shape, Index points, std::uint64_t seed, Output output) {
  OneRank alone;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    Fmm fmm(MPI_COMM_SELF, kernel, options);
    WorkCharger counter(fmm.parameters(), true, 1, false);  // copies are not counted
    FmmAccess::observe(fmm, &counter);
    fmm.set_points(make_positions(shape, 0, points, seed));
    alone.potential = fmm.evaluate(make_charges(Charges::uniform, 0, points, seed), output).potential;
    alone.seconds = counter.total();
  });
  comm.broadcast(std::span<double>(&alone.seconds, 1));
  return alone;
}

double difference(const mpi::Comm& comm, const Problem& problem, const Field& field, const OneRank& alone) {
  std::vector<Index> to_root(static_cast<std::size_t>(comm.size()), 0);
  to_root[0] = static_cast<Index>(field.potential.size());
  const std::vector<double> potentials = comm.all_to_all(std::span<const double>(field.potential), to_root),
                            numbers = comm.all_to_all(std::span<const double>(problem.numbers), to_root);
  double relative = 0;
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    if (numbers.size() != alone.potential.size()) throw Error("points were lost on the way to their owners");
    double squares = 0, differences = 0;
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double expected = alone.potential[static_cast<std::size_t>(numbers[i])];
      squares += expected * expected;
      differences += (potentials[i] - expected) * (potentials[i] - expected);
    }
    relative = std::sqrt(differences / squares);
  });
  comm.broadcast(std::span<double>(&relative, 1));
  return relative;
}

// ---- the program.

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
    auto* points = parser.add_option("-n,--points", count_, "Number of points (sources = targets)")
                       ->check(CLI::Range(Index{1}, Index{1} << 40));
    parser.add_option("--points-per-rank", per_rank_, "Number of points per rank")
        ->check(CLI::Range(Index{1}, Index{1} << 32))
        ->excludes(points);
    kernel_.add_to(parser, true);
    options_.add_to(parser, {"vectors", "source_kind"});
    parser.add_option("--throughput,--rates", throughput_, "Throughput of a core: a file, or reference")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)
        ->capture_default_str();
    parser
        .add_option("--callers", callers_,
                    "Where points start: owners (already on their ranks) or scattered (at random)")
        ->check(CLI::IsMember({"owners", "scattered"}))
        ->capture_default_str();
    parser.add_flag("--gradient", gradient_, "Also compute the gradient");
    parser.add_option("--repeat", repeat_, "Number of evaluations; the last is reported")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    parser.add_option("--verify", samples_,
                      "Sum this number of random targets directly and report the error");
    parser.add_flag("--compare", compare_, "Also compute everything on one rank and report the difference");
    parser.add_option("--record", record_, "File for the run's record (JSON, one line)");
    parser.add_option("--study", study_, "Name of the study, for the record");
    parser.add_option("--platform", platform_, "JSON file that describes the cluster, for the record");
    parser.add_flag("-q,--quiet", quiet_, "Print no table");
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
    const MachineThroughput known = machine_throughput(comm, choose_throughput(comm, throughput_));
    Options options = options_.get();
    const AnyKernel kernel = kernel_.get();
    options.throughput = known.throughput;
    options.output = output;

    RunReport report;
    report.input = fmt::format("{}, {} points, seed {}", shape_, n, kSeed);
    report.machine = describe_virtual_machine(comm);
    report.simd = simd::isa_name(simd::active_isa());
    report.throughput = known.origin;

    choose_leaves(comm, kernel, options, shape, n, kSeed);
    OneRank alone;
    if (compare_) alone = compute_on_one_rank(comm, kernel, options, shape, n, kSeed, output);
    const Problem problem = callers_ == "owners"
                                ? move_to_owners(comm, kernel, options,
                                                 make_sorted_block(comm, resolve(options, kernel.name()),
                                                                   *options.padding, shape, n, kSeed))
                                : make_block(comm, shape, n, kSeed);

    Fmm fmm(comm.handle(), kernel, options);
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
          verify(comm.handle(), kernel, problem.points, problem.charges, problem.points, field, samples_);
    std::optional<double> difference_l2;
    if (compare_) difference_l2 = difference(comm, problem, field, alone);
    return publish(comm, report, record(comm, report, charger, n, alone, difference_l2), difference_l2);
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

  int publish(const mpi::Comm& comm, const RunReport& report, const ordered_json& json,
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

  KernelOptions kernel_;
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
