#include "app/calibration.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "io/points_file.hpp"
#include "octopole/fmm.hpp"
#include "octopole/verify.hpp"
#include "operators/operator_set.hpp"

namespace octopole::app {
namespace {

/// Keeps the operators of the last key, so that they are computed once for all clouds and ncrits.
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

/// This rank's part of one cloud.
struct Problem {
  Shape shape;
  TargetsOf targets_of;
  std::vector<double> points, charges, targets;  // targets: empty if sources = targets
  std::span<const double> target_points() const { return targets_of == TargetsOf::same ? points : targets; }
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

std::vector<Problem> make_problems(const mpi::Comm& comm, const CalibrationPlan& plan) {
  const RowBlock block = block_of(plan.points, comm.rank(), comm.size());
  const std::vector<double> charges = make_charges(Charges::uniform, block.first, block.count, plan.seed);
  std::vector<Problem> problems;
  for (const Shape shape : plan.shapes)
    for (const TargetsOf targets : plan.targets) {
      Problem problem{shape, targets, make_cloud(shape, block.first, block.count, plan.seed), charges, {}};
      if (targets != TargetsOf::same)
        problem.targets = make_cloud(targets == TargetsOf::box ? Shape::cube : shape, block.first,
                                     block.count, plan.seed, RngStream::targets);
      if (targets == TargetsOf::box) fill_box(comm, problem.points, problem.targets);
      problems.push_back(std::move(problem));
    }
  return problems;
}

}  // namespace

std::vector<Measurement> measure(const mpi::Comm& comm, const CalibrationPlan& plan,
                                 const std::function<void(const Measurement&)>& tell) {
  const std::vector<Problem> problems = make_problems(comm, plan);
  LastOperators<double> in_double;
  LastOperators<float> in_single;
  const OperatorStores stores{&in_double, &in_single};
  std::vector<Measurement> results;
  for (int order = plan.first_order; order <= plan.last_order; ++order) {
    for (const int extra : plan.check_extra) {
      Options options = plan.method;
      options.order = order;
      options.check_order = order + extra;
      if (plan.method.m2l == M2lMethod::svd) options.downward_check_order = order + extra;
      options.m2l = plan.method.m2l;
      for (const int ncrit : plan.ncrits) {
        options.ncrit = ncrit;
        for (const Output output : plan.outputs) {
          options.output = output;
          Fmm fmm(comm.handle(), Laplace{}, options, stores);
          for (const Problem& problem : problems) {
            if (problem.targets_of == TargetsOf::same)
              fmm.set_points(problem.points);
            else
              fmm.set_points(problem.points, problem.targets);
            Field field;
            for (int i = 0; i < 2; ++i) fmm.evaluate(problem.charges, field, output);  // first: warm-up
            const Verification v = verify(comm.handle(), Laplace{}, problem.points, problem.charges,
                                          problem.target_points(), field, plan.samples, plan.seed);
            results.push_back({order, order + extra, ncrit, problem.shape, problem.targets_of, output,
                               v.potential.relative_l2, v.gradient ? v.gradient->relative_l2 : 0,
                               fmm.summary().evaluate_seconds.max});
            if (comm.is_root()) tell(results.back());
          }
        }
      }
    }
  }
  return results;
}

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

}  // namespace octopole::app
