// The report as a short table.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "app/kernel_options.hpp"
#include "app/report.hpp"
#include "base/machine.hpp"
#include "cost/leaf_cost.hpp"
#include "fmm/statistics.hpp"
#include "kernels/any_kernel.hpp"
#include "octopole/version.hpp"

namespace octopole::app {
namespace {

/// Names of Exchange, shortened to fit the labels.
constexpr std::array<std::string_view, kExchanges> kShortNames = {"charges",   "near ghosts", "ancestors",
                                                                  "coarse",    "far ghosts",  "near sums",
                                                                  "potential", "gradient",    "hessian"};

/// Lines of a label and a text.
class Lines {
 public:
  template <class... Args>
  void add(std::string_view label, fmt::format_string<Args...> text, Args&&... args) {
    lines_ += fmt::format("{:<13} ", label);
    lines_ += fmt::format(text, std::forward<Args>(args)...);
    lines_ += '\n';
  }
  void add_seconds(std::string_view label, const MinMeanMax& seconds) {
    add(label, "{:>10.4f} {:>10.4f} {:>10.4f}", seconds.min, seconds.mean, seconds.max);
  }
  std::string take() { return std::move(lines_); }

 private:
  std::string lines_;
};

std::string describe_operators(const Parameters& p) {
  const OperatorKey& k = p.operators;
  std::string text = fmt::format("order {}, check order {}", k.order, k.check_order);
  if (k.downward_check_order != k.order) text += fmt::format(" (downward {})", k.downward_check_order);
  text += fmt::format(", {}", precision_name(k.precision));
  if (k.precision == Precision::double_precision && p.any_in_single())
    text += fmt::format(" (single: {})", k.m2l_precision != Precision::single_precision    ? "near field"
                                         : p.near_precision == Precision::single_precision ? "near field, M2L"
                                                                                           : "M2L");
  if (p.near_form != NearForm::two_floats)
    text += fmt::format(" (near field: {})", near_form_name(p.near_form));
  text += fmt::format(", M2L by {}", m2l_name(k.m2l));
  if (p.digits) text += fmt::format(", for {} digits", *p.digits);
  return text;
}

std::string describe_limit(const Parameters& p) {
  if (!p.options.memory_limit) return "checked against the memory of the nodes";
  if (*p.options.memory_limit == kNoMemoryLimit) return "not checked";
  return fmt::format("of {} allowed", human_bytes(*p.options.memory_limit));
}

void add_list(Lines& lines, std::string_view label, const ListSize& list) {
  lines.add(label, "{:>10.2f} mean {:>7} max", list.mean, list.max);
}

/// Traffic of the worst rank per exchange, and the time that exchanges take.
void add_communication(Lines& lines, const Summary& s, bool verbose) {
  const CommunicationSummary& c = s.communication;
  lines.add("sent",
            "{} in total; at most {} and {} messages per rank (rank {}), {} peers; received at most {}",
            human_bytes(c.evaluation.bytes_sent.sum), human_bytes(c.evaluation.bytes_sent.max),
            c.evaluation.messages_sent.max, c.evaluation.bytes_sent.worst_rank, c.evaluation.peers.max,
            human_bytes(c.evaluation.bytes_received.max));
  if (s.ranks == 1 || !verbose) return;
  lines.add("exchanges", "{:>11} {:>11} {:>8} {:>6} {:>10} {:>7}   maximum per rank; mean exposed; hidden",
            "sent", "received", "messages", "peers", "seconds", "");
  const auto add = [&](std::string_view name, const TrafficOverRanks& t, const std::string& times) {
    if (t.bytes_sent.sum == 0) return;
    lines.add(name, "{:>11} {:>11} {:>8} {:>6}{}", human_bytes(t.bytes_sent.max),
              human_bytes(t.bytes_received.max), t.messages_sent.max, t.peers.max, times);
  };
  for (std::size_t i = 0; i < kExchanges; ++i) {
    std::string times = fmt::format(" {:>10.4f}", c.times[i].exposed.mean);
    if (overlaps(static_cast<Exchange>(i))) times += fmt::format(" {:>6.1f}%", 100 * c.times[i].hidden);
    add(fmt::format("  {}", kShortNames[i]), c.exchanges[i], times);
  }
}

void add_balance(Lines& lines, const Summary& s, bool verbose) {
  const LoadBalanceSummary& b = s.load_balance;
  lines.add("imbalance", "{:>10} {:>10} {:>10}   largest over mean of the ranks{}", "by points", "work",
            "seconds",
            b.moved                                                    ? ", balanced by work"
            : s.parameters.options.load_balance == LoadBalance::points ? ", balanced by points"
                                                                       : ", kept the point-count partition");
  const auto add = [&](std::string_view label, double by_points, double work, double seconds) {
    lines.add(label, "{:>10.3f} {:>10.3f} {:>10.3f}", by_points, work, seconds);
  };
  add("  operators", b.by_points.total, b.work.total, b.seconds.total);
  if (!verbose) return;
  for (std::size_t i = 0; i < kPhases; ++i)
    if (static_cast<Phase>(i) != Phase::exchange)
      add(fmt::format("    {}", kPhaseNames[i]), b.by_points.phases[i], b.work.phases[i],
          b.seconds.phases[i]);
  lines.add("", "{:.2f} % of the work is repeated for nodes that ranks share", 100 * b.repeated);
}

/// The cost model's table: the best n_crit of every padding, then every n_crit of the chosen padding.
void explain(Lines& lines, const Tuning& tuning) {
  if (tuning.table.empty()) {
    lines.add("", "the cost model had nothing to choose");
    return;
  }
  std::string head = fmt::format("{:>8} {:>6} {:>9}", "padding", "ncrit", "expected");
  for (std::size_t i = 0; i + 1 < kPhases; ++i) head += fmt::format(" {:>7}", kPhaseNames[i]);
  lines.add("", "{}   (seconds of one thread, sample of {} points)", head, tuning.sample);
  for (const TuningRow& row : tuning.table) {
    std::string text = fmt::format("{:>8.3f} {:>6} {:>9.4f}", row.padding, row.ncrit, row.total);
    for (std::size_t i = 0; i + 1 < kPhases; ++i) text += fmt::format(" {:>7.4f}", row.seconds[i]);
    lines.add("", "{}", text);
  }
}

/// Names of a result and of the scale that its errors are relative to.
struct Measures {
  const char *name, *result, *scale;
};
/// By order of derivatives; of dipoles, and of both kinds, by those of the sources as well.
constexpr Measures kMeasures[3][3] = {{{"potential", "|u|", "sum |q|/r"},
                                       {"gradient", "|grad u|", "sum |q|/r^2"},
                                       {"hessian", "|Hessian|", "sum 2|q|/r^3"}},
                                      {{"potential", "|u|", "sum |d|/r^2"},
                                       {"gradient", "|grad u|", "sum 2|d|/r^3"},
                                       {"hessian", "|Hessian|", "sum 6|d|/r^4"}},
                                      {{"potential", "|u|", "sum |q|/r + |d|/r^2"},
                                       {"gradient", "|grad u|", "sum |q|/r^2 + 2|d|/r^3"},
                                       {"hessian", "|Hessian|", "sum 2|q|/r^3 + 6|d|/r^4"}}};

/// Calls use(error, measures) for all parts of the field.
template <class Use>
void for_each_error(const Verification& v, const Parameters& parameters, const Use& use) {
  if (parameters.components > 1) {
    const KernelType& kernel = *kernel_type(parameters.kernel);
    const std::string name(kernel.result);
    const bool forces = kernel.homogeneity == -1;
    use(v.potential, Measures{name.c_str(), "|u|", forces ? "sum |f|/r" : "sum |w|/r^2"});
    if (v.pressure) use(*v.pressure, Measures{"pressure", "|p|", "sum |f|/r^2"});
    if (v.gradient)
      use(*v.gradient, Measures{"gradient", "|grad u|", forces ? "sum |f|/r^2" : "sum |w|/r^3"});
    return;
  }
  const auto& measures = kMeasures[static_cast<int>(parameters.options.source_kind)];
  use(v.potential, measures[0]);
  if (v.gradient) use(*v.gradient, measures[1]);
  if (v.hessian) use(*v.hessian, measures[2]);
}

void add_field_error(Lines& lines, const FieldError& error, const Measures& of) {
  lines.add(fmt::format("  {}", of.name), "{:.2e} of {}, below {:.2e} with {:.0f} % confidence",
            error.scaled_l2, of.scale, error.scaled_l2_bound, 100 * kConfidence);
  lines.add("", "{:.2e} of {}, which is {:.1e} of {}", error.relative_l2, of.result, error.cancellation,
            of.scale);
}

void add_error(Lines& lines, const RunReport& report) {
  const Verification& v = *report.verification;
  const std::optional<bool> reached = digits_reached(report);
  lines.add("error", "relative L2 of {} targets against the direct sum{}{}{}{}", v.samples,
            v.vectors > 1 ? fmt::format(", of a sum of the {} vectors", v.vectors) : "",
            report.self_check ? " (self-check)" : "",
            report.check_seconds > 0 ? fmt::format(" in {:.4f} s", report.check_seconds) : "",
            reached ? fmt::format("; {} digits {}", *report.summary.parameters.digits,
                                  *reached ? "reached" : "NOT reached")
                    : "");
  for_each_error(v, report.summary.parameters,
                 [&](const FieldError& error, const Measures& of) { add_field_error(lines, error, of); });
  lines.add("  largest", "{:.2e} of |u|, at target {} ({:.6g}, {:.6g}, {:.6g}){}", v.max, v.worst_target,
            v.worst_place[0], v.worst_place[1], v.worst_place[2],
            v.worse_share > 0
                ? fmt::format("; at most {:.2g} % of all targets are worse, with {:.0f} % confidence",
                              100 * v.worse_share, 100 * kConfidence)
                : "");
}

void add_error_warnings(std::vector<std::string>& warnings, const FieldError& error, const Measures& of,
                        int digits) {
  const double wanted = std::pow(10.0, -digits);
  if (!(error.scaled_l2 < wanted))
    warnings.push_back(
        fmt::format("the measured error of the {}, {:.2e} of {}, is above the {} digits asked for", of.name,
                    error.scaled_l2, of.scale, digits));
  else if (!(error.relative_l2 < wanted))
    warnings.push_back(fmt::format(
        "the {} has {} digits relative to {} but not relative to {}, of which its error is {:.2e}: charges "
        "cancel, "
        "{} is {:.1e} of {}",
        of.name, digits, of.scale, of.result, error.relative_l2, of.result, error.cancellation, of.scale));
}

}  // namespace

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : 0.5 * (values[middle - 1] + values[middle]);
}

