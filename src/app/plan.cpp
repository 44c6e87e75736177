// octopole plan: expected memory, work, communication and time of a run on many ranks.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <optional>

#include "app/fmm_options.hpp"
#include "app/hosts.hpp"
#include "app/machine_file.hpp"
#include "app/machine_throughput.hpp"
#include "app/plan_points.hpp"
#include "app/plan_report.hpp"
#include "app/program.hpp"
#include "io/atomic_file.hpp"
#include "octopole/kernels.hpp"

namespace octopole::app {
namespace {

class PlanCommand : public Command {
 public:
  explicit PlanCommand(CLI::App& program)
      : parser_(program.add_subcommand(
            "plan", "Count what a run on many ranks would hold, compute and send, and predict its time")) {
    auto* one = parser_->add_option("-P,--ranks", ranks_, "Ranks of the run that is planned")
                    ->check(CLI::Range(1, kMostRanks));
    parser_->add_option("-t,--threads", threads_, "Threads of each of its ranks")
        ->check(CLI::Range(1, 4096))
        ->capture_default_str();
    auto* input = parser_->add_option("-i,--input", input_, "Points (HDF5)");
    auto* shape = parser_->add_option("--shape", shape_, "cube, sphere, ellipsoid, plummer, line or clusters")
                      ->check(CLI::IsMember(shape_names()))
                      ->excludes(input);
    auto* count =
        parser_->add_option("-n,--points", points_, "Points of the shape; with --curve weak of each rank")
            ->check(CLI::Range(Index{1}, kMostPoints))
            ->needs(shape);
    shape->needs(count);
    parser_->add_option("-s,--seed", seed_, "Seed of the shape's random numbers")
        ->capture_default_str()
        ->needs(shape);
    parser_->add_option("--curve", curve_, "weak or strong scaling over --ranks-list")
        ->check(CLI::IsMember({"weak", "strong"}))
        ->excludes(one);
    parser_->add_option("--ranks-list", list_, "Ranks of the curve's runs: a,b,c")
        ->delimiter(',')
        ->check(CLI::Range(1, kMostRanks));
    parser_->add_option("--sample-ranks", sample_, "Maximum number of ranks to plan one by one; 0: all")
        ->check(CLI::Range(0, kMostRanks))
        ->capture_default_str();
    parser_
        ->add_option("--callers", callers_,
                     "Who passes the points: their owners, or ranks with a part in their order in the file "
                     "(of a shape: scattered)")
        ->check(CLI::IsMember({"scattered", "owners"}))
        ->capture_default_str();
    parser_->add_flag("--gradient", gradient_, "Also compute the gradient");
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
    parser_->add_option("--report", report_, "File for the plan's figures (JSON)");
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
      throw UsageError(fmt::format("more than {} points in all", kMostPoints));
    if (!report_.empty()) check_output(comm, report_);
    if (!record_.empty()) check_appendable(record_);
    omp_set_num_threads(default_threads(describe_machine(comm)));
    Options options = options_.get();
    MachineModel machine = read_machine(machine_);
    if (ranks_per_node_) machine.cores_per_node = *ranks_per_node_ * threads_;
    if (!throughput_.empty()) machine.throughput = machine_throughput(comm, throughput_).throughput;
    options.throughput = machine.throughput;
    if (gradient_) options.output = Output::potential_and_gradient;
    const Parameters parameters = resolve(options, Laplace::name);

    std::vector<ForecastReport> reports;
    std::optional<ForecastPoints> points;
    for (const int ranks : curve_.empty() ? std::vector<int>{*ranks_} : list_) {
      if (!points || curve_ == "weak") {
        points.reset();
        if (!input_.empty())
          points.emplace(comm, input_, parameters);
        else
          points.emplace(comm, parse_shape(shape_), curve_ == "weak" ? points_ * ranks : points_, seed_,
                         parameters);
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
  FmmOptions options_;
  std::optional<int> ranks_, ranks_per_node_;
  std::vector<int> list_;
  int threads_ = 1, sample_ = 0;
  std::string input_, shape_, curve_, callers_ = "scattered", machine_ = "reference", throughput_, report_,
                                      record_, study_;
  Index points_ = 0;
  std::uint64_t seed_ = 1;
  bool gradient_ = false, quiet_ = false;
};

}  // namespace

std::unique_ptr<Command> make_plan_command(CLI::App& program) {
  return std::make_unique<PlanCommand>(program);
}

}  // namespace octopole::app
