// The report as JSON. Names are stable: tools and tests rely on them.
#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <string>
#include <variant>

#include "app/kernel_options.hpp"
#include "app/report.hpp"
#include "app/text.hpp"
#include "fmm/statistics.hpp"
#include "octopole/version.hpp"

namespace octopole::app {

using nlohmann::ordered_json;

ordered_json null_if_empty(const std::string& text) {
  return text.empty() ? ordered_json() : ordered_json(text);
}

ordered_json null_if_empty(std::optional<double> value) {
  return value ? ordered_json(*value) : ordered_json();
}

namespace {

template <class T>
ordered_json or_null(const std::optional<T>& value) {
  return value ? ordered_json(*value) : ordered_json();
}

ordered_json distribution_json(const PointDistribution& distribution) {
  return {{"shape", shape_name(distribution.shape)},
          {"seed", distribution.seed},
          {"charges", charges_name(distribution.charges)}};
}

ordered_json list_json(const ListSize& list) {
  return {{"mean", list.mean}, {"max", list.max}};
}

struct AsJson {
  ordered_json operator()(std::monostate) const { return nullptr; }
  template <class T>
  ordered_json operator()(const T& value) const {
    return value;
  }
};

/// The options and what else the operators depend on.
ordered_json all_parameters_json(const Parameters& p) {
  ordered_json json = parameters_json(p, kRunReport);
  json.update(kernel_json(kernel_of(p)));
  json["pinv_tolerance"] = p.operators.pinv_tolerance;
  return json;
}

ordered_json hosts_json(const Machine& machine) {
  ordered_json hosts = ordered_json::array();
  for (const HostRanks& host : machine.all_hosts)
    hosts.push_back({{"host", host.name}, {"ranks", number_list(host.ranks)}, {"simd", host.simd}});
  return hosts;
}

ordered_json tree_json(const TreeSummary& tree) {
  return {{"leaves", tree.leaves},
          {"occupied_leaves", tree.occupied_leaves},
          {"nodes", tree.nodes},
          {"levels", tree.levels},
          {"largest_leaf", tree.largest_leaf},
          {"overfull_leaves", tree.overfull_leaves},
          {"u", list_json(tree.u)},
          {"v", list_json(tree.v)},
          {"w", list_json(tree.w)},
          {"x", list_json(tree.x)},
          {"hash", fmt::format("{:016x}", tree.hash)}};
}

/// Seconds of set-up, operators, evaluation and phases; `pick` is the minimum, mean or maximum.
ordered_json seconds_json(const Summary& summary, double MinMeanMax::*pick) {
  ordered_json phases = ordered_json::object();
  for (std::size_t i = 0; i < kPhases; ++i)
    phases[std::string(kPhaseNames[i])] = summary.phase_seconds[i].*pick;
  ordered_json stages = ordered_json::object();
  for (std::size_t i = 0; i < kSetupStages; ++i)
    stages[std::string(kSetupStageNames[i])] = summary.stage_seconds[i].*pick;
  return {{"setup", summary.setup_seconds.*pick},
          {"setup_stages", stages},
          {"operators", summary.operators_seconds.*pick},
          {"evaluate", summary.evaluate_seconds.*pick},
          {"phases", phases}};
}

ordered_json imbalance_json(const Imbalance& imbalance) {
  ordered_json phases = ordered_json::object();
  for (std::size_t i = 0; i < kPhases; ++i) phases[std::string(kPhaseNames[i])] = imbalance.phases[i];
  return {{"total", imbalance.total}, {"phases", phases}};
}

ordered_json balance_json(const Summary& s) {
  return {{"by", load_balance_name(s.parameters.options.load_balance)},
          {"moved", s.load_balance.moved},
          {"imbalance_by_points", imbalance_json(s.load_balance.by_points)},
          {"imbalance_work", imbalance_json(s.load_balance.work)},
          {"imbalance_seconds", imbalance_json(s.load_balance.seconds)},
          {"repeated", s.load_balance.repeated}};
}

ordered_json overfull_json(const OverfullLeaves& o) {
  return {{"leaves", o.leaves},
          {"largest", o.largest},
          {"pairs", o.pairs},
          {"seconds", o.seconds},
          {"other_seconds", o.other_seconds}};
}

ordered_json estimate_json(const MemoryEstimate& e) {
  return {{"peak", e.peak()},   {"operators", e.operators}, {"replaced", e.replaced},
          {"set_up", e.set_up}, {"stays", e.stays},         {"evaluation", e.evaluation}};
}

ordered_json error_json(const RunReport& report) {
  const Verification& v = *report.verification;
  ordered_json json = {
      {"kind", report.self_check ? "self-check" : "verify"}, {"samples", v.samples}, {"vectors", v.vectors}};
  const auto add = [&json](const std::string& prefix, const std::optional<FieldError>& error) {
    const auto value = [&error](double FieldError::*member) {
      return error ? ordered_json((*error).*member) : ordered_json();
    };
    json[prefix + "relative_l2"] = value(&FieldError::relative_l2);
    json[prefix + "scaled_l2"] = value(&FieldError::scaled_l2);
    json[prefix + "scaled_l2_bound"] = value(&FieldError::scaled_l2_bound);
    json[prefix + "cancellation"] = value(&FieldError::cancellation);
  };
  add("", v.potential);
  add("gradient_", v.gradient);
  add("hessian_", v.hessian);
  add("pressure_", v.pressure);
  json.update({{"confidence", kConfidence},
               {"max", v.max},
               {"worse_share", v.worse_share},
               {"worst_target", v.worst_target},
               {"worst_place", v.worst_place},
               {"digits_reached", or_null(digits_reached(report))},
               {"seconds", report.check_seconds}});
  return json;
}

ordered_json count_json(const CountOverRanks& count) {
  return {{"min", count.min}, {"mean", count.mean}, {"max", count.max}, {"worst_rank", count.worst_rank}};
}

ordered_json seconds_json(const MinMeanMax& seconds) {
  return {{"min", seconds.min}, {"mean", seconds.mean}, {"max", seconds.max}};
}

ordered_json traffic_json(const TrafficOverRanks& traffic) {
  return {{"bytes_sent", count_json(traffic.bytes_sent)},
          {"bytes_received", count_json(traffic.bytes_received)},
          {"messages_sent", count_json(traffic.messages_sent)},
          {"messages_received", count_json(traffic.messages_received)},
          {"peers", count_json(traffic.peers)}};
}

/// Lists with one entry per rank, of the traffic that `pick` returns.
template <class Pick>
ordered_json lists_json(const std::vector<RankTraffic>& ranks, Pick&& pick) {
  const auto list = [&](Index TrafficCounts::*metric) {
    ordered_json values = ordered_json::array();
    for (const RankTraffic& rank : ranks) values.push_back(pick(rank).*metric);
    return values;
  };
  return {{"bytes_sent", list(&TrafficCounts::bytes_sent)},
          {"bytes_received", list(&TrafficCounts::bytes_received)},
          {"messages_sent", list(&TrafficCounts::messages_sent)},
          {"messages_received", list(&TrafficCounts::messages_received)},
          {"peers", list(&TrafficCounts::peers)}};
}

ordered_json ranks_json(const std::vector<RankTraffic>& ranks) {
  if (ranks.empty()) return {};
  ordered_json json = ordered_json::object();
  for (std::size_t i = 0; i < kExchanges; ++i)
    json["exchanges"][std::string(kExchangeNames[i])] =
        lists_json(ranks, [i](const RankTraffic& rank) { return rank.exchanges[i]; });
  json["evaluation"] = lists_json(ranks, [](const RankTraffic& rank) { return rank.evaluation; });
  for (std::size_t i = 0; i < kSetupExchanges; ++i)
    json["setup"][std::string(kSetupExchangeNames[i])] =
        lists_json(ranks, [i](const RankTraffic& rank) { return rank.setup[i]; });
  return json;
}

/// Bytes, messages and peers per exchange: minimum, mean, maximum and worst rank; also values of each rank,
/// for up to kListedRanks ranks.
ordered_json communication_json(const CommunicationSummary& c) {
  ordered_json exchanges = ordered_json::object(), setup = ordered_json::object();
  for (std::size_t i = 0; i < kExchanges; ++i) {
    ordered_json exchange = traffic_json(c.exchanges[i]);
    exchange["seconds_exposed"] = seconds_json(c.times[i].exposed);
    exchange["seconds_in_flight"] = seconds_json(c.times[i].in_flight);
    if (overlaps(static_cast<Exchange>(i))) exchange["hidden"] = c.times[i].hidden;
    exchanges[std::string(kExchangeNames[i])] = exchange;
  }
  for (std::size_t i = 0; i < kSetupExchanges; ++i)
    setup[std::string(kSetupExchangeNames[i])] = traffic_json(c.setup[i]);
  return {{"bytes_sent_max", c.evaluation.bytes_sent.max},
          {"bytes_sent_total", c.evaluation.bytes_sent.sum},
          {"bytes_received_max", c.evaluation.bytes_received.max},
          {"messages_max", c.evaluation.messages_sent.max},
          {"peers_max", c.evaluation.peers.max},
          {"reductions", c.reductions},
          {"evaluation", traffic_json(c.evaluation)},
          {"exchanges", exchanges},
          {"setup", setup},
          {"by_rank", ranks_json(c.by_rank)}};
}

}  // namespace

ordered_json parameters_json(const Parameters& parameters, Destination destination) {
  ordered_json json = ordered_json::object();
  for (const ReportedParameter& parameter : reported_parameters(parameters, destination))
    json[std::string(parameter.name)] = std::visit(AsJson(), parameter.value);
  if (json.contains("gradient")) {
    json["hessian"] = parameters.hessian();
    json["pressure"] = parameters.pressure();
  }
  return json;
}

ordered_json report_json(const RunReport& report) {
  const Summary& s = report.summary;
  ordered_json seconds = seconds_json(s, &MinMeanMax::max);
  seconds["evaluate_median"] = median(report.evaluations);
  seconds["evaluations"] = report.evaluations;
  seconds["read"] = report.read_seconds;
  seconds["write"] = report.write_seconds;
  seconds["min"] = seconds_json(s, &MinMeanMax::min);
  seconds["mean"] = seconds_json(s, &MinMeanMax::mean);
  ordered_json json = {
      {"octopole", version().version},
      {"build", {{"git", version().git}, {"compiler", version().compiler}, {"flags", version().flags}}},
      {"input", null_if_empty(report.input)},
      {"cloud", report.distribution ? distribution_json(*report.distribution) : ordered_json()},
      {"output", null_if_empty(report.output)},
      {"parameters", all_parameters_json(s.parameters)},
      {"points",
       {{"sources", s.sources}, {"targets", s.targets}, {"targets_are_sources", s.targets_are_sources}}},
      {"machine",
       {{"ranks", s.ranks},
        {"threads", s.threads},
        {"host", report.machine.host},
        {"hosts", report.machine.hosts},
        {"ranks_by_host", hosts_json(report.machine)},
        {"cores_per_rank", report.machine.cores_per_rank},
        {"simd", report.simd}}},
      {"tree", tree_json(s.tree)},
      {"overfull", overfull_json(s.overfull)},
      {"seconds", seconds},
      {"balance", balance_json(s)},
      {"communication", communication_json(s.communication)},
      {"memory",
       {{"peak_rss_bytes_max", s.peak_rss_bytes_max},
        {"peak_rss_bytes_total", s.peak_rss_bytes_total},
        {"estimate", estimate_json(s.memory_estimate)},
        {"estimate_bytes_total", s.memory_estimate_total},
        {"replicated_partition_bytes", s.replicated.partition},
        {"replicated_coarse_bytes", s.replicated.coarse},
        {"replicated_count_tree_bytes", s.replicated.count_tree},
        {"replicated_shared_bytes", s.replicated.shared}}},
      {"operators_note", s.operators_note},
      {"error", report.verification ? error_json(report) : ordered_json()}};
  return json;
}

std::string to_json(const RunReport& report) {
  return report_json(report).dump(2) + "\n";
}

}  // namespace octopole::app