namespace {

/// Names of all hosts, or of the first kNamed.
std::string host_names(const Machine& machine) {
  constexpr std::size_t kNamed = 16;
  if (machine.all_hosts.empty()) return machine.host;
  std::string names;
  for (std::size_t i = 0; i < std::min(kNamed, machine.all_hosts.size()); ++i)
    names += (i ? ", " : "") + machine.all_hosts[i].name;
  if (machine.all_hosts.size() > kNamed)
    names += fmt::format(" and {} more", machine.all_hosts.size() - kNamed);
  return names;
}

/// The instruction set, if all ranks have the same, else each with its hosts.
std::string instruction_sets(const RunReport& report) {
  std::map<std::string, std::string> hosts;
  for (const HostRanks& host : report.machine.all_hosts)
    hosts[host.simd] += (hosts[host.simd].empty() ? "" : ", ") + host.name;
  if (hosts.size() < 2) return hosts.empty() ? report.simd : hosts.begin()->first;
  std::string text;
  for (const auto& [simd, names] : hosts)
    text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", simd, names);
  return text;
}

}  // namespace

std::string to_table(const RunReport& report, bool verbose) {
  const Summary& s = report.summary;
  const TreeSummary& tree = s.tree;
  Lines lines;
  lines.add("octopole", "{}, kernel {}", version().version, kernel_text(kernel_of(s.parameters)));
  if (s.targets_are_sources)
    lines.add("points", "{} sources = targets", s.sources);
  else
    lines.add("points", "{} sources, {} targets", s.sources, s.targets);
  lines.add("machine", "{} ranks x {} threads on {} ({}), {}", s.ranks, s.threads, report.machine.hosts,
            host_names(report.machine), instruction_sets(report));
  lines.add("operators", "{}", describe_operators(s.parameters));
  if (!s.operators_note.empty()) lines.add("", "{}", s.operators_note);
  lines.add("tree", "{} leaves ({} occupied), {} nodes, {} levels, ncrit {}, largest leaf {}{}", tree.leaves,
            tree.occupied_leaves, tree.nodes, tree.levels, s.parameters.ncrit, tree.largest_leaf,
            s.parameters.options.two_to_one ? "" : ", not balanced");
  if (s.tuning.sample > 0)
    lines.add("", "ncrit{} chosen by the cost model (throughput: {})",
              s.parameters.tune_padding ? fmt::format(" and padding {:.3f}", s.parameters.padding) : "",
              report.throughput);
  if (report.explain) explain(lines, s.tuning);
  if (verbose) {
    add_list(lines, "  |U|", tree.u);
    add_list(lines, "  |V|", tree.v);
    add_list(lines, "  |W|", tree.w);
    add_list(lines, "  |X|", tree.x);
  }
  lines.add("seconds", "{:>10} {:>10} {:>10}   over ranks", "min", "mean", "max");
  lines.add_seconds("  operators", s.operators_seconds);
  lines.add_seconds("  set-up", s.setup_seconds);
  for (std::size_t i = 0; verbose && i < kSetupStages; ++i)
    lines.add_seconds(fmt::format("    {}", kSetupStageNames[i]), s.stage_seconds[i]);
  lines.add_seconds("  evaluate", s.evaluate_seconds);
  for (std::size_t i = 0; verbose && i < kPhases; ++i)
    lines.add_seconds(fmt::format("    {}", kPhaseNames[i]), s.phase_seconds[i]);
  if (report.evaluations.size() > 1)
    lines.add("", "median of {} evaluations {:.4f}; the last is shown", report.evaluations.size(),
              median(report.evaluations));
  if (s.ranks > 1) add_balance(lines, s, verbose);
  add_communication(lines, s, verbose);
  lines.add("memory", "{} in total, at most {} per rank; replicated {}, during set-up {}",
            human_bytes(s.peak_rss_bytes_total), human_bytes(s.peak_rss_bytes_max),
            human_bytes(s.replicated.partition + s.replicated.coarse),
            human_bytes(std::max(s.replicated.count_tree, s.replicated.shared)));
  lines.add("", "estimated at most {} per rank for this method, {}", human_bytes(s.memory_estimate.peak()),
            describe_limit(s.parameters));
  if (report.verification) add_error(lines, report);
  return lines.take();
}

std::optional<bool> digits_reached(const RunReport& report) {
  const std::optional<int> digits = report.summary.parameters.digits;
  if (!report.verification || !digits) return std::nullopt;
  return reaches(*report.verification, *digits);
}

bool is_accurate(const RunReport& report) {
  return digits_reached(report).value_or(true);
}

std::vector<std::string> warnings(const RunReport& report) {
  std::vector<std::string> result;
  const Summary& s = report.summary;
  if (s.threads > report.machine.cores_per_rank)
    result.push_back(fmt::format(
        "{} threads per rank share {} cores; mpirun binds ranks to cores unless given --bind-to none",
        s.threads, report.machine.cores_per_rank));
  if (s.overfull.leaves > 0) result.push_back(describe(s.overfull, s.parameters, s.parameters.ncrit));
  if (report.verification && s.parameters.digits) {
    for_each_error(*report.verification, s.parameters, [&](const FieldError& error, const Measures& of) {
      add_error_warnings(result, error, of, *s.parameters.digits);
    });
  }
  return result;
}

}  // namespace octopole::app
