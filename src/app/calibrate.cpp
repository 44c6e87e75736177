// octopole calibrate: errors and times by order, the source of the table digits -> order, check order, ncrit.
#include <fmt/core.h>
#include <omp.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "app/hosts.hpp"
#include "app/kernel_options.hpp"
#include "app/options.hpp"
#include "app/program.hpp"
#include "cost/option_table.hpp"
#include "io/atomic_file.hpp"
#include "io/point_distributions.hpp"
#include "io/points_file.hpp"
#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"
#include "octopole/kernels.hpp"
#include "octopole/options.hpp"
#include "octopole/verify.hpp"
#include "octopole/version.hpp"
#include "operators/operator_set.hpp"
#include "simd/isa.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

/// Positions of targets: at the sources, at other points of the same distribution, or anywhere in the cube
/// around it.
enum class TargetsOf { sources, shape, box };
constexpr std::array<std::string_view, 3> kTargetsNames = {"sources", "shape", "box"};  // of TargetsOf
/// Names in JSON files, which readers rely on; also accepted as values of the option.
constexpr std::array<std::string_view, 3> kTargetsFileNames = {"same", "cloud", "box"};

std::vector<std::string> accepted_targets() {
  std::vector<std::string> names(kTargetsNames.begin(), kTargetsNames.end());
  names.insert(names.end(), {"same", "cloud"});
  return names;
}

TargetsOf parse_targets(std::string_view name) {
  std::size_t i = 0;
  while (name != kTargetsNames[i] && name != kTargetsFileNames[i]) ++i;
  return static_cast<TargetsOf>(i);
}

/// What to measure.
struct CalibrationCases {
  AnyKernel kernel = Laplace{};
  Options method;  // precisions and M2L; orders and ncrit are those below
  Index points = 200000;
  int first_order = 2, last_order = 16;
  std::vector<int> check_extra = {0,
                                  2};  // check order minus order; both checks for svd, the upward one for fft
  std::vector<int> ncrits = {50, 100, 200, 400};
  std::vector<Shape> shapes = {Shape::cube, Shape::sphere, Shape::ellipsoid, Shape::plummer, Shape::clusters};
  std::vector<TargetsOf> targets = {TargetsOf::sources, TargetsOf::shape, TargetsOf::box};
  std::vector<Output> outputs = {Output::potential, Output::potential_and_gradient};
  Index samples = 1000;
  std::uint64_t seed = 1;
};

/// One evaluation.
struct Measurement {
  int order = 0, check_order = 0, ncrit = 0;
  Shape shape = Shape::cube;
  TargetsOf targets = TargetsOf::sources;
  Output output = Output::potential;
  double relative_l2 = 0;                                    // of the potential
  double gradient_relative_l2 = 0, hessian_relative_l2 = 0;  // if they are computed
  double seconds = 0;                                        // of the evaluation, slowest rank

  double worst() const { return std::max({relative_l2, gradient_relative_l2, hessian_relative_l2}); }
};

/// The fastest parameters that reach this number of digits of the output.
struct Recommendation {
  Output output = Output::potential;
  int digits = 0, order = 0, check_order = 0, ncrit = 0;
  double worst_error = 0;  // over shapes, targets and ncrits
  double seconds = 0;      // geometric mean over the shapes and targets at this ncrit
};

/// Keeps the operators of the last key, so that they are computed once for all distributions and ncrits.
template <class Real>
class LastOperators : public OperatorStore<Real> {
 public:
  bool load(const OperatorKey& key, OperatorSet<Real>& set, std::string&) override {
    if (!last_ || !(last_->key() == key)) return false;
    set = *last_;
    return true;
  }
  void save(OperatorSet<Real>& set) override { last_ = set; }

 private:
  std::optional<OperatorSet<Real>> last_;
};

/// This rank's part of one point distribution.
struct Problem {
  Shape shape;
  TargetsOf targets_of;
  std::vector<double> points, targets;  // targets: empty if sources = targets
  std::vector<double> charges, dipoles;
  Strengths strengths() const { return {charges, dipoles, 1}; }
  std::span<const double> target_points() const {
    return targets_of == TargetsOf::sources ? points : targets;
  }
};

