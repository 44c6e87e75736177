// octopole plan: expected memory, work, communication and time of a run on many ranks.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/hosts.hpp"
#include "app/kernel_options.hpp"
#include "app/machine_file.hpp"
#include "app/machine_throughput.hpp"
#include "app/options.hpp"
#include "app/plan_report.hpp"
#include "app/program.hpp"
#include "cost/tuning.hpp"
#include "io/atomic_file.hpp"
#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "kernels/any_kernel.hpp"
#include "octopole/kernels.hpp"
#include "planner/forecast.hpp"
#include "tree/morton.hpp"

namespace octopole::app {
namespace {

// ---- the points: of a file, generated ones, or a distribution too large to be generated.

/// Distributions of up to this number of points are generated, point by point as by `octopole generate`;
/// samples of larger ones have this number of points.
constexpr Index kMostGenerated = Index{1} << 24;

/// The points as known to the planner, with n_crit and padding chosen.
class ForecastPoints {
 public:
  /// Uses the points of a file; or those of a shape.
  /// `resolved`: the parameters for the strengths of the file.
  ForecastPoints(const mpi::Comm& comm, const std::string& path, const AnyKernel& kernel,
                 const std::function<Parameters(const StrengthShape&)>& resolved);
  ForecastPoints(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed,
                 const Parameters& parameters);

  const tree::PointCounts& counts() const { return *counts_; }
  /// Parameters with the chosen n_crit and padding.
  const Parameters& parameters() const { return parameters_; }
  /// One line on the origin of the points and n_crit.
  const std::string& note() const { return note_; }
  /// Whether the points are available in the callers' order.
  bool listed() const { return !source_codes_.empty(); }
  /// The points in equal blocks, as ranks read them from a file.
  ListedPoints list_sources(int ranks) const { return list(source_codes_, ranks); }
  std::optional<ListedPoints> list_targets(int ranks) const;

 private:
  void tune_with(const mpi::Comm& comm, const Points& points);
  void take(const mpi::Comm& comm, const Points& points);
  static ListedPoints list(const AlignedVector<morton::Code>& codes, int ranks);

