#include "app/benchmark.hpp"

#include <omp.h>

#include <algorithm>
#include <fstream>

#include "app/report.hpp"
#include "cost/operation_counts.hpp"
#include "io/points_file.hpp"
#include "octopole/verify.hpp"

namespace octopole::app {
namespace {

/// Floating-point operations per pair, 1 / sqrt counted as one.
double pair_flops(bool gradient) {
  return gradient ? 20 : 11;
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

void rate_phases(const BenchPlan& plan, BenchResult& result) {
  const Summary& s = result.summary;
  const bool gradient = s.parameters.gradient();
  const auto best = seconds_of(s.work, s.parameters, plan.rates, true);
  const double threads = s.ranks * s.threads;
  for (std::size_t i = 0; i < kPhases; ++i) {
    const PhaseWork& work = s.work[i];
    const bool at_targets =
        i == std::size_t(Phase::p2p) || i == std::size_t(Phase::l2p) || i == std::size_t(Phase::m2p);
    const double flops =
        work.pairs * pair_flops(gradient && at_targets) + work.gemm + work.transform + work.sweep;
    if (flops == 0 || result.phase_seconds[i] == 0) continue;
    result.gflops[i] = 1e-9 * flops / result.phase_seconds[i];
    result.fraction[i] = best[i] / threads / result.phase_seconds[i];
  }
}

BenchResult measure_case(const mpi::Comm& comm, const BenchPlan& plan, Shape shape, Index points, int digits,
                         Output output) {
  BenchResult result;
  result.shape = shape;
  result.points = points;
  result.digits = digits;
  result.output = output;
  const RowBlock block = block_of(points, comm.rank(), comm.size());
  const std::vector<double> cloud = make_cloud(shape, block.first, block.count, plan.seed),
                            charges = make_charges(Charges::uniform, block.first, block.count, plan.seed);
  Options options = plan.method;
  options.digits = digits;
  options.rates = plan.rates;
  options.output = output;
  reset_peak_memory();
  Fmm fmm(comm.handle(), Laplace{}, options);
  result.operators_seconds = fmm.summary().operators_seconds.max;

  std::vector<double> setups, evaluations;
  Medians<kSetupStages> stages;
  Medians<kPhases> phases;
  for (int i = 0; i <= plan.repeats; ++i) {  // the first is a warm-up
    fmm.set_points(cloud);
    if (i == 0) continue;
    const Summary s = fmm.summary();
    setups.push_back(s.setup_seconds.max);
    stages.add(s.stage_seconds);
  }
  Field field;
  for (int i = 0; i <= plan.repeats; ++i) {
    fmm.evaluate(charges, field, output);
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
  result.pairs_per_point =
      result.evaluate_seconds * direct_sum_rate(comm, plan.rates) / static_cast<double>(points);
  rate_phases(plan, result);
  const Verification v =
      verify(comm.handle(), Laplace{}, cloud, charges, cloud, field, plan.samples, plan.seed);
  result.relative_l2 = v.potential.relative_l2;
  if (v.gradient) result.gradient_relative_l2 = v.gradient->relative_l2;
  return result;
}

}  // namespace

double direct_sum_rate(const mpi::Comm& comm, const Rates& rates) {
  return comm.sum(rates.of(WorkKind::pairs, Precision::double_precision) * omp_get_max_threads());
}

std::vector<BenchResult> measure(const mpi::Comm& comm, const BenchPlan& plan,
                                 const std::function<void(const BenchResult&)>& tell) {
  std::vector<BenchResult> results;
  for (const Shape shape : plan.shapes)
    for (const Index points : plan.points)
      for (const int digits : plan.digits)
        for (const Output output : plan.outputs) {
          results.push_back(measure_case(comm, plan, shape, points, digits, output));
          if (comm.is_root()) tell(results.back());
        }
  return results;
}

}  // namespace octopole::app
