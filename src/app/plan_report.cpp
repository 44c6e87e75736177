#include "app/plan_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "app/report.hpp"
#include "octopole/version.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

/// A figure of one planned rank.
struct Figure {
  const char* name;       // in the table
  const char* json_name;  // in the report
  double (*of)(const RankPlan&);
  double unit;  // of the table
};

constexpr std::array<Figure, 13> kFigures = {{
    {"sources", "sources", [](const RankPlan& r) { return static_cast<double>(r.sources); }, 1},
    {"targets", "targets", [](const RankPlan& r) { return static_cast<double>(r.targets); }, 1},
    {"leaves", "leaves", [](const RankPlan& r) { return static_cast<double>(r.leaves); }, 1},
    {"nodes", "nodes", [](const RankPlan& r) { return static_cast<double>(r.nodes); }, 1},
    {"ghost nodes", "ghost_nodes", [](const RankPlan& r) { return static_cast<double>(r.ghost_nodes); }, 1},
    {"ghost sources", "ghost_sources", [](const RankPlan& r) { return static_cast<double>(r.ghost_sources); },
     1},
    {"MB held", "memory_bytes", [](const RankPlan& r) { return static_cast<double>(r.memory.total()); }, 1e6},
    {"  points", "memory_points", [](const RankPlan& r) { return static_cast<double>(r.memory.points); },
     1e6},
    {"  tree", "memory_tree", [](const RankPlan& r) { return static_cast<double>(r.memory.tree); }, 1e6},
    {"  lists", "memory_lists", [](const RankPlan& r) { return static_cast<double>(r.memory.lists); }, 1e6},
    {"  values", "memory_values", [](const RankPlan& r) { return static_cast<double>(r.memory.values); },
     1e6},
    {"  partition", "memory_partition",
     [](const RankPlan& r) { return static_cast<double>(r.memory.partition); }, 1e6},
    {"MB at most", "memory_peak_bytes",
     [](const RankPlan& r) { return static_cast<double>(r.estimate.peak()); }, 1e6},
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

std::string to_table(const PlanReport& report) {
  const Plan& plan = report.plan;
  const Parameters& p = plan.parameters;
  const Prediction& s = report.prediction;
  Table t;
  t.add("octopole", "{}, plan of {} ranks x {} threads on {}", version().version, plan.ranks, plan.threads,
        report.machine.name);
  t.add("points", "{} sources{}; {}", plan.points.sources,
        plan.same ? " = targets" : fmt::format(", {} targets", plan.points.targets), report.points_note);
  t.add("callers", "{}", report.callers);
  t.add("operators", "order {}, {}{}, M2L by {}, ncrit {}, padding {:.3f}", p.operators.order,
        precision_name(p.operators.precision),
        p.operators.precision == Precision::double_precision && p.any_in_single() ? " (parts in single)" : "",
        m2l_name(p.operators.m2l), p.ncrit, p.padding);
  t.add("partition", "by {}", plan.moved ? "work" : "points");
  t.add("examined", "{} of {} ranks", plan.looked_at.size(), plan.ranks);
  t.add("", "{:>14} {:>14}   {}", "max", "mean", "worst rank");
  for (const Figure& figure : kFigures)
    t.add(figure.name, worst_of(plan, figure.of), figure.unit, figure.unit == 1 ? 0 : 3);
  const ReplicatedBytes& replicated = plan.replicated;
  t.add("MB replicated", "{:>14.3f}   at most at a time, on every rank", replicated.largest() * 1e-6);
  t.add("  for good", "{:>14.3f}   partition {:.3f}, coarse multipoles {:.3f}",
        (replicated.partition + replicated.coarse) * 1e-6, replicated.partition * 1e-6,
        replicated.coarse * 1e-6);
  t.add("  in the set-up", "{:>14.3f}   count tree {:.3f}, then shared nodes {:.3f}",
        std::max(replicated.count_tree, replicated.shared) * 1e-6, replicated.count_tree * 1e-6,
        replicated.shared * 1e-6);
  for (double OperationCounts::*const* what = kAllCounts.begin(); what != kAllCounts.end(); ++what)
    t.add(fmt::format("  {}", kCountNames[static_cast<std::size_t>(what - kAllCounts.begin())]),
          worst_of(plan, [&](const RankPlan& r) { return r.operations.*(*what); }));
  t.add("exchanges", "{:>12} {:>12} {:>9} {:>7} {:>10}   at most per rank", "MB sent", "MB received",
        "messages", "peers", "seconds");
  const auto exchange = [&](std::string_view name, const auto& of, double seconds) {
    t.add(name, "{:>12.3f} {:>12.3f} {:>9.0f} {:>7.0f} {:>10.5f}",
          worst_of(plan, [&](const RankPlan& r) { return of(r).bytes_sent; }).max * 1e-6,
          worst_of(plan, [&](const RankPlan& r) { return of(r).bytes_received; }).max * 1e-6,
          worst_of(plan, [&](const RankPlan& r) { return of(r).messages_sent; }).max,
          worst_of(plan, [&](const RankPlan& r) { return of(r).peers; }).max, seconds);
  };
  for (std::size_t i = 0; i < kExchanges; ++i)
    exchange(
        fmt::format("  {}", kExchangeNames[i]), [i](const RankPlan& r) { return r.traffic.exchanges[i]; },
        s.exchanges_max[i]);
  exchange(
      "  all", [](const RankPlan& r) { return r.traffic.evaluation; }, 0);
  t.add("seconds", "{:>14} {:>14}   computing", "max", "mean");
  for (std::size_t i = 0; i + 1 < kPhases; ++i)
    t.add(fmt::format("  {}", kPhaseNames[i]), "{:>14.5f} {:>14.5f}", s.phases_max[i], s.phases_mean[i]);
  t.add("  all", "{:>14.5f} {:>14.5f}   imbalance {:.3f}", s.compute_max, s.compute_mean,
        s.compute_mean > 0 ? s.compute_max / s.compute_mean : 1);
  t.add("steps", "{:>14}   of the slowest rank each", "seconds");
  for (std::size_t i = 0; i < kSteps; ++i) t.add(fmt::format("  {}", kStepNames[i]), "{:>14.5f}", s.steps[i]);
  t.add("evaluate", "{:>14.5f}   between {:.5f} and {:.5f}", s.total, s.low, s.high);
  return t.take();
}

Efficiency efficiency(const PlanReport& first, const PlanReport& report, bool weak) {
  const double more = weak ? 1
                           : static_cast<double>(first.plan.ranks * first.plan.threads) /
                                 (static_cast<double>(report.plan.ranks) * report.plan.threads);
  // Weak scaling: points grow with cores at constant time; corrected for sizes not exactly in proportion.
  const double points =
      weak ? static_cast<double>(report.plan.points.sources) * first.plan.ranks * first.plan.threads /
                 (static_cast<double>(first.plan.points.sources) * report.plan.ranks * report.plan.threads)
           : 1;
  const auto of = [&](double Prediction::*t) {
    return more * points * first.prediction.*t / (report.prediction.*t);
  };
  const double nominal = of(&Prediction::total), a = of(&Prediction::low), b = of(&Prediction::high);
  return {nominal, std::min({nominal, a, b}), std::max({nominal, a, b})};
}

std::string curve_table(const std::vector<PlanReport>& reports, bool weak) {
  Table t;
  t.add(weak ? "weak scaling" : "strong scaling",
        "{:>8} {:>14} {:>6} {:>8} {:>10} {:>22} {:>6} {:>13} {:>6} {:>10} {:>9} {:>11} {:>9}", "cores",
        "points", "ncrit", "seconds", "", "band", "eff", "band", "peers", "MB sent", "MB held", "replicated",
        "imbalance");
  for (const PlanReport& r : reports) {
    const Efficiency e = efficiency(reports.front(), r, weak);
    const Prediction& s = r.prediction;
    t.add(fmt::format("{} x {}", r.plan.ranks, r.plan.threads),
          "{:>8} {:>14} {:>6} {:>8} {:>10.5f} {:>10.5f}..{:>10.5f} {:>6.3f} {:>5.3f}..{:>5.3f} {:>6.0f} "
          "{:>10.3f} {:>9.1f} {:>11.3f} {:>9.3f}",
          r.plan.ranks * r.plan.threads, r.plan.points.sources, r.plan.parameters.ncrit, "", s.total, s.low,
          s.high, e.nominal, e.low, e.high,
          worst_of(r.plan, [](const RankPlan& k) { return k.traffic.evaluation.peers; }).max,
          worst_of(r.plan, [](const RankPlan& k) { return k.traffic.evaluation.bytes_sent; }).max * 1e-6,
          worst_of(r.plan, [](const RankPlan& k) { return k.memory.total(); }).max * 1e-6,
          r.plan.replicated.largest() * 1e-6, s.compute_mean > 0 ? s.compute_max / s.compute_mean : 1);
  }
  return t.take();
}

// The plan as JSON. Names are stable: tools and tests rely on them.

namespace {

ordered_json worst_json(const Worst& w) {
  return {{"max", w.max}, {"mean", w.mean}, {"worst_rank", w.rank}};
}

template <class Of>
ordered_json traffic_json(const Plan& plan, const Of& of) {
  const auto figure = [&](Index TrafficCounts::*what) {
    return worst_json(worst_of(plan, [&](const RankPlan& r) { return of(r).*what; }));
  };
  return {{"bytes_sent", figure(&TrafficCounts::bytes_sent)},
          {"bytes_received", figure(&TrafficCounts::bytes_received)},
          {"messages_sent", figure(&TrafficCounts::messages_sent)},
          {"messages_received", figure(&TrafficCounts::messages_received)},
          {"peers", figure(&TrafficCounts::peers)}};
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

ordered_json plan_json(const PlanReport& report) {
  const Plan& plan = report.plan;
  const Prediction& s = report.prediction;
  ordered_json figures = ordered_json::object(), work = figures, exchanges = figures, phases = figures,
               steps = figures;
  for (const Figure& figure : kFigures) figures[figure.json_name] = worst_json(worst_of(plan, figure.of));
  for (std::size_t i = 0; i < kAllCounts.size(); ++i)
    work[kCountNames[i]] =
        worst_json(worst_of(plan, [&](const RankPlan& r) { return r.operations.*kAllCounts[i]; }));
  for (std::size_t i = 0; i < kExchanges; ++i) {
    ordered_json exchange = traffic_json(plan, [i](const RankPlan& r) { return r.traffic.exchanges[i]; });
    exchange["seconds"] = s.exchanges_max[i];
    exchanges[std::string(kExchangeNames[i])] = exchange;
  }
  for (std::size_t i = 0; i + 1 < kPhases; ++i)
    phases[std::string(kPhaseNames[i])] = {{"max", s.phases_max[i]}, {"mean", s.phases_mean[i]}};
  for (std::size_t i = 0; i < kSteps; ++i) steps[std::string(kStepNames[i])] = s.steps[i];
  return {{"ranks", plan.ranks},
          {"threads", plan.threads},
          {"points",
           {{"sources", plan.points.sources},
            {"targets", plan.points.targets},
            {"targets_are_sources", plan.same},
            {"note", report.points_note}}},
          {"callers", report.callers},
          {"parameters", parameters_json(plan.parameters, kPlanReport)},
          {"partition_by", plan.moved ? "work" : "points"},
          {"ranks_examined", plan.looked_at.size()},
          {"machine", report.machine.name},
          {"figures", figures},
          {"replicated", replicated_json(plan.replicated)},
          {"work", work},
          {"evaluation", traffic_json(plan, [](const RankPlan& r) { return r.traffic.evaluation; })},
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

std::string to_json(const std::vector<PlanReport>& reports, const std::string& curve) {
  ordered_json plans = ordered_json::array();
  for (const PlanReport& report : reports) {
    ordered_json plan = plan_json(report);
    if (!curve.empty()) {
      const Efficiency e = efficiency(reports.front(), report, curve == "weak");
      plan["efficiency"] = {{"nominal", e.nominal}, {"low", e.low}, {"high", e.high}};
    }
    plans.push_back(plan);
  }
  const ordered_json json = {{"octopole", version().version},
                             {"build", build_json()},
                             {"curve", curve.empty() ? ordered_json() : ordered_json(curve)},
                             {"plans", plans}};
  return json.dump(2) + "\n";
}

std::string to_record(const PlanReport& report, const std::optional<Shape>& shape, const std::string& study) {
  const Plan& plan = report.plan;
  const Prediction& s = report.prediction;
  const auto of_evaluation = [&](Index TrafficCounts::*what) {
    return static_cast<Index>(
        worst_of(plan, [&](const RankPlan& r) { return r.traffic.evaluation.*what; }).max);
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
      {"n", plan.points.sources},
      {"ranks", plan.ranks},
      {"threads", plan.threads},
      {"cores", Index{plan.ranks} * plan.threads},
      {"digits", plan.parameters.digits ? ordered_json(*plan.parameters.digits) : ordered_json()},
      {"parameters", parameters_json(plan.parameters, kPlanReport)},
      {"plan",
       {{"machine", report.machine.name},
        {"callers", report.callers},
        {"ranks_examined", plan.looked_at.size()},
        {"replicated", replicated_json(plan.replicated)},
        {"memory_bytes_max", worst_of(plan, [](const RankPlan& r) { return r.memory.total(); }).max}}},
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