  Parameters parameters_;
  std::string note_;
  morton::Bounds bounds_ = morton::Bounds::empty();
  AlignedVector<morton::Code> source_codes_, target_codes_;      // in the callers' order
  AlignedVector<morton::Code> sorted_sources_, sorted_targets_;  // ascending; of the points or the sample
  std::unique_ptr<tree::PointCounts> counts_;
};

/// Dimension of the set that the shape's points fill.
int dimensions(Shape shape) {
  switch (shape) {
    case Shape::sphere:
    case Shape::ellipsoid:
      return 2;
    case Shape::line:
      return 1;
    default:
      return 3;
  }
}

/// An even sample by the sequence of Roberts (2018), whose steps are powers of the inverse of the root of
/// x^(d + 1) = x + 1.
std::vector<double> even_sample(Shape shape, Index points) {
  const int d = dimensions(shape);
  double root = 2;
  for (int i = 0; i < 60; ++i) root = std::pow(1 + root, 1.0 / (d + 1));
  std::vector<double> sample(static_cast<std::size_t>(3 * points));
#pragma omp parallel for schedule(static)
  for (Index i = 0; i < points; ++i) {
    const auto step = [&](int k) {
      const double place = 0.5 + static_cast<double>(i + 1) * std::pow(root, -k);
      return place - std::floor(place);
    };
    const auto point = shape_point(shape, step(1), d > 1 ? step(2) : 0.5, d > 2 ? step(3) : 0.5);
    for (std::size_t c = 0; c < 3; ++c) sample[static_cast<std::size_t>(3 * i) + c] = point[c];
  }
  return sample;
}

AlignedVector<morton::Code> sorted(AlignedVector<morton::Code> codes) {
  morton::sort(codes);
  return codes;
}

ForecastPoints::ForecastPoints(const mpi::Comm& comm, const std::string& path, const AnyKernel& kernel,
                               const std::function<Parameters(const StrengthShape&)>& resolved) {
  const Points points = read_points(comm, path, kernel);
  parameters_ = resolved({points.kind, points.vectors, kernel.components()});
  take(comm, points);
  note_ = "the points of " + path;
}

ForecastPoints::ForecastPoints(const mpi::Comm& comm, Shape shape, Index points, std::uint64_t seed,
                               const Parameters& parameters)
    : parameters_(parameters) {
  Points generated;
  generated.targets_are_sources = true;
  if (points <= kMostGenerated) {
    generated.sources = make_positions(shape, 0, points, seed);
    take(comm, generated);
    note_ = "the points themselves, as `octopole generate` makes them";
    return;
  }
  // With 2^d times fewer points the tree is one level shallower, with similar leaves.
  Index similar = points;
  while (similar > kMostGenerated / 8) similar >>= dimensions(shape);
  generated.sources = make_positions(shape, 0, similar, seed);
  tune_with(comm, generated);
  if (shape == Shape::cube) {
    const morton::RootCube cube = root_cube({{0, 0, 0}, {1, 1, 1}}, parameters_.padding, parameters_);
    counts_ = std::make_unique<tree::UniformPoints>(points, -cube.corner[0] / cube.side,
                                                    (1 - cube.corner[0]) / cube.side, seed);
    note_ = "numbers of points drawn node by node";
  } else {
    const std::vector<double> sample = even_sample(shape, kMostGenerated);
    bounds_.include(sample);
    sorted_sources_ = sorted(morton::encode(root_cube(bounds_, parameters_.padding, parameters_), sample));
    counts_ = std::make_unique<tree::ScaledPoints>(sorted_sources_, points);
    note_ = fmt::format("an even sample of {} points, each representing {:.1f} points", kMostGenerated,
                        static_cast<double>(points) / static_cast<double>(kMostGenerated));
    if (const double in_leaf =
            parameters_.ncrit * static_cast<double>(kMostGenerated) / static_cast<double>(points);
        in_leaf < 4)
      throw Error(
          fmt::format("{} points of this shape cannot be planned: leaves of {} points would hold {:.1f} of "
                      "the sample",
                      points, parameters_.ncrit, in_leaf),
          "plan fewer points, or a cube");
  }
  if (parameters.tune_ncrit)
    note_ += fmt::format(
        "; n_crit and padding are those of {} points: a run of this size needs --ncrit {} "
        "--padding {:.6f}",
        similar, parameters_.ncrit, parameters_.padding);
}

void ForecastPoints::tune_with(const mpi::Comm& comm, const Points& points) {
  const auto targets =
      points.targets_are_sources ? std::nullopt : std::optional<std::span<const double>>(points.targets);
  morton::Bounds bounds = morton::Bounds::empty();
  bounds.include(points.sources);
  if (targets) bounds.include(*targets);
  const Tuning tuning = tune(comm, bounds, parameters_, points.sources, targets);
  parameters_.ncrit = tuning.ncrit;
  parameters_.padding = tuning.padding;
  bounds_ = bounds;
}

void ForecastPoints::take(const mpi::Comm& comm, const Points& points) {
  tune_with(comm, points);
  const morton::RootCube cube = root_cube(bounds_, parameters_.padding, parameters_);
  source_codes_ = morton::encode(cube, points.sources);
  sorted_sources_ = sorted(source_codes_);
  if (points.targets_are_sources) {
    counts_ = std::make_unique<tree::SortedPoints>(sorted_sources_);
    return;
  }
  target_codes_ = morton::encode(cube, points.targets);
  sorted_targets_ = sorted(target_codes_);
  counts_ =
      std::make_unique<tree::SortedPoints>(sorted_sources_, std::span<const morton::Code>(sorted_targets_));
}

ListedPoints ForecastPoints::list(const AlignedVector<morton::Code>& codes, int ranks) {
  ListedPoints listed{codes, {}};
  const Index n = static_cast<Index>(codes.size());
  for (int rank = 0; rank < ranks; ++rank) listed.bounds.push_back(block_of(n, rank, ranks).first);
  listed.bounds.push_back(n);
  return listed;
}

std::optional<ListedPoints> ForecastPoints::list_targets(int ranks) const {
  if (target_codes_.empty()) return std::nullopt;
  return list(target_codes_, ranks);
}

// ---- the command.

class PlanCommand : public Command {
 public:
  explicit PlanCommand(CLI::App& program)
      : parser_(program.add_subcommand(
            "plan",
            "Count the memory, operations and messages of a run on many ranks, and predict its time")) {
    auto* one = parser_->add_option("-P,--ranks", ranks_, "Number of ranks of the planned run")
                    ->check(CLI::Range(1, kMostRanks));
    parser_->add_option("-t,--threads", threads_, "Threads per rank of the planned run")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    auto* input = parser_->add_option("-i,--input", input_, "Points (HDF5)");
    auto* shape = parser_->add_option("--shape", shape_, "cube, sphere, ellipsoid, plummer, line or clusters")
                      ->check(CLI::IsMember(shape_names()))
                      ->excludes(input);
    auto* count =
        parser_
            ->add_option("-n,--points", points_, "Number of points of the shape; with --curve weak, per rank")
            ->check(CLI::Range(Index{1}, kMostPoints))
            ->needs(shape);
    shape->needs(count);
    parser_->add_option("-s,--seed", seed_, "Seed of the shape's random numbers")
        ->capture_default_str()
        ->needs(shape);
    parser_->add_option("--curve", curve_, "weak or strong scaling over --ranks-list")
        ->check(CLI::IsMember({"weak", "strong"}))
        ->excludes(one);
    parser_->add_option("--ranks-list", list_, "Numbers of ranks of the curve's runs: a,b,c")
        ->delimiter(',')
        ->check(CLI::Range(1, kMostRanks));
    parser_->add_option("--sample-ranks", sample_, "Maximum number of ranks to plan one by one; 0: all")
        ->check(CLI::Range(0, kMostRanks))
        ->capture_default_str();
    parser_
        ->add_option("--callers", callers_,
                     "Where points start: owners (already on their ranks) or scattered (in equal blocks in "
                     "the order of the file; of a shape: at random)")
        ->check(CLI::IsMember({"scattered", "owners"}))
        ->capture_default_str();
    fields_.add_to(*parser_, "Options");
    kernel_.add_to(*parser_);
    options_.add_to(*parser_);
    parser_->add_option("--machine", machine_, "File that describes the cluster, or reference")
        ->capture_default_str();
    parser_->add_option("--throughput,--rates", throughput_,
                        "Throughput instead of the machine file's: a file, reference, or measure");
    parser_
        ->add_option("--ranks-per-node,--ranks-a-node", ranks_per_node_,
                     "Ranks that share a node's network interfaces (default: the machine's cores / threads)")
        ->check(CLI::Range(1, kMostRanks));
    auto* record = parser_->add_option("--record", record_,
                                       "File to append a record of each plan to (JSON, one per line)");
    parser_->add_option("--study", study_, "Name of the study, for the record (default: the curve)")
        ->needs(record);
    parser_->add_option("--report", report_, "File for the plan's report (JSON)");
    parser_->add_flag("-q,--quiet", quiet_, "Print nothing");
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    if (comm.size() > 1)
      throw UsageError("octopole plan runs in one process: start it without mpirun, or with -n 1");
    if (input_.empty() && shape_.empty()) throw UsageError("--input or --shape is required");
    if (curve_.empty() ? !ranks_ : list_.empty())
      throw UsageError(curve_.empty() ? "--ranks is required (or --curve and --ranks-list)"
                                      : "--ranks-list is required with --curve");
    if (curve_.empty() && !list_.empty()) throw UsageError("--ranks-list needs --curve");
    if (curve_ == "weak" && shape_.empty()) throw UsageError("--curve weak needs --shape and --points");
    if (curve_ == "weak" && points_ > kMostPoints / *std::max_element(list_.begin(), list_.end()))
      throw UsageError(fmt::format("more than {} points in total", kMostPoints));
    if (!report_.empty()) check_output(comm, report_);
    if (!record_.empty()) check_appendable(record_);
    omp_set_num_threads(default_threads(describe_machine(comm)));
    Options options = options_.get();
    MachineModel machine = read_machine(machine_);
    if (ranks_per_node_) machine.cores_per_node = *ranks_per_node_ * threads_;
    if (!throughput_.empty())
      machine.throughput = machine_throughput(comm, choose_throughput(comm, throughput_)).throughput;
    options.throughput = machine.throughput;
    const AnyKernel kernel = kernel_.get();
    options.output = fields_.get(kernel).output();
    const auto resolved = [&] {
      Parameters p = resolve(options, kernel.name());
      set_kernel_parameters(kernel, p);
      return p;
    };
    const Parameters parameters = resolved();  // refuses bad options before points are read

    std::vector<ForecastReport> reports;
    std::unique_ptr<ForecastPoints> points;
    for (const int ranks : curve_.empty() ? std::vector<int>{*ranks_} : list_) {
      if (!points || curve_ == "weak") {
        points.reset();
        if (!input_.empty())
          points = std::make_unique<ForecastPoints>(comm, input_, kernel, [&](const StrengthShape& in_file) {
            options_.take_from_file(input_, in_file, options);
            return resolved();
          });
        else
          points = std::make_unique<ForecastPoints>(
              comm, parse_shape(shape_), curve_ == "weak" ? points_ * ranks : points_, seed_, parameters);
      }
      reports.push_back(forecast(*points, ranks, machine));
      if (!quiet_ && !curve_.empty()) fmt::print(stderr, "planned {} ranks\n", ranks);
    }
    if (!report_.empty()) write_text_file(report_, to_json(reports, curve_));
    if (!record_.empty())
      for (const ForecastReport& report : reports)
        append_line(record_,
                    to_record(report, shape_.empty() ? std::nullopt : std::optional(parse_shape(shape_)),
                              study_.empty() ? curve_ : study_));
    if (quiet_) return kSuccess;
    fmt::print("{}", curve_.empty() ? to_table(reports.front()) : curve_table(reports, curve_ == "weak"));
    if (!report_.empty()) fmt::print("report        {}\n", report_);
    std::fflush(stdout);
    return kSuccess;
  }