/// Scales the targets to the cube of the sources' largest extent.
void fill_box(const mpi::Comm& comm, std::span<const double> points, std::vector<double>& targets) {
  double low[3], high[3];
  for (int c = 0; c < 3; ++c) low[c] = high[c] = points.empty() ? 0 : points[static_cast<std::size_t>(c)];
  for (std::size_t i = 0; i < points.size(); ++i) {
    low[i % 3] = std::min(low[i % 3], points[i]);
    high[i % 3] = std::max(high[i % 3], points[i]);
  }
  comm.allreduce(std::span<double>(low), MPI_MIN);
  comm.allreduce(std::span<double>(high), MPI_MAX);
  double side = 0;
  for (int c = 0; c < 3; ++c) side = std::max(side, high[c] - low[c]);
  for (std::size_t i = 0; i < targets.size(); ++i)
    targets[i] = 0.5 * (low[i % 3] + high[i % 3] - side) + side * targets[i];
}

std::vector<Problem> make_problems(const mpi::Comm& comm, const CalibrationCases& cases) {
  const RowBlock block = block_of(cases.points, comm.rank(), comm.size());
  const SourceKind kind = cases.method.source_kind;
  std::vector<double> charges, dipoles;
  if (kind != SourceKind::dipoles)
    charges = make_charges(Charges::uniform, block.first, block.count, cases.seed);
  if (kind != SourceKind::charges)
    dipoles = make_dipoles(Charges::uniform, block.first, block.count, cases.seed);
  std::vector<Problem> problems;
  for (const Shape shape : cases.shapes)
    for (const TargetsOf targets : cases.targets) {
      Problem problem{shape, targets, make_positions(shape, block.first, block.count, cases.seed),
                      {},    charges, dipoles};
      if (targets != TargetsOf::sources)
        problem.targets = make_positions(targets == TargetsOf::box ? Shape::cube : shape, block.first,
                                         block.count, cases.seed, RngStream::targets);
      if (targets == TargetsOf::box) fill_box(comm, problem.points, problem.targets);
      problems.push_back(std::move(problem));
    }
  return problems;
}

/// Measures all cases and calls publish(measurement) on rank 0 after each. Collective; results on all ranks.
std::vector<Measurement> measure(const mpi::Comm& comm, const CalibrationCases& cases,
                                 const std::function<void(const Measurement&)>& publish) {
  const std::vector<Problem> problems = make_problems(comm, cases);
  LastOperators<double> in_double;
  LastOperators<float> in_single;
  const OperatorStores stores{&in_double, &in_single};
  std::vector<Measurement> results;
  for (int order = cases.first_order; order <= cases.last_order; ++order) {
    for (const int extra : cases.check_extra) {
      Options options = cases.method;
      options.order = order;
      options.check_order = order + extra;
      if (cases.method.m2l == M2lMethod::svd) options.downward_check_order = order + extra;
      options.m2l = cases.method.m2l;
      for (const int ncrit : cases.ncrits) {
        options.ncrit = ncrit;
        for (const Output output : cases.outputs) {
          options.output = output;
          Fmm fmm(comm.handle(), cases.kernel, options, stores);
          for (const Problem& problem : problems) {
            if (problem.targets_of == TargetsOf::sources)
              fmm.set_points(problem.points);
            else
              fmm.set_points(problem.points, problem.targets);
            Field field;
            for (int i = 0; i < 2; ++i) fmm.evaluate(problem.strengths(), field, output);  // first: warm-up
            const Verification v = verify(comm.handle(), cases.kernel, problem.points, problem.strengths(),
                                          problem.target_points(), field, cases.samples, cases.seed);
            results.push_back({order, order + extra, ncrit, problem.shape, problem.targets_of, output,
                               v.potential.relative_l2, v.gradient ? v.gradient->relative_l2 : 0,
                               v.hessian ? v.hessian->relative_l2 : 0, fmm.summary().evaluate_seconds.max});
            if (comm.is_root()) publish(results.back());
          }
        }
      }
    }
  }
  return results;
}

