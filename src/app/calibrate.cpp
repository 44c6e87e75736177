// octopole calibrate: errors and times by order, the source of the table digits -> order, check order, ncrit.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "app/calibration.hpp"
#include "app/command.hpp"
#include "app/fmm_options.hpp"
#include "app/mpi_session.hpp"
#include "io/atomic_file.hpp"
#include "octopole/kernels.hpp"
#include "octopole/version.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

std::string to_json(const CalibrationPlan& plan, double safety, int ranks, int threads,
                    const std::vector<Measurement>& measurements, const std::vector<Recommendation>& table) {
  Options example = plan.method;
  example.order = plan.first_order;
  const Parameters method = resolve(example, Laplace::name);
  ordered_json json = {
      {"octopole", version().version},
      {"precision", precision_name(method.operators.precision)},
      {"near_precision", precision_name(method.near_precision)},
      {"m2l_precision", precision_name(method.operators.m2l_precision)},
      {"m2l", m2l_name(method.operators.m2l)},
      {"points", plan.points},
      {"samples", plan.samples},
      {"seed", plan.seed},
      {"safety", safety},
      {"machine", {{"ranks", ranks}, {"threads", threads}, {"simd", simd::isa_name(simd::active_isa())}}},
      {"table", ordered_json::array()},
      {"measurements", ordered_json::array()}};
  for (const Recommendation& r : table)
    json["table"].push_back({{"output", output_name(r.output)},
                             {"digits", r.digits},
                             {"order", r.order},
                             {"check_order", r.check_order},
                             {"ncrit", r.ncrit},
                             {"worst_error", r.worst_error},
                             {"seconds", r.seconds}});
  for (const Measurement& m : measurements)
    json["measurements"].push_back(
        {{"order", m.order},
         {"check_order", m.check_order},
         {"ncrit", m.ncrit},
         {"shape", shape_name(m.shape)},
         {"targets", kTargetsNames[static_cast<std::size_t>(m.targets)]},
         {"output", output_name(m.output)},
         {"relative_l2", m.relative_l2},
         {"gradient_relative_l2",
          m.output == Output::potential ? ordered_json() : ordered_json(m.gradient_relative_l2)},
         {"seconds", m.seconds}});
  return json.dump(1) + "\n";
}

class Calibrate : public Command {
 public:
  explicit Calibrate(CLI::App& program)
      : parser_(
            program.add_subcommand("calibrate", "Measure errors and times by order: digits to parameters")) {
    parser_->add_option("-n,--points", plan_.points, "Points of each cloud")
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    method_.add_method_to(*parser_);
    parser_->add_option("--min-order", plan_.first_order, "Smallest order")
        ->check(CLI::Range(2, 20))
        ->capture_default_str();
    parser_->add_option("--max-order", plan_.last_order, "Largest order")
        ->check(CLI::Range(2, 20))
        ->capture_default_str();
    parser_->add_option("--check-extra", plan_.check_extra, "Check orders to try, less the order")
        ->delimiter(',')
        ->check(CLI::Range(0, 10))
        ->capture_default_str();
    parser_->add_option("--ncrit", plan_.ncrits, "Values of ncrit to try")
        ->delimiter(',')
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    parser_->add_option("--shapes", shapes_, "Clouds to measure")
        ->delimiter(',')
        ->check(CLI::IsMember(shape_names()))
        ->capture_default_str();
    parser_
        ->add_option("--targets", targets_,
                     "Where targets are: same (the sources), cloud (other points of it), box (around it)")
        ->delimiter(',')
        ->check(CLI::IsMember(std::vector<std::string>(kTargetsNames.begin(), kTargetsNames.end())))
        ->capture_default_str();
    parser_->add_option("--outputs", outputs_, "What to compute: potential, gradient (both)")
        ->delimiter(',')
        ->check(CLI::IsMember({"potential", "gradient"}))
        ->capture_default_str();
    parser_->add_option("--samples", plan_.samples, "Targets to sum directly")
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    parser_->add_option("--safety", safety_, "Factor between measured errors and promised ones")
        ->check(CLI::Range(1.0, 1000.0))
        ->capture_default_str();
    parser_->add_option("--seed", plan_.seed, "Seed of clouds and charges")->capture_default_str();
    parser_->add_option("-t,--threads", threads_, "OpenMP threads of each rank")->check(CLI::Range(1, 4096));
    parser_->add_option("-o,--output", output_, "File for the measurements (JSON)")->required();
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    plan_.method = method_.get();
    plan_.shapes.clear();
    for (const std::string& name : shapes_) plan_.shapes.push_back(parse_shape(name));
    plan_.targets.clear();
    for (const std::string& name : targets_)
      plan_.targets.push_back(static_cast<TargetsOf>(
          std::find(kTargetsNames.begin(), kTargetsNames.end(), name) - kTargetsNames.begin()));
    plan_.outputs.clear();
    for (const std::string& name : outputs_) plan_.outputs.push_back(parse_output(name));
    if (plan_.first_order > plan_.last_order) throw UsageError("--min-order is above --max-order");
    check_output(comm, output_);
    omp_set_num_threads(threads_.value_or(default_threads(describe_machine(comm))));

    const bool speaks = comm.is_root();
    if (speaks)
      fmt::print("{:>5} {:>5} {:>6}  {:<10} {:<7} {:<9} {:>12} {:>12} {:>10}\n", "order", "check", "ncrit",
                 "cloud", "targets", "output", "relative L2", "gradient", "seconds");
    const std::vector<Measurement> measurements = measure(comm, plan_, [](const Measurement& m) {
      fmt::print("{:>5} {:>5} {:>6}  {:<10} {:<7} {:<9} {:>12.3e} {:>12} {:>10.4f}\n", m.order, m.check_order,
                 m.ncrit, shape_name(m.shape), kTargetsNames[static_cast<std::size_t>(m.targets)],
                 output_name(m.output), m.relative_l2,
                 m.output == Output::potential ? "" : fmt::format("{:.3e}", m.gradient_relative_l2),
                 m.seconds);
      std::fflush(stdout);
    });
    const std::vector<Recommendation> table = recommend(measurements, safety_);
    mpi::collectively(comm, [&] {
      if (speaks)
        write_text_file(output_,
                        to_json(plan_, safety_, comm.size(), omp_get_max_threads(), measurements, table));
    });
    if (!speaks) return kSuccess;
    fmt::print("\n{:<9} {:>6} {:>5} {:>5} {:>6} {:>12} {:>10}\n", "output", "digits", "order", "check",
               "ncrit", "worst error", "seconds");
    for (const Recommendation& r : table)
      fmt::print("{:<9} {:>6} {:>5} {:>5} {:>6} {:>12.3e} {:>10.4f}\n", output_name(r.output), r.digits,
                 r.order, r.check_order, r.ncrit, r.worst_error, r.seconds);
    fmt::print("measurements in {}\n", output_);
    return kSuccess;
  }

 private:
  CLI::App* parser_;
  FmmOptions method_;
  CalibrationPlan plan_;
  std::vector<std::string> shapes_ = {"cube", "sphere", "ellipsoid", "plummer", "clusters"},
                           targets_ = {"same", "cloud", "box"}, outputs_ = {"potential", "gradient"};
  double safety_ = 1.5;
  std::optional<int> threads_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_calibrate(CLI::App& program) {
  return std::make_unique<Calibrate>(program);
}

}  // namespace octopole::app
