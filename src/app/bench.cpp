// octopole bench: speed by point distribution, digits and output, relative to the machine's peak throughput.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/hosts.hpp"
#include "app/kernel_options.hpp"
#include "app/machine_throughput.hpp"
#include "app/options.hpp"
#include "app/program.hpp"
#include "app/report.hpp"
#include "cost/operation_counts.hpp"
#include "fmm/agreement.hpp"
#include "io/atomic_file.hpp"
#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "octopole/fmm.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"
#include "octopole/verify.hpp"
#include "octopole/version.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

/// Cases to measure: every distribution with every number of points, digits and output.
struct BenchCases {
  AnyKernel kernel = Laplace{};
  Options method;  // its digits are replaced by those below
  std::vector<Shape> shapes = {Shape::cube, Shape::sphere, Shape::ellipsoid};
  std::vector<Index> points = {1000000};
  std::vector<int> digits = {3, 6, 9, 12};
  std::vector<Output> outputs = {Output::potential, Output::potential_and_gradient};
  int repeats = 5;
  Index samples = 1000;
  std::uint64_t seed = 1;
  Throughput throughput;  // measured in this process, as the peak
};

/// Result of one case. Seconds are medians over the repeats, of the slowest rank.
struct BenchResult {
  Shape shape = Shape::cube;
  Index points = 0;
  int digits = 0;
  Output output = Output::potential;
  Summary summary;  // of the last evaluation
  double operators_seconds = 0, setup_seconds = 0, evaluate_seconds = 0;
  std::array<double, kSetupStages> stage_seconds{};
  std::array<double, kPhases> phase_seconds{};
  std::array<double, kPhases> gflops{};    // 1e9 flops per second, all ranks and threads
  std::array<double, kPhases> fraction{};  // of the peak throughput
  double pairs_per_point = 0;              // per vector: evaluate_seconds x direct-sum throughput / points
  double relative_l2 = 0;
  std::optional<double> gradient_relative_l2, hessian_relative_l2, pressure_relative_l2;
  double worst() const {
    return std::max({relative_l2, gradient_relative_l2.value_or(0), hessian_relative_l2.value_or(0),
                     pressure_relative_l2.value_or(0)});
  }
  Index peak_bytes = 0;  // sum over ranks, since the start of the case where the system reports it
};

/// Pairs per second of the direct sum's loop in double precision, all ranks and threads together.
double direct_sum_throughput(const mpi::Comm& comm, const Throughput& throughput) {
  return comm.sum(throughput.of(OperationKind::pairs, Precision::double_precision) * omp_get_max_threads());
}

/// Floating-point operations per pair for all vectors, 1 / sqrt counted as one: all passes evaluate the
/// derivatives of Laplace's kernel up to the order of sources and results together, and each vector has its
/// own sums, a product and a sum for each number of the source and each of the result.
double pair_flops(int sources, int results, const Parameters& parameters) {
  constexpr std::array<double, 4> kDerivatives = {9, 12, 30, 65};
  const int order = (sources > 1 ? 1 : 0) + (results == 1 ? 0 : results == 4 ? 1 : 2);
  return parameters.passes() * kDerivatives[static_cast<std::size_t>(order)] +
         parameters.options.vectors * 2.0 * sources * results;
}

/// The same for vector kernels: a near pair by the kernel, others with each column of potentials.
double vector_pair_flops(bool near, bool at_targets, const Parameters& parameters) {
  constexpr double kNear = 29, kNearGradient = 52, kNearPressure = 3, kValue = 9, kWithGradient = 12,
                   kWithHessian = 30;
  const double columns = parameters.columns;
  const bool gradient = parameters.gradient();
  return parameters.options.vectors *
         (near          ? kNear + (gradient ? kNearGradient : 0) + (parameters.pressure() ? kNearPressure : 0)
          : !at_targets ? kValue + columns * 2
          : gradient    ? kWithHessian + columns * 2 * 10
                        : kWithGradient + columns * 2 * 4);
}

/// Resets the peak of resident memory, where the system can (Linux).
void reset_peak_memory() {
  std::ofstream("/proc/self/clear_refs") << 5;
}

/// The peak since the reset, or where the system does not report it, that of the process; sum over ranks.
Index peak_memory(const mpi::Comm& comm, const Summary& summary) {
  std::ifstream status("/proc/self/status");
  Index kibibytes = 0;
  for (std::string word; kibibytes == 0 && status >> word;)
    if (word == "VmHWM:") status >> kibibytes;
  return comm.min(kibibytes) > 0 ? comm.sum(kibibytes) * 1024 : summary.peak_rss_bytes_total;
}

