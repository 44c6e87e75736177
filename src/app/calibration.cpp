#include "calibration.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

#include "octopole/fmm/fmm.hpp"
#include "octopole/fmm/verify.hpp"
#include "octopole/io/points_file.hpp"

namespace octopole::app {
namespace {

/// Keeps the operators of the last key, so that they are made once for all clouds and ncrits.
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
struct Cloud {
  Shape shape;
  std::vector<double> points, charges;
};

std::vector<Cloud> make_clouds(const mpi::Comm& comm, const CalibrationPlan& plan) {
  const RowBlock block = block_of(plan.points, comm.rank(), comm.size());
  const std::vector<double> charges = make_charges(Charges::uniform, block.first, block.count, plan.seed);
  std::vector<Cloud> clouds;
  for (const Shape shape : plan.shapes)
    clouds.push_back({shape, make_cloud(shape, block.first, block.count, plan.seed), charges});
  return clouds;
}

}  // namespace

std::vector<Measurement> measure(const mpi::Comm& comm, const CalibrationPlan& plan,
                                 const std::function<void(const Measurement&)>& tell) {
  const std::vector<Cloud> clouds = make_clouds(comm, plan);
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
        Fmm fmm(comm.handle(), Laplace{}, options, stores);
        for (const Cloud& cloud : clouds) {
          fmm.set_points(cloud.points);
          fmm.evaluate(cloud.charges);  // warms caches and plans
          const Field field = fmm.evaluate(cloud.charges);
          const Verification v = verify(comm, Laplace{}, cloud.points, cloud.charges, cloud.points, field,
                                        plan.samples, plan.seed);
          results.push_back(
              {order, order + extra, ncrit, cloud.shape, v.relative_l2, fmm.summary().evaluate_seconds.max});
          if (comm.is_root()) tell(results.back());
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
  std::map<std::pair<int, int>, Candidate> candidates;  // by order and check order, ascending
  for (const Measurement& m : measurements) {
    Candidate& candidate = candidates[{m.order, m.check_order}];
    candidate.worst = std::max(candidate.worst, m.relative_l2);
    auto& [sum, number] = candidate.log_seconds[m.ncrit];
    sum += std::log(m.seconds);
    ++number;
  }
  std::vector<Recommendation> result;
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
    result.push_back({digits, orders.first, orders.second, fastest->first, candidate.worst, mean(*fastest)});
  }
  return result;
}

}  // namespace octopole::app
