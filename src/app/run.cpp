// octopole run: the field of the charges in a file.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <limits>
#include <optional>

#include "app/hosts.hpp"
#include "app/kernel_options.hpp"
#include "app/machine_throughput.hpp"
#include "app/options.hpp"
#include "app/program.hpp"
#include "app/record.hpp"
#include "app/report.hpp"
#include "base/profile.hpp"
#include "cost/memory.hpp"
#include "fmm/agreement.hpp"
#include "io/atomic_file.hpp"
#include "io/points_file.hpp"
#include "octopole/files.hpp"
#include "octopole/fmm.hpp"
#include "octopole/verify.hpp"
#include "octopole/version.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

/// The attributes of the results: the parameters and the measured errors.
std::vector<Attribute> describe(const RunReport& report) {
  const Parameters& p = report.summary.parameters;
  std::vector<Attribute> attributes = {
      {"octopole_version", std::string(version().version)},
      {"input", report.distribution ? describe(*report.distribution) : report.input},
      {"kernel", std::string(p.kernel)},
      {"ranks", std::int64_t{report.summary.ranks}}};
  for (const auto& [name, value] : named_parameters(kernel_of(p)))
    attributes.emplace_back(std::string(name), value);
  const std::vector<Attribute> options = attributes_of(p);
  attributes.insert(attributes.end(), options.begin(), options.end());
  if (const auto& v = report.verification) {
    attributes.emplace_back("error_samples", std::int64_t{v->samples});
    attributes.emplace_back("error_scaled_l2", v->potential.scaled_l2);
    attributes.emplace_back("error_relative_l2", v->potential.relative_l2);
    const auto add = [&](const std::string& name, const std::optional<FieldError>& error) {
      if (!error) return;
      attributes.emplace_back(name + "_error_scaled_l2", error->scaled_l2);
      attributes.emplace_back(name + "_error_relative_l2", error->relative_l2);
    };
    add("gradient", v->gradient);
    add("hessian", v->hessian);
    add("pressure", v->pressure);
  }
  if (const auto reached = digits_reached(report))
    attributes.emplace_back("digits_reached", std::int64_t{*reached});
  return attributes;
}

