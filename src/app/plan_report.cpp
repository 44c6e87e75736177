#include "app/plan_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "app/kernel_options.hpp"
#include "app/report.hpp"
#include "octopole/version.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

/// A quantity of one planned rank.
struct Metric {
  const char* name;       // in the table
  const char* json_name;  // in the report
  double (*of)(const RankForecast&);
  double unit;  // of the table
};

constexpr std::array<Metric, 13> kMetrics = {{
    {"sources", "sources", [](const RankForecast& r) { return static_cast<double>(r.sources); }, 1},
    {"targets", "targets", [](const RankForecast& r) { return static_cast<double>(r.targets); }, 1},
    {"leaves", "leaves", [](const RankForecast& r) { return static_cast<double>(r.leaves); }, 1},
    {"nodes", "nodes", [](const RankForecast& r) { return static_cast<double>(r.nodes); }, 1},
    {"ghost nodes", "ghost_nodes", [](const RankForecast& r) { return static_cast<double>(r.ghost_nodes); },
     1},
    {"ghost sources", "ghost_sources",
     [](const RankForecast& r) { return static_cast<double>(r.ghost_sources); }, 1},
    {"MB held", "memory_bytes", [](const RankForecast& r) { return static_cast<double>(r.memory.total()); },
     1e6},
    {"  points", "memory_points", [](const RankForecast& r) { return static_cast<double>(r.memory.points); },
     1e6},
    {"  tree", "memory_tree", [](const RankForecast& r) { return static_cast<double>(r.memory.tree); }, 1e6},
    {"  lists", "memory_lists", [](const RankForecast& r) { return static_cast<double>(r.memory.lists); },
     1e6},
    {"  values", "memory_values", [](const RankForecast& r) { return static_cast<double>(r.memory.values); },
     1e6},
    {"  partition", "memory_partition",
     [](const RankForecast& r) { return static_cast<double>(r.memory.partition); }, 1e6},
    {"MB at most", "memory_peak_bytes",
     [](const RankForecast& r) { return static_cast<double>(r.estimate.peak()); }, 1e6},
}};

/// Names of kAllCounts, in its order.
constexpr std::array<const char*, kAllCounts.size()> kCountNames = {
    "sources",      "source_leaves", "m2m_children", "l2l_children", "families_in",
    "families_out", "family_pairs",  "v_pairs",      "local_nodes",  "targets",
    "near_pairs",   "near_gathers",  "m2p_targets",  "p2l_sources"};

