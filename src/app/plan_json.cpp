// The plan as JSON. Names are stable: tools and tests rely on them.
#include <nlohmann/json.hpp>

#include "app/parameters_json.hpp"
#include "app/plan_figures.hpp"
#include "app/plan_report.hpp"
#include "octopole/version.hpp"

namespace octopole::app {
namespace {

using nlohmann::ordered_json;

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
        worst_json(worst_of(plan, [&](const RankPlan& r) { return r.work.*kAllCounts[i]; }));
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
          {"ranks_looked_at", plan.looked_at.size()},
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
        {"ranks_looked_at", plan.looked_at.size()},
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
