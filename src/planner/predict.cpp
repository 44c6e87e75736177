#include "planner/predict.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace octopole {
namespace {

/// One setting of the machine's uncertain parameters.
struct Setting {
  double speed = 1;                   // factor of the throughput
  double latency = 1, bandwidth = 1;  // factors of L and of the bandwidth
  bool overlap = true;
};

/// Seconds of an exchange on one rank: of the processor, and of the network, which work may hide.
struct Cost {
  double busy = 0, wire = 0;
  double sum() const { return busy + wire; }
  Cost& operator+=(const Cost& other) {
    busy += other.busy;
    wire += other.wire;
    return *this;
  }
};

class Model {
 public:
  Model(const Forecast& forecast, const MachineModel& machine, const Setting& setting)
      : forecast_(forecast),
        machine_(machine),
        setting_(setting),
        latency_(machine.latency * setting.latency) {
    const int on_node = std::max(1, machine.cores_per_node / forecast.threads);
    const double sharing =
        std::max(1.0, static_cast<double>(std::min(on_node, forecast.ranks)) / machine.nics_per_node);
    seconds_a_byte_ = sharing / (machine.bandwidth * setting.bandwidth);
  }

  /// Cost of an exchange; `rounds`: number of messages that wait for one another.
  Cost cost(const TrafficCounts& t, double rounds = 1) const {
    if (t.messages_sent + t.messages_received == 0) return {};
    const double messages = static_cast<double>(t.messages_sent + t.messages_received),
                 bytes = static_cast<double>(t.bytes_sent + t.bytes_received),
                 most = static_cast<double>(std::max(t.bytes_sent, t.bytes_received));
    return {machine_.overhead * messages + bytes / (machine_.copy_bandwidth * forecast_.threads),
            rounds * latency_ + most * seconds_a_byte_};
  }
  Cost cost(const RankForecast& rank, Exchange exchange) const {
    const TrafficCounts& t = rank.traffic.exchanges[static_cast<std::size_t>(exchange)];
    return cost(t, exchange == Exchange::coarse_multipoles ? static_cast<double>(t.messages_sent) : 1.0);
  }
  double reduction() const {
    return std::ceil(std::log2(static_cast<double>(forecast_.ranks))) * (latency_ + 2 * machine_.overhead);
  }

  std::array<double, kPhases> compute(const RankForecast& rank) const {
    const OperatorKey& key = forecast_.parameters.operators;
    auto seconds = seconds_of(operations_of(rank.operations, key, expected_svd_rank(key)),
                              forecast_.parameters, machine_.throughput, forecast_.targets_are_sources);
    for (double& s : seconds)
      s /= forecast_.threads * (forecast_.threads > 1 ? machine_.thread_efficiency : 1) * setting_.speed;
    return seconds;
  }

  std::array<double, kSteps> steps() const {
    std::array<double, kSteps> steps{};
    std::map<int, double> levels;  // of shared ancestors
    for (const RankForecast& rank : forecast_.examined) {
      const auto seconds = compute(rank);
      const auto of = [&](Phase phase) { return seconds[static_cast<std::size_t>(phase)]; };
      const auto at_most = [&](Step step, double s) {
        double& slot = steps[static_cast<std::size_t>(step)];
        slot = std::max(slot, s);
      };
      at_most(Step::charges, cost(rank, Exchange::charges).sum());
      at_most(Step::upward, of(Phase::p2m) + of(Phase::m2m));
      for (const auto& [level, traffic] : rank.ancestor_steps)
        levels[level] = std::max(levels[level], cost(traffic).sum());
      const double inside =
          rank.operations.near_pairs > 0 ? of(Phase::p2p) * rank.near_inside / rank.operations.near_pairs : 0;
      Cost ghosts = cost(rank, Exchange::ghost_charges);
      ghosts += cost(rank, Exchange::ghost_multipoles);
      at_most(Step::near_field,
              cost(rank, Exchange::coarse_multipoles).sum() + ghosts.busy +
                  (setting_.overlap ? std::max(inside, ghosts.wire) : inside + ghosts.wire) + of(Phase::p2p) -
                  inside);
      const Cost sums = cost(rank, Exchange::near_sums);
      const double downward =
          of(Phase::m2l) + of(Phase::p2l) + of(Phase::l2l) + of(Phase::l2p) + of(Phase::m2p);
      at_most(Step::downward,
              sums.busy + (setting_.overlap ? std::max(downward, sums.wire) : downward + sums.wire));
      at_most(Step::results, cost(rank, Exchange::potential).sum() + cost(rank, Exchange::gradient).sum());
    }
    for (const auto& [level, s] : levels) steps[static_cast<std::size_t>(Step::upward)] += s;
    steps[static_cast<std::size_t>(Step::charges)] += reduction();
    return steps;
  }

  double total() const {
    const auto all = steps();
    return std::accumulate(all.begin(), all.end(), 0.0);
  }

 private:
  const Forecast& forecast_;
  const MachineModel& machine_;
  Setting setting_;
  double latency_, seconds_a_byte_;
};

}  // namespace

Prediction predict(const Forecast& forecast, const MachineModel& machine) {
  const Model model(forecast, machine, {});
  Prediction p;
  p.steps = model.steps();
  p.total = std::accumulate(p.steps.begin(), p.steps.end(), 0.0);
  const double u = 1 + machine.throughput_uncertainty, l = machine.latency_uncertainty,
               b = machine.bandwidth_uncertainty;
  p.low = Model(forecast, machine, {u, 1 / l, b, true}).total();
  p.high = Model(forecast, machine, {1 / u, l, 1 / b, false}).total();
  for (const RankForecast& rank : forecast.examined) {
    const auto seconds = model.compute(rank);
    for (std::size_t i = 0; i < kPhases; ++i) {
      p.phases_max[i] = std::max(p.phases_max[i], seconds[i]);
      p.phases_mean[i] += seconds[i] / static_cast<double>(forecast.examined.size());
    }
    const double sum = std::accumulate(seconds.begin(), seconds.end(), 0.0);
    p.compute_max = std::max(p.compute_max, sum);
    p.compute_mean += sum / static_cast<double>(forecast.examined.size());
    for (std::size_t i = 0; i < kExchanges; ++i)
      p.exchanges_max[i] = std::max(p.exchanges_max[i], model.cost(rank, static_cast<Exchange>(i)).sum());
  }
  return p;
}

}  // namespace octopole