/// Recommends for every output and number of digits that is reached: the smallest order whose worst error
/// (also of the gradient, if computed) times `safety` is below 10^-digits, the smallest of its check orders
/// that reaches this, and the ncrit that is fastest over the distributions.
std::vector<Recommendation> recommend(const std::vector<Measurement>& measurements, double safety) {
  struct Candidate {
    double worst = 0;
    std::map<int, std::pair<double, int>> log_seconds;  // by ncrit: sum and number
  };
  std::map<Output, std::map<std::pair<int, int>, Candidate>> by_output;  // order and check order, ascending
  for (const Measurement& m : measurements) {
    Candidate& candidate = by_output[m.output][{m.order, m.check_order}];
    candidate.worst = std::max(candidate.worst, m.worst());
    auto& [sum, number] = candidate.log_seconds[m.ncrit];
    sum += std::log(m.seconds);
    ++number;
  }
  std::vector<Recommendation> result;
  for (const auto& [output, candidates] : by_output)
    for (int digits = 1; digits <= 15; ++digits) {
      const auto reaches = [&](const auto& entry) {
        return entry.second.worst * safety < std::pow(10.0, -digits);
      };
      const auto found = std::find_if(candidates.begin(), candidates.end(), reaches);
      if (found == candidates.end()) break;
      const auto& [orders, candidate] = *found;
      const auto mean = [](const auto& entry) { return std::exp(entry.second.first / entry.second.second); };
      const auto fastest = std::min_element(candidate.log_seconds.begin(), candidate.log_seconds.end(),
                                            [&](const auto& a, const auto& b) { return mean(a) < mean(b); });
      result.push_back(
          {output, digits, orders.first, orders.second, fastest->first, candidate.worst, mean(*fastest)});
    }
  return result;
}

std::string to_json(const CalibrationCases& cases, double safety, int ranks, int threads,
                    const std::vector<Measurement>& measurements, const std::vector<Recommendation>& table) {
  Options example = cases.method;
  example.order = cases.first_order;
  const Parameters method = resolve(example, cases.kernel.name());
  ordered_json json = {{"octopole", version().version}};
  json.update(kernel_json(cases.kernel));
  json.update(ordered_json{
      {"precision", precision_name(method.operators.precision)},
      {"near_precision", precision_name(method.near_precision)},
      {"m2l_precision", precision_name(method.operators.m2l_precision)},
      {"m2l", m2l_name(method.operators.m2l)},
      {"points", cases.points},
      {"samples", cases.samples},
      {"seed", cases.seed},
      {"safety", safety},
      {"machine", {{"ranks", ranks}, {"threads", threads}, {"simd", simd::isa_name(simd::active_isa())}}},
      {"table", ordered_json::array()},
      {"measurements", ordered_json::array()}});
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
         {"targets", kTargetsFileNames[static_cast<std::size_t>(m.targets)]},
         {"output", output_name(m.output)},
         {"relative_l2", m.relative_l2},
         {"gradient_relative_l2",
          m.output == Output::potential ? ordered_json() : ordered_json(m.gradient_relative_l2)},
         {"hessian_relative_l2", m.output == Output::potential_gradient_and_hessian
                                     ? ordered_json(m.hessian_relative_l2)
                                     : ordered_json()},
         {"seconds", m.seconds}});
  return json.dump(1) + "\n";
}