/// Repeated measurements of several quantities at once.
template <std::size_t Size>
class Medians {
 public:
  void add(const std::array<MinMeanMax, Size>& values) {
    for (std::size_t i = 0; i < Size; ++i) samples_[i].push_back(values[i].max);
  }
  std::array<double, Size> get() const {
    std::array<double, Size> result;
    for (std::size_t i = 0; i < Size; ++i) result[i] = median(samples_[i]);
    return result;
  }

 private:
  std::array<std::vector<double>, Size> samples_;
};

void compute_throughput(BenchResult& result) {
  const Summary& s = result.summary;
  const auto best = seconds_of(s.operations, s.parameters, s.parameters.throughput, true);
  const double threads = s.ranks * s.threads;
  for (std::size_t i = 0; i < kPhases; ++i) {
    const PhaseOperations& operations = s.operations[i];
    const Phase phase = static_cast<Phase>(i);
    const bool near = phase == Phase::p2p, at_targets = near || phase == Phase::l2p || phase == Phase::m2p,
               of_sources = near || phase == Phase::p2m || phase == Phase::p2l;
    const double of_pair = s.parameters.components > 1
                               ? vector_pair_flops(near, at_targets, s.parameters)
                               : pair_flops(of_sources ? s.parameters.strength_parts() : 1,
                                            at_targets ? s.parameters.result_parts() : 1, s.parameters);
    const double flops =
        operations.pairs * of_pair + s.parameters.options.vectors * s.parameters.columns *
                                         (operations.gemm + operations.transform + operations.sweep);
    if (flops == 0 || result.phase_seconds[i] == 0) continue;
    result.gflops[i] = 1e-9 * flops / result.phase_seconds[i];
    result.fraction[i] = best[i] / threads / result.phase_seconds[i];
  }
}

BenchResult measure_case(const mpi::Comm& comm, const BenchCases& cases, Shape shape, Index points,
                         int digits, Output output) {
  BenchResult result;
  result.shape = shape;
  result.points = points;
  result.digits = digits;
  result.output = output;
  PointDistribution distribution;
  distribution.shape = shape;
  distribution.sources = points;
  distribution.seed = cases.seed;
  distribution.strengths = {cases.method.source_kind, cases.method.vectors, cases.kernel.components()};
  const Points made = make_points(comm, distribution);
  const std::vector<double>& positions = made.sources;
  Options options = cases.method;
  options.digits = digits;
  options.throughput = cases.throughput;
  options.output = output;
  reset_peak_memory();
  Fmm fmm(comm.handle(), cases.kernel, options);
  result.operators_seconds = fmm.summary().operators_seconds.max;

  std::vector<double> setups, evaluations;
  Medians<kSetupStages> stages;
  Medians<kPhases> phases;
  for (int i = 0; i <= cases.repeats; ++i) {  // the first is a warm-up
    fmm.set_points(positions);
    if (i == 0) continue;
    const Summary s = fmm.summary();
    setups.push_back(s.setup_seconds.max);
    stages.add(s.stage_seconds);
  }
  Field field;
  for (int i = 0; i <= cases.repeats; ++i) {
    fmm.evaluate(made.strengths(), field, output);
    if (i == 0) continue;
    result.summary = fmm.summary();
    evaluations.push_back(result.summary.evaluate_seconds.max);
    phases.add(result.summary.phase_seconds);
  }
  result.peak_bytes = peak_memory(comm, result.summary);
  result.setup_seconds = median(setups);
  result.evaluate_seconds = median(evaluations);
  result.stage_seconds = stages.get();
  result.phase_seconds = phases.get();
  result.pairs_per_point = result.evaluate_seconds * direct_sum_throughput(comm, cases.throughput) /
                           (static_cast<double>(points) * options.vectors);
  compute_throughput(result);
  const Verification v = verify(comm.handle(), cases.kernel, positions, made.strengths(), positions, field,
                                cases.samples, cases.seed);
  result.relative_l2 = v.potential.relative_l2;
  if (v.gradient) result.gradient_relative_l2 = v.gradient->relative_l2;
  if (v.hessian) result.hessian_relative_l2 = v.hessian->relative_l2;
  if (v.pressure) result.pressure_relative_l2 = v.pressure->relative_l2;
  return result;
}