class Table {
 public:
  template <class... Args>
  void add(std::string_view label, fmt::format_string<Args...> text, Args&&... args) {
    text_ += fmt::format("{:<20}", label);
    text_ += fmt::format(text, std::forward<Args>(args)...);
    text_ += '\n';
  }
  void add(std::string_view label, const Worst& w, double unit = 1, int places = 0) {
    add(label, "{:>14.{}f} {:>14.{}f}   {}", w.max / unit, places, w.mean / unit, places, w.rank);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

}  // namespace

std::string to_table(const ForecastReport& report) {
  const Forecast& forecast = report.forecast;
  const Parameters& p = forecast.parameters;
  const Prediction& s = report.prediction;
  Table t;
  t.add("octopole", "{}, kernel {}, plan of {} ranks x {} threads on {}", version().version,
        kernel_text(kernel_of(p)), forecast.ranks, forecast.threads, report.machine.name);
  t.add("points", "{} sources{}; {}", forecast.points.sources,
        forecast.targets_are_sources ? " = targets" : fmt::format(", {} targets", forecast.points.targets),
        report.points_note);
  t.add("callers", "{}", report.callers);
  t.add("operators", "order {}, {}{}, M2L by {}, ncrit {}, padding {:.3f}", p.operators.order,
        precision_name(p.operators.precision),
        p.operators.precision == Precision::double_precision && p.any_in_single() ? " (parts in single)" : "",
        m2l_name(p.operators.m2l), p.ncrit, p.padding);
  t.add("partition", "by {}", forecast.moved ? "work" : "points");
  t.add("examined", "{} of {} ranks", forecast.examined.size(), forecast.ranks);
  t.add("", "{:>14} {:>14}   {}", "max", "mean", "worst rank");
  for (const Metric& metric : kMetrics)
    t.add(metric.name, worst_of(forecast, metric.of), metric.unit, metric.unit == 1 ? 0 : 3);
  const ReplicatedBytes& replicated = forecast.replicated;
  t.add("MB replicated", "{:>14.3f}   peak, on every rank", replicated.largest() * 1e-6);
  t.add("  permanent", "{:>14.3f}   partition {:.3f}, coarse multipoles {:.3f}",
        (replicated.partition + replicated.coarse) * 1e-6, replicated.partition * 1e-6,
        replicated.coarse * 1e-6);
  t.add("  in the set-up", "{:>14.3f}   count tree {:.3f}, then shared nodes {:.3f}",
        std::max(replicated.count_tree, replicated.shared) * 1e-6, replicated.count_tree * 1e-6,
        replicated.shared * 1e-6);
  for (double OperationCounts::*const* what = kAllCounts.begin(); what != kAllCounts.end(); ++what)
    t.add(fmt::format("  {}", kCountNames[static_cast<std::size_t>(what - kAllCounts.begin())]),
          worst_of(forecast, [&](const RankForecast& r) { return r.operations.*(*what); }));
  t.add("exchanges", "{:>12} {:>12} {:>9} {:>7} {:>10}   maximum per rank", "MB sent", "MB received",
        "messages", "peers", "seconds");
  const auto exchange = [&](std::string_view name, const auto& of, double seconds) {
    t.add(name, "{:>12.3f} {:>12.3f} {:>9.0f} {:>7.0f} {:>10.5f}",
          worst_of(forecast, [&](const RankForecast& r) { return of(r).bytes_sent; }).max * 1e-6,
          worst_of(forecast, [&](const RankForecast& r) { return of(r).bytes_received; }).max * 1e-6,
          worst_of(forecast, [&](const RankForecast& r) { return of(r).messages_sent; }).max,
          worst_of(forecast, [&](const RankForecast& r) { return of(r).peers; }).max, seconds);
  };
  for (std::size_t i = 0; i < kExchanges; ++i)
    exchange(
        fmt::format("  {}", kExchangeNames[i]), [i](const RankForecast& r) { return r.traffic.exchanges[i]; },
        s.exchanges_max[i]);
  exchange(
      "  all", [](const RankForecast& r) { return r.traffic.evaluation; }, 0);
  t.add("seconds", "{:>14} {:>14}   computing", "max", "mean");
  for (std::size_t i = 0; i + 1 < kPhases; ++i)
    t.add(fmt::format("  {}", kPhaseNames[i]), "{:>14.5f} {:>14.5f}", s.phases_max[i], s.phases_mean[i]);
  t.add("  all", "{:>14.5f} {:>14.5f}   imbalance {:.3f}", s.compute_max, s.compute_mean,
        s.compute_mean > 0 ? s.compute_max / s.compute_mean : 1);
  t.add("steps", "{:>14}   slowest rank of each step", "seconds");
  for (std::size_t i = 0; i < kSteps; ++i) t.add(fmt::format("  {}", kStepNames[i]), "{:>14.5f}", s.steps[i]);
  t.add("evaluate", "{:>14.5f}   between {:.5f} and {:.5f}", s.total, s.low, s.high);
  return t.take();
}

Efficiency efficiency(const ForecastReport& first, const ForecastReport& report, bool weak) {
  const double more = weak ? 1
                           : static_cast<double>(first.forecast.ranks * first.forecast.threads) /
                                 (static_cast<double>(report.forecast.ranks) * report.forecast.threads);
  // Weak scaling: points grow with cores at constant time; corrected for sizes not exactly in proportion.
  const double points = weak ? static_cast<double>(report.forecast.points.sources) * first.forecast.ranks *
                                   first.forecast.threads /
                                   (static_cast<double>(first.forecast.points.sources) *
                                    report.forecast.ranks * report.forecast.threads)
                             : 1;
  const auto of = [&](double Prediction::*t) {
    return more * points * first.prediction.*t / (report.prediction.*t);
  };
  const double nominal = of(&Prediction::total), a = of(&Prediction::low), b = of(&Prediction::high);
  return {nominal, std::min({nominal, a, b}), std::max({nominal, a, b})};
}

std::string curve_table(const std::vector<ForecastReport>& reports, bool weak) {
  Table t;
  t.add(weak ? "weak scaling" : "strong scaling",
        "{:>8} {:>14} {:>6} {:>8} {:>10} {:>22} {:>6} {:>13} {:>6} {:>10} {:>9} {:>11} {:>9}", "cores",
        "points", "ncrit", "seconds", "", "band", "eff", "band", "peers", "MB sent", "MB held", "replicated",
        "imbalance");
  for (const ForecastReport& r : reports) {
    const Efficiency e = efficiency(reports.front(), r, weak);
    const Prediction& s = r.prediction;
    t.add(fmt::format("{} x {}", r.forecast.ranks, r.forecast.threads),
          "{:>8} {:>14} {:>6} {:>8} {:>10.5f} {:>10.5f}..{:>10.5f} {:>6.3f} {:>5.3f}..{:>5.3f} {:>6.0f} "
          "{:>10.3f} {:>9.1f} {:>11.3f} {:>9.3f}",
          r.forecast.ranks * r.forecast.threads, r.forecast.points.sources, r.forecast.parameters.ncrit, "",
          s.total, s.low, s.high, e.nominal, e.low, e.high,
          worst_of(r.forecast, [](const RankForecast& k) { return k.traffic.evaluation.peers; }).max,
          worst_of(r.forecast, [](const RankForecast& k) { return k.traffic.evaluation.bytes_sent; }).max *
              1e-6,
          worst_of(r.forecast, [](const RankForecast& k) { return k.memory.total(); }).max * 1e-6,
          r.forecast.replicated.largest() * 1e-6, s.compute_mean > 0 ? s.compute_max / s.compute_mean : 1);
  }
  return t.take();
}

// The plan as JSON. Names are stable: tools and tests rely on them.

namespace {

ordered_json worst_json(const Worst& w) {
  return {{"max", w.max}, {"mean", w.mean}, {"worst_rank", w.rank}};
}

template <class Of>
ordered_json traffic_json(const Forecast& forecast, const Of& of) {
  const auto metric = [&](Index TrafficCounts::*what) {
    return worst_json(worst_of(forecast, [&](const RankForecast& r) { return of(r).*what; }));
  };
  return {{"bytes_sent", metric(&TrafficCounts::bytes_sent)},
          {"bytes_received", metric(&TrafficCounts::bytes_received)},
          {"messages_sent", metric(&TrafficCounts::messages_sent)},
          {"messages_received", metric(&TrafficCounts::messages_received)},
          {"peers", metric(&TrafficCounts::peers)}};
}

/// Bytes replicated on every rank.
ordered_json replicated_json(const ReplicatedBytes& r) {
  return {{"partition_bytes", r.partition},
          {"coarse_bytes", r.coarse},
          {"count_tree_bytes", r.count_tree},
          {"shared_bytes", r.shared},
          {"largest_bytes", r.largest()}};
}

ordered_json build_json() {
  return {{"git", version().git}};
}

ordered_json forecast_json(const ForecastReport& report) {
  const Forecast& forecast = report.forecast;
  const Prediction& s = report.prediction;
  ordered_json metrics = ordered_json::object(), work = metrics, exchanges = metrics, phases = metrics,
               steps = metrics;
  for (const Metric& metric : kMetrics) metrics[metric.json_name] = worst_json(worst_of(forecast, metric.of));
  for (std::size_t i = 0; i < kAllCounts.size(); ++i)
    work[kCountNames[i]] =
        worst_json(worst_of(forecast, [&](const RankForecast& r) { return r.operations.*kAllCounts[i]; }));
  for (std::size_t i = 0; i < kExchanges; ++i) {
    ordered_json exchange =
        traffic_json(forecast, [i](const RankForecast& r) { return r.traffic.exchanges[i]; });
    exchange["seconds"] = s.exchanges_max[i];
    exchanges[std::string(kExchangeNames[i])] = exchange;
  }
  for (std::size_t i = 0; i + 1 < kPhases; ++i)
    phases[std::string(kPhaseNames[i])] = {{"max", s.phases_max[i]}, {"mean", s.phases_mean[i]}};
  for (std::size_t i = 0; i < kSteps; ++i) steps[std::string(kStepNames[i])] = s.steps[i];
  return {{"ranks", forecast.ranks},
          {"threads", forecast.threads},
          {"points",
           {{"sources", forecast.points.sources},
            {"targets", forecast.points.targets},
            {"targets_are_sources", forecast.targets_are_sources},
            {"note", report.points_note}}},
          {"callers", report.callers},
          {"parameters", parameters_json(forecast.parameters, kPlanReport)},
          {"partition_by", forecast.moved ? "work" : "points"},
          {"ranks_examined", forecast.examined.size()},
          {"machine", report.machine.name},
          {"figures", metrics},
          {"replicated", replicated_json(forecast.replicated)},
          {"work", work},
          {"evaluation", traffic_json(forecast, [](const RankForecast& r) { return r.traffic.evaluation; })},
          {"exchanges", exchanges},
          {"seconds",
           {{"evaluate", s.total},
            {"low", s.low},
            {"high", s.high},
            {"compute_max", s.compute_max},
            {"compute_mean", s.compute_mean},
            {"phases", phases},
            {"steps", steps}}}};
}

}  // namespace

std::string to_json(const std::vector<ForecastReport>& reports, const std::string& curve) {
  ordered_json plans = ordered_json::array();
  for (const ForecastReport& report : reports) {
    ordered_json forecast = forecast_json(report);
    if (!curve.empty()) {
      const Efficiency e = efficiency(reports.front(), report, curve == "weak");
      forecast["efficiency"] = {{"nominal", e.nominal}, {"low", e.low}, {"high", e.high}};
    }
    plans.push_back(forecast);
  }
  const ordered_json json = {{"octopole", version().version},
                             {"build", build_json()},
                             {"curve", curve.empty() ? ordered_json() : ordered_json(curve)},
                             {"plans", plans}};
  return json.dump(2) + "\n";
}

std::string to_record(const ForecastReport& report, const std::optional<Shape>& shape,
                      const std::string& study) {
  const Forecast& forecast = report.forecast;
  const Prediction& s = report.prediction;
  const auto of_evaluation = [&](Index TrafficCounts::*what) {
    return static_cast<Index>(
        worst_of(forecast, [&](const RankForecast& r) { return r.traffic.evaluation.*what; }).max);
  };
  ordered_json largest = ordered_json::object(), mean = largest;
  for (std::size_t i = 0; i + 1 < kPhases; ++i) {
    largest[std::string(kPhaseNames[i])] = s.phases_max[i];
    mean[std::string(kPhaseNames[i])] = s.phases_mean[i];
  }
  const ordered_json json = {
      {"record", 1},
      {"kind", "planned"},
      {"study", study.empty() ? ordered_json() : ordered_json(study)},
      {"shape", shape ? ordered_json(shape_name(*shape)) : ordered_json()},
      {"n", forecast.points.sources},
      {"ranks", forecast.ranks},
      {"threads", forecast.threads},
      {"cores", Index{forecast.ranks} * forecast.threads},
      {"digits", forecast.parameters.digits ? ordered_json(*forecast.parameters.digits) : ordered_json()},
      {"parameters", parameters_json(forecast.parameters, kPlanReport)},
      {"plan",
       {{"machine", report.machine.name},
        {"callers", report.callers},
        {"ranks_examined", forecast.examined.size()},
        {"replicated", replicated_json(forecast.replicated)},
        {"memory_bytes_max",
         worst_of(forecast, [](const RankForecast& r) { return r.memory.total(); }).max}}},
      {"build", build_json()},
      {"seconds",
       {{"evaluate", s.total},
        {"evaluate_low", s.low},
        {"evaluate_high", s.high},
        {"phases", largest},
        {"mean", {{"phases", mean}}}}},
      {"balance", {{"imbalance_work", {{"total", s.compute_mean > 0 ? s.compute_max / s.compute_mean : 1}}}}},
      {"communication",
       {{"bytes_sent_max", of_evaluation(&TrafficCounts::bytes_sent)},
        {"bytes_received_max", of_evaluation(&TrafficCounts::bytes_received)},
        {"messages_max", of_evaluation(&TrafficCounts::messages_sent)},
        {"peers_max", of_evaluation(&TrafficCounts::peers)}}}};
  return json.dump();
}

}  // namespace octopole::app
