// octopole bench: speed by cloud, digits and output, relative to the machine's peak rates.
#include <fmt/core.h>
#include <omp.h>

#include <cmath>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/benchmark.hpp"
#include "app/command.hpp"
#include "app/fmm_options.hpp"
#include "app/mpi_session.hpp"
#include "app/parameters_json.hpp"
#include "app/rates_json.hpp"
#include "fmm/agreement.hpp"
#include "io/atomic_file.hpp"
#include "octopole/version.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

/// The rates of the slowest rank.
Rates measure_together(const mpi::Comm& comm) {
  comm.barrier();
  return agree_on_rates(comm, measure_rates());
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
               {"gradient_relative_l2",
                r.output == Output::potential ? ordered_json() : ordered_json(r.gradient_relative_l2)}});
  return json;
}

void print_head() {
  fmt::print("{:<10} {:>9} {:>6} {:<9} {:>5} {:>5} {:>7} {:>9} {:>8} {:>9} {:>11} {:>8} {:>10} {:>10}\n",
             "cloud", "points", "digits", "output", "order", "ncrit", "padding", "operators", "set-up",
             "evaluate", "pairs/point", "MiB", "error", "gradient");
}

void print_result(const BenchResult& r, bool phases) {
  const Parameters& p = r.summary.parameters;
  fmt::print(
      "{:<10} {:>9} {:>6} {:<9} {:>5} {:>5} {:>7.3f} {:>9.4f} {:>8.4f} {:>9.4f} {:>11.0f} {:>8.0f} "
      "{:>10.2e} {:>10}{}\n",
      shape_name(r.shape), r.points, r.digits, output_name(r.output), p.operators.order, p.ncrit, p.padding,
      r.operators_seconds, r.setup_seconds, r.evaluate_seconds, r.pairs_per_point,
      static_cast<double>(r.peak_bytes) / (1 << 20), r.relative_l2,
      r.output == Output::potential ? "" : fmt::format("{:.2e}", r.gradient_relative_l2),
      r.worst() < std::pow(10.0, -r.digits) ? "" : "  ABOVE WHAT WAS ASKED FOR");
  if (phases) {
    fmt::print("  set-up    ");
    for (std::size_t i = 0; i < kSetupStages; ++i)
      fmt::print(" {} {:.4f}", kSetupStageNames[i], r.stage_seconds[i]);
    fmt::print("\n");
    for (std::size_t i = 0; i < kPhases; ++i)
      if (r.gflops[i] > 0)
        fmt::print("  {:<9} {:.4f} s {:>8.1f} GF/s {:>5.0f} % of the rate\n", kPhaseNames[i],
                   r.phase_seconds[i], r.gflops[i], 100 * r.fraction[i]);
  }
  std::fflush(stdout);
}

class Bench : public Command {
 public:
  explicit Bench(CLI::App& program)
      : parser_(program.add_subcommand("bench", "Measure speed by cloud, digits and output")) {
    method_.add_method_to(*parser_);
    parser_->add_option("-n,--points", plan_.points, "Points of each cloud")
        ->delimiter(',')
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    parser_->add_option("-d,--digits", plan_.digits, "Digits to ask for")
        ->delimiter(',')
        ->capture_default_str();
    parser_->add_option("--clouds", shapes_, "Clouds to measure")
        ->delimiter(',')
        ->check(CLI::IsMember(shape_names()))
        ->capture_default_str();
    parser_->add_option("--outputs", outputs_, "What to compute: potential, gradient (both)")
        ->delimiter(',')
        ->check(CLI::IsMember({"potential", "gradient"}))
        ->capture_default_str();
    parser_->add_option("--ncrit", plan_.method.ncrit,
                        "Most points of a leaf, instead of the cost model's choice");
    parser_->add_option("--padding", plan_.method.padding, "Padding of the root cube, the same");
    parser_
        ->add_option("--repeat", plan_.repeats,
                     "Set-ups and evaluations after the first, of which the median counts")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    parser_->add_option("--samples", plan_.samples, "Targets to sum directly")
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    parser_->add_option("--seed", plan_.seed, "Seed of clouds and charges")->capture_default_str();
    parser_->add_option("-t,--threads", threads_, "OpenMP threads of each rank")->check(CLI::Range(1, 4096));
    parser_->add_flag("--phases", phases_, "Also print set-up stages and operators");
    parser_->add_option("-o,--output", output_, "File for the measurements (JSON)");
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    const std::optional<int> ncrit = plan_.method.ncrit;
    const std::optional<double> padding = plan_.method.padding;
    plan_.method = method_.get();
    plan_.method.ncrit = ncrit;
    plan_.method.padding = padding;
    plan_.shapes.clear();
    for (const std::string& name : shapes_) plan_.shapes.push_back(parse_shape(name));
    plan_.outputs.clear();
    for (const std::string& name : outputs_) plan_.outputs.push_back(parse_output(name));
    for (const int digits : plan_.digits) {
      Options options = plan_.method;
      options.digits = digits;
      try {
        resolve(options, Laplace::name);
      } catch (const Error& error) {
        throw UsageError(error.what());
      }
    }
    if (!output_.empty()) check_output(comm, output_);
    const Machine machine = describe_machine(comm);
    omp_set_num_threads(threads_.value_or(default_threads(machine)));
    plan_.rates = measure_together(comm);
    const double direct = direct_sum_rate(comm, plan_.rates);
    if (comm.is_root()) {
      fmt::print("{} ranks x {} threads, {}; direct sum {:.3g} pairs/s in double\n", comm.size(),
                 omp_get_max_threads(), simd::isa_name(simd::active_isa()), direct);
      print_head();
    }
    const std::vector<BenchResult> results =
        measure(comm, plan_, [this](const BenchResult& result) { print_result(result, phases_); });
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
          {"rates", rates_json(plan_.rates)},
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
  BenchPlan plan_;
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