class Run : public Command {
 public:
  explicit Run(CLI::App& program)
      : parser_(program.add_subcommand(
            "run", "Evaluate the potential (and its derivatives) of the sources in a file")) {
    CLI::Option* input =
        parser_->add_option("-i,--input", input_, "Sources, their charges or dipoles, and targets (HDF5)");
    input->group(kInputGroup);
    distribution_.add_to(*parser_, "--shape")
        ->description("Instead of a file: points made in memory, as by generate")
        ->excludes(input);
    distribution_.make_optional();
    kernel_.add_to(*parser_);
    options_.add_to(*parser_);
    options_.add_limits_to(*parser_);
    fields_.add_to(*parser_, kAccuracyGroup);
    CLI::Option* verify =
        parser_
            ->add_option("--verify", samples_,
                         "Number of random targets to sum directly in double for the error, "
                         "instead of the self-check's")
            ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
            ->group(kAccuracyGroup);
    parser_
        ->add_flag(
            "--no-self-check", no_self_check_,
            fmt::format("Leave out the self-check, which sums {} random targets directly", kSelfCheckSamples))
        ->excludes(verify)
        ->group(kAccuracyGroup);

    parser_->add_option("-t,--threads", threads_, "OpenMP threads per rank")
        ->check(CLI::Range(1, 4096))
        ->group(kRunGroup);
    parser_->add_option("--operators", operators_, "Database of operators to read from and add to (HDF5)")
        ->group(kRunGroup);
    parser_->add_option("--repeat", repeat_, "Number of evaluations")
        ->check(CLI::Range(1, 1000000))
        ->option_text("INT=1")
        ->group(kRunGroup);
    parser_->add_flag("--no-evaluate", no_evaluate_, "Set up only: report tree, work, balance and memory")
        ->group(kRunGroup);
    parser_
        ->add_option(
            "--throughput,--rates", throughput_,
            "Throughput for the cost model: a file, reference, or measure; else measured once per machine "
            "and kept in the cache directory")
        ->group(kRunGroup);

    parser_->add_option("-o,--output", output_, "File for the results (HDF5)")->group(kOutputGroup);
    parser_->add_option("--report", report_, "File for the run's report (JSON)")->group(kReportGroup);
    record_.add_to(*parser_);
    parser_->add_flag("--explain", explain_, "Print the cost model's predictions for its candidates")
        ->group(kReportGroup);
    parser_->add_flag("-v,--verbose", verbose_, "Print stages, operators, exchanges and balance")
        ->group(kReportGroup);
    parser_->add_flag("-q,--quiet", quiet_, "Print warnings only")->group(kReportGroup);
    parser_->footer(fmt::format(
        "Exit code {} if an error measured by the self-check or --verify is above the digits "
        "asked for, relative to sum |q|/r (with a power more for each derivative, and for dipoles); the "
        "results are still "
        "written, with the attribute digits_reached 0. {} for failures, {} for wrong options.",
        static_cast<int>(kInaccurate), static_cast<int>(kFailure), static_cast<int>(kUsage)));
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    Options options = options_.get();
    const AnyKernel kernel = kernel_.get();
    const FieldParts fields = fields_.get(kernel);
    options.output = fields.output();
    if (options.output != Output::potential || kernel.components() > 1) {
      try {
        resolve(options, kernel.name());  // fewer digits are possible than for the potential alone
      } catch (const Error& error) {
        throw UsageError(error.what());
      }
    }
    check_files(comm);
    RunReport report;
    report.input = input_;
    if (distribution_.given()) {
      report.distribution = distribution_.get();
      report.distribution->strengths = {options.source_kind, options.vectors, kernel.components()};
    }
    report.output = output_;
    const std::string throughput = choose_throughput(comm, throughput_);
    report.machine = describe_machine(comm);
    report.simd = simd::isa_name(simd::active_isa());
    omp_set_num_threads(threads_.value_or(default_threads(report.machine)));

    const bool weighs = comm.size() > 1 && options.load_balance == LoadBalance::work;
    if ((options.tune && !options.ncrit) || weighs) {
      const MachineThroughput known = machine_throughput(comm, throughput);
      options.throughput = known.throughput;
      report.throughput = known.origin;
    }
    report.explain = explain_;
    double start = seconds_now();
    Parameters parameters = agree_on_parameters(comm, options, kernel);
    const BeforeReading before_reading = [&](RowBlock sources, RowBlock targets, StrengthShape strengths) {
      if (!report.distribution) options_.take_from_file(input_, strengths, options);
      parameters.options.vectors = options.vectors;
      parameters.options.source_kind = options.source_kind;
      MemoryCheck memory(comm, parameters);
      memory.require_before_reading(sources.count, targets.count, !comm.any(targets.count > 0));
    };
    const Points points = report.distribution ? make_points(comm, *report.distribution, before_reading)
                                              : read_points(comm, input_, kernel, before_reading);
    report.read_seconds = comm.max(seconds_now() - start);

    const Field field = evaluate(comm, kernel, options, points, report);
    if (no_evaluate_) return publish(comm, report);
    start = seconds_now();
    if (!no_self_check_) {
      report.self_check = !samples_;
      report.verification =
          verify(comm.handle(), kernel, points.sources, points.strengths(), points.target_positions(), field,
                 samples_.value_or(kSelfCheckSamples), kCheckSeed,
                 samples_ ? ReferenceForm::in_double : self_check_form(report.summary.parameters));
      report.check_seconds = comm.max(seconds_now() - start);
    }
    start = seconds_now();
    if (!output_.empty())
      write_field(comm, output_, field, kernel, block_of(points.target_count, comm.rank(), comm.size()).first,
                  points.target_count, fields, describe(report));
    report.write_seconds = comm.max(seconds_now() - start);
    return publish(comm, report);
  }