/// Measures all cases and calls publish(result) on rank 0 after each. Collective.
std::vector<BenchResult> measure(const mpi::Comm& comm, const BenchCases& cases,
                                 const std::function<void(const BenchResult&)>& publish) {
  std::vector<BenchResult> results;
  for (const Shape shape : cases.shapes)
    for (const Index points : cases.points)
      for (const int digits : cases.digits)
        for (const Output output : cases.outputs) {
          results.push_back(measure_case(comm, cases, shape, points, digits, output));
          if (comm.is_root()) publish(results.back());
        }
  return results;
}

/// The throughput of the slowest rank.
Throughput measure_together(const mpi::Comm& comm) {
  comm.barrier();
  return agree_on_throughput(comm, measure_throughput());
}

ordered_json result_json(const BenchResult& r) {
  ordered_json stages, phases;
  for (std::size_t i = 0; i < kSetupStages; ++i)
    stages[std::string(kSetupStageNames[i])] = r.stage_seconds[i];
  for (std::size_t i = 0; i < kPhases; ++i)
    phases[std::string(kPhaseNames[i])] = {
        {"seconds", r.phase_seconds[i]}, {"gflops", r.gflops[i]}, {"fraction_of_peak", r.fraction[i]}};
  ordered_json json = {
      {"cloud", shape_name(r.shape)}, {"points", r.points}, {"output", output_name(r.output)}};
  json.update(kernel_json(kernel_of(r.summary.parameters)));
  json.update(parameters_json(r.summary.parameters, kBenchReport));
  json.update({{"leaves", r.summary.tree.leaves},
               {"seconds",
                {{"operators", r.operators_seconds},
                 {"setup", r.setup_seconds},
                 {"setup_stages", stages},
                 {"evaluate", r.evaluate_seconds}}},
               {"phases", phases},
               {"pairs_per_point", r.pairs_per_point},
               {"peak_rss_bytes", r.peak_bytes},
               {"relative_l2", r.relative_l2},
               {"gradient_relative_l2", null_if_empty(r.gradient_relative_l2)},
               {"hessian_relative_l2", null_if_empty(r.hessian_relative_l2)},
               {"pressure_relative_l2", null_if_empty(r.pressure_relative_l2)}});
  return json;
}

void print_head() {
  fmt::print(
      "{:<10} {:>9} {:>6} {:<9} {:>5} {:>5} {:>7} {:>9} {:>8} {:>9} {:>11} {:>8} {:>10} {:>10} {:>10} "
      "{:>10}\n",
      "shape", "points", "digits", "output", "order", "ncrit", "padding", "operators", "set-up", "evaluate",
      "pairs/point", "MiB", "error", "gradient", "hessian", "pressure");
}

void print_result(const BenchResult& r, bool phases) {
  const Parameters& p = r.summary.parameters;
  const auto error = [](const std::optional<double>& value) {
    return value ? fmt::format("{:.2e}", *value) : "";
  };
  fmt::print(
      "{:<10} {:>9} {:>6} {:<9} {:>5} {:>5} {:>7.3f} {:>9.4f} {:>8.4f} {:>9.4f} {:>11.0f} {:>8.0f} "
      "{:>10.2e} {:>10} {:>10} {:>10}{}\n",
      shape_name(r.shape), r.points, r.digits, output_name(r.output), p.operators.order, p.ncrit, p.padding,
      r.operators_seconds, r.setup_seconds, r.evaluate_seconds, r.pairs_per_point,
      static_cast<double>(r.peak_bytes) / (1 << 20), r.relative_l2, error(r.gradient_relative_l2),
      error(r.hessian_relative_l2), error(r.pressure_relative_l2),
      r.worst() < std::pow(10.0, -r.digits) ? "" : "  digits missed");
  if (phases) {
    fmt::print("  set-up    ");
    for (std::size_t i = 0; i < kSetupStages; ++i)
      fmt::print(" {} {:.4f}", kSetupStageNames[i], r.stage_seconds[i]);
    fmt::print("\n");
    for (std::size_t i = 0; i < kPhases; ++i)
      if (r.gflops[i] > 0)
        fmt::print("  {:<9} {:.4f} s {:>8.1f} GF/s {:>5.0f} % of the measured throughput\n", kPhaseNames[i],
                   r.phase_seconds[i], r.gflops[i], 100 * r.fraction[i]);
  }
  std::fflush(stdout);
}