class Calibrate : public Command {
 public:
  explicit Calibrate(CLI::App& program)
      : parser_(program.add_subcommand(
            "calibrate",
            "Measure errors and times by order, and choose the parameters for each number of digits")) {
    parser_->add_option("-n,--points", cases_.points, "Number of points of each distribution")
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    kernel_.add_to(*parser_, true);
    method_.add_method_to(*parser_, {"source_kind"});
    parser_->add_option("--min-order", cases_.first_order, "Smallest order")
        ->check(CLI::Range(2, kLargestOrder))
        ->capture_default_str();
    parser_->add_option("--max-order", cases_.last_order, "Largest order")
        ->check(CLI::Range(2, kLargestOrder))
        ->capture_default_str();
    parser_
        ->add_option("--check-extra", cases_.check_extra, "Differences between check order and order to try")
        ->delimiter(',')
        ->check(CLI::Range(0, 10))
        ->capture_default_str();
    parser_->add_option("--ncrit", cases_.ncrits, "Values of ncrit to try")
        ->delimiter(',')
        ->check(CLI::Range(1, 1000000))
        ->capture_default_str();
    parser_->add_option("--shapes", shapes_, "Point distributions to measure")
        ->delimiter(',')
        ->check(CLI::IsMember(shape_names()))
        ->capture_default_str();
    parser_
        ->add_option("--targets", targets_,
                     "Positions of the targets: sources, shape (other points of the same distribution), "
                     "box (the cube around it)")
        ->delimiter(',')
        ->check(CLI::IsMember(accepted_targets()))
        ->capture_default_str();
    parser_->add_option("--outputs", outputs_, "What to compute: potential, gradient (both), hessian (all)")
        ->delimiter(',')
        ->check(CLI::IsMember(output_names(true)))
        ->capture_default_str();
    parser_->add_option("--samples", cases_.samples, "Number of targets to sum directly for the error")
        ->check(CLI::Range(Index{1}, std::numeric_limits<Index>::max()))
        ->capture_default_str();
    parser_->add_option("--safety", safety_, "Safety factor between measured and promised errors")
        ->check(CLI::Range(1.0, 1000.0))
        ->capture_default_str();
    parser_->add_option("--seed", cases_.seed, "Seed of points and charges")->capture_default_str();
    parser_->add_option("-t,--threads", threads_, "OpenMP threads per rank")->check(CLI::Range(1, 4096));
    parser_->add_option("-o,--output", output_, "File for the measurements (JSON)")->required();
  }

  CLI::App* parser() const override { return parser_; }

  int run(const mpi::Comm& comm) override {
    cases_.method = method_.get();
    cases_.kernel = kernel_.get();
    cases_.shapes.clear();
    for (const std::string& name : shapes_) cases_.shapes.push_back(parse_shape(name));
    cases_.targets.clear();
    for (const std::string& name : targets_) cases_.targets.push_back(parse_targets(name));
    cases_.outputs.clear();
    for (const std::string& name : outputs_) cases_.outputs.push_back(parse_output(name));
    if (cases_.first_order > cases_.last_order) throw UsageError("--min-order is above --max-order");
    check_output(comm, output_);
    omp_set_num_threads(threads_.value_or(default_threads(describe_machine(comm))));

    const bool speaks = comm.is_root();
    if (speaks)
      fmt::print("{:>5} {:>5} {:>6}  {:<10} {:<7} {:<9} {:>12} {:>12} {:>12} {:>10}\n", "order", "check",
                 "ncrit", "shape", "targets", "output", "relative L2", "gradient", "hessian", "seconds");
    const std::vector<Measurement> measurements = measure(comm, cases_, [](const Measurement& m) {
      fmt::print("{:>5} {:>5} {:>6}  {:<10} {:<7} {:<9} {:>12.3e} {:>12} {:>12} {:>10.4f}\n", m.order,
                 m.check_order, m.ncrit, shape_name(m.shape),
                 kTargetsNames[static_cast<std::size_t>(m.targets)], output_name(m.output), m.relative_l2,
                 m.output == Output::potential ? "" : fmt::format("{:.3e}", m.gradient_relative_l2),
                 m.output != Output::potential_gradient_and_hessian
                     ? ""
                     : fmt::format("{:.3e}", m.hessian_relative_l2),
                 m.seconds);
      std::fflush(stdout);
    });
    const std::vector<Recommendation> table = recommend(measurements, safety_);
    mpi::collectively(comm, [&] {
      if (speaks)
        write_text_file(output_,
                        to_json(cases_, safety_, comm.size(), omp_get_max_threads(), measurements, table));
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
  KernelOptions kernel_;
  CalibrationCases cases_;
  std::vector<std::string> shapes_ = {"cube", "sphere", "ellipsoid", "plummer", "clusters"},
                           targets_ = {"sources", "shape", "box"}, outputs_ = {"potential", "gradient"};
  double safety_ = 1.5;
  std::optional<int> threads_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> make_calibrate(CLI::App& program) {
  return std::make_unique<Calibrate>(program);
}

}  // namespace octopole::app