 private:
  /// Checks before the work begins what can be checked: options and files.
  void check_files(const mpi::Comm& comm) const {
    if (input_.empty() && !distribution_.given())
      throw UsageError("--input is required (or --shape and --points, for points made in memory)");
    if (no_evaluate_ && (!output_.empty() || samples_))
      throw UsageError("--no-evaluate computes no field for --output or --verify");
    if (output_.empty() && report_.empty() && !record_.wanted() && !samples_ && !no_evaluate_)
      throw UsageError(
          "--output is required (or --report, --record or --verify, if the field is not needed)");
    std::string twice = comm.is_root() ? named_twice() : "";  // links may differ between nodes
    comm.broadcast(twice);
    if (!twice.empty())
      throw UsageError("'" + twice +
                       "' is named twice among --input, --output, --report, --record and --operators");
    for (const std::string& name : {output_, report_})
      if (!name.empty()) check_output(comm, name);
    mpi::collectively(comm, [&] {
      if (comm.is_root() && record_.wanted()) check_appendable(record_.file());
    });
  }

  /// The first file that an earlier option also names; "" if there is none.
  std::string named_twice() const {
    std::vector<std::string> paths;
    for (const std::string& name : {input_, output_, report_, record_.file(), operators_}) {
      if (name.empty()) continue;
      std::error_code unknown;
      const std::filesystem::path resolved = std::filesystem::weakly_canonical(name, unknown);
      const std::string path = unknown ? name : resolved.string();
      if (std::find(paths.begin(), paths.end(), path) != paths.end()) return name;
      paths.push_back(path);
    }
    return {};
  }

  Field evaluate(const mpi::Comm& comm, const AnyKernel& kernel, const Options& options, const Points& points,
                 RunReport& report) const {
    const OperatorDatabase database(operators_);
    Fmm fmm(comm.handle(), kernel, options, operators_.empty() ? OperatorStores{} : database.stores());
    if (points.targets_are_sources)
      fmm.set_points(points.sources);
    else
      fmm.set_points(points.sources, points.targets);
    Field field;
    if (no_evaluate_) report.summary = fmm.summary();
    for (int i = 0; i < repeat_ && !no_evaluate_; ++i) {
      fmm.evaluate(points.strengths(), field, options.output);
      report.summary = fmm.summary();
      report.evaluations.push_back(report.summary.evaluate_seconds.max);
    }
    return field;
  }

  int publish(const mpi::Comm& comm, const RunReport& report) const {
    std::optional<Binding> binding;
    if (record_.wanted()) binding = read_binding(comm);
    comm.enter("report");
    mpi::collectively(comm, [&] {
      if (!comm.is_root()) return;
      if (!report_.empty()) write_text_file(report_, to_json(report));
      if (record_.wanted()) append_line(record_.file(), record_.line(report, binding));
    });
    if (comm.is_root()) {
      if (!quiet_) {
        fmt::print("{}", to_table(report, verbose_));
        if (!output_.empty()) fmt::print("results       {}\n", output_);
        if (!report_.empty()) fmt::print("report        {}\n", report_);
        if (record_.wanted()) fmt::print("record        {}\n", record_.file());
        std::fflush(stdout);
      }
      for (const std::string& warning : warnings(report))
        fmt::print(stderr, "octopole: warning: {}\n", warning);
      if (binding && binding->oversubscribed)
        fmt::print(stderr,
                   "octopole: warning: threads share processors, of which the ranks may use {} in total: the "
                   "record does not measure scaling\n",
                   binding->cpus);
    }
    return is_accurate(report) ? kSuccess : kInaccurate;
  }

  static constexpr std::uint64_t kCheckSeed = 1;

  CLI::App* parser_;
  KernelOptions kernel_;
  FmmOptions options_;
  FieldOptions fields_;
  DistributionOptions distribution_;
  RecordOptions record_;
  std::string input_, output_, report_, operators_, throughput_;
  std::optional<int> threads_;
  int repeat_ = 1;
  std::optional<Index> samples_;
  bool no_self_check_ = false, no_evaluate_ = false, explain_ = false, quiet_ = false, verbose_ = false;
};

}  // namespace

std::unique_ptr<Command> make_run(CLI::App& program) {
  return std::make_unique<Run>(program);
}

}  // namespace octopole::app