class Bench : public Command {
 public:
  explicit Bench(CLI::App& program)
      : parser_(program.add_subcommand("bench", "Measure speed by point distribution, digits and output")) {
    kernel_.add_to(*parser_);
    method_.add_method_to(*parser_, {"ncrit", "padding", "vectors", "source_kind"});
    parser_->add_option("-n,--points", cases_.points, "Number of points of each distribution")
        ->delimiter(',')
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    parser_->add_option("-d,--digits", cases_.digits, "Digits to request")
        ->delimiter(',')
        ->capture_default_str();
    parser_->add_option("--shapes,--clouds", shapes_, "Point distributions to measure")
        ->delimiter(',')
        ->check(CLI::IsMember(shape_names()))
        ->capture_default_str();
    parser_
        ->add_option(
            "--outputs", outputs_,
            "What to compute: potential, gradient (both), hessian (all), pressure (with the velocity)")
        ->delimiter(',')
        ->check(CLI::IsMember(output_names()))
        ->capture_default_str();
    parser_->add_option("--repeat", cases_.repeats, "Timed repeats after a warm-up; the median is reported")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    parser_->add_option("--samples", cases_.samples, "Number of targets to sum directly for the error")
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    parser_->add_option("--seed", cases_.seed, "Seed of points and charges")->capture_default_str();
    parser_->add_option("-t,--threads", threads_, "OpenMP threads per rank")->check(CLI::Range(1, 4096));
    parser_->add_flag("--phases", phases_, "Also print set-up stages and operators");
    parser_->add_option("-o,--output", output_, "File for the measurements (JSON)");
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    cases_.method = method_.get();
    cases_.kernel = kernel_.get();
    cases_.shapes.clear();
    for (const std::string& name : shapes_) cases_.shapes.push_back(parse_shape(name));
    cases_.outputs.clear();
    for (const std::string& name : outputs_) cases_.outputs.push_back(parse_output(name));
    if (cases_.kernel.components() > 1 && parser_->count("--outputs") == 0)
      cases_.outputs = {Output::potential};
    for (const int digits : cases_.digits)
      for (const Output output : cases_.outputs) {
        Options options = cases_.method;
        options.digits = digits;
        options.output = output;
        try {
          resolve(options, cases_.kernel.name());
        } catch (const Error& error) {
          throw UsageError(error.what());
        }
      }
    if (!output_.empty()) check_output(comm, output_);
    const Machine machine = describe_machine(comm);
    omp_set_num_threads(threads_.value_or(default_threads(machine)));
    cases_.throughput = measure_together(comm);
    const double direct = direct_sum_throughput(comm, cases_.throughput);
    if (comm.is_root()) {
      fmt::print("{} ranks x {} threads, {}; direct sum {:.3g} pairs/s in double\n", comm.size(),
                 omp_get_max_threads(), simd::isa_name(simd::active_isa()), direct);
      print_head();
    }
    const std::vector<BenchResult> results =
        measure(comm, cases_, [this](const BenchResult& result) { print_result(result, phases_); });
    mpi::collectively(comm, [&] {
      if (!comm.is_root() || output_.empty()) return;
      ordered_json json = {
          {"octopole", version().version},
          {"build", {{"git", version().git}, {"compiler", version().compiler}, {"flags", version().flags}}},
          {"machine",
           {{"ranks", comm.size()},
            {"threads", omp_get_max_threads()},
            {"host", machine.host},
            {"simd", simd::isa_name(simd::active_isa())}}},
          {"direct_sum_pairs_per_second", direct},
          {"throughput", throughput_json(cases_.throughput)},
          {"results", ordered_json::array()}};
      for (const BenchResult& result : results) json["results"].push_back(result_json(result));
      write_text_file(output_, json.dump(1) + "\n");
    });
    const auto inaccurate = [](const BenchResult& r) { return !(r.worst() < std::pow(10.0, -r.digits)); };
    return std::any_of(results.begin(), results.end(), inaccurate) ? kInaccurate : kSuccess;
  }

 private:
  CLI::App* parser_;
  FmmOptions method_;
  KernelOptions kernel_;
  BenchCases cases_;
  std::vector<std::string> shapes_ = {"cube", "sphere", "ellipsoid"}, outputs_ = {"potential", "gradient"};
  std::optional<int> threads_;
  bool phases_ = false;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_bench(CLI::App& program) {
  return std::make_unique<Bench>(program);
}

}  // namespace octopole::app