 private:
  static constexpr int kMostRanks = 1'000'000;
  static constexpr Index kMostPoints = 1'000'000'000'000;

  ForecastReport forecast(const ForecastPoints& points, int ranks, const MachineModel& machine) const {
    ForecastRequest request{points.counts(), points.parameters()};
    request.ranks = ranks;
    request.threads = threads_;
    request.sample = sample_;
    request.callers = callers_ == "owners" ? Callers::owners : Callers::scattered;
    if (points.listed() && request.callers == Callers::scattered) {
      request.sources = points.list_sources(ranks);
      request.targets = points.list_targets(ranks);
    }
    ForecastReport report;
    report.forecast = make_forecast(request);
    report.machine = machine;
    report.prediction = predict(report.forecast, machine);
    report.points_note = points.note();
    report.callers = request.callers == Callers::owners ? "points are passed by their owners"
                     : request.sources                  ? "points are passed in their order, in equal blocks"
                                       : "points are passed in equal blocks of random places";
    return report;
  }

  CLI::App* parser_;
  KernelOptions kernel_;
  FmmOptions options_;
  std::optional<int> ranks_, ranks_per_node_;
  std::vector<int> list_;
  int threads_ = 1, sample_ = 0;
  std::string input_, shape_, curve_, callers_ = "scattered", machine_ = "reference", throughput_, report_,
                                      record_, study_;
  Index points_ = 0;
  std::uint64_t seed_ = 1;
  FieldOptions fields_;
  bool quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_plan_command(CLI::App& program) {
  return std::make_unique<PlanCommand>(program);
}

}  // namespace octopole::app
