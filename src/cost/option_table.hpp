// The options of the method, one row each. Made from this table: the command line, PETSc's options, the check
// of ranges, the comparison between ranks, the parameters in reports and results, and the reference in
// docs/options.md.
#pragma once

#include <array>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

inline constexpr int kLargestLevel = 20;  // of the tree
inline constexpr int kMostVectors = 1'000'000;
inline constexpr int kLargestOrder = 20, kLargestCheckOrder = kLargestOrder + 4;

enum class OptionGroup { accuracy, tree, operators, ranks, limits };
inline constexpr std::array<std::string_view, 5> kOptionGroupNames = {"accuracy", "tree", "operators",
                                                                      "ranks", "limits"};

/// A resolved value as JSON and HDF5 store it; empty if it is unset.
using ReportedValue = std::variant<std::monostate, bool, Index, double, std::string_view>;

/// Where resolved values are written: bits of OptionInfo::written_to.
enum Destination : unsigned {
  kRunReport = 1,    // JSON of octopole run
  kPlanReport = 2,   // JSON of octopole plan
  kBenchReport = 4,  // JSON of octopole bench
  kResults = 8,      // attributes of results (HDF5)
  kReports = kRunReport | kPlanReport | kBenchReport,
  kEverywhere = kReports | kResults
};

struct OptionInfo {
  std::string_view name;  // of the member of Options
  OptionGroup group;
  std::string_view help;           // begins with a capital letter, no period
  double least = 0, most = 0;      // range of a number
  std::string_view if_unset = {};  // for std::optional: the value used instead
  bool basic = false;              // needed by most users; --help-all shows the others
  bool method = false;             // how operators compute: also an option of bench and calibrate
  std::string_view letter = {};    // its one-letter flag
  std::string_view alias = {};     // an earlier name, still accepted from users

  ReportedValue (*value)(const Parameters&) = nullptr;  // the resolved value
  unsigned written_to = kRunReport;                     // combined from Destination; 0: to none of them
  std::string_view value_name = {};                     // there, if not `name`
  bool svd_only = false;                                // left out of results of M2L by FFT

  /// The name as used in messages: "check order", "maximum level".
  std::string text() const;
};

/// Values of the enumerations, in the order in which help shows them.
template <class Enum>
struct Choices;
template <>
struct Choices<Output> {
  static constexpr std::array values = {Output::potential, Output::potential_and_gradient,
                                        Output::potential_gradient_and_hessian,
                                        Output::potential_and_pressure};
  static std::string_view name(Output value) {
    return value == Output::potential                ? "potential"
           : value == Output::potential_and_gradient ? "gradient"
           : value == Output::potential_and_pressure ? "pressure"
                                                     : "hessian";
  }
};
template <>
struct Choices<SourceKind> {
  static constexpr std::array values = {SourceKind::charges, SourceKind::dipoles,
                                        SourceKind::charges_and_dipoles};
  static std::string_view name(SourceKind value) {
    return value == SourceKind::charges   ? "charges"
           : value == SourceKind::dipoles ? "dipoles"
                                          : "charges-and-dipoles";
  }
};
template <>
struct Choices<Precision> {
  static constexpr std::array values = {Precision::double_precision, Precision::single_precision};
  static std::string_view name(Precision value) { return precision_name(value); }
};
template <>
struct Choices<NearForm> {
  static constexpr std::array values = {NearForm::two_floats, NearForm::one_float, NearForm::estimate};
  static std::string_view name(NearForm value) { return near_form_name(value); }
};
template <>
struct Choices<M2lMethod> {
  static constexpr std::array values = {M2lMethod::fft, M2lMethod::svd};
  static std::string_view name(M2lMethod value) { return m2l_name(value); }
};
template <>
struct Choices<LoadBalance> {
  static constexpr std::array values = {LoadBalance::work, LoadBalance::points};
  static std::string_view name(LoadBalance value) { return load_balance_name(value); }
};
template <>
struct Choices<mpi::Transport> {
  static constexpr std::array values = {mpi::Transport::neighbourhood, mpi::Transport::point_to_point};
  static std::string_view name(mpi::Transport value) { return mpi::transport_name(value); }
};

/// The value of a member of Parameters; of an enumeration its name in Choices.
template <class T>
ReportedValue reported(const T& value) {
  if constexpr (std::is_same_v<T, bool>)
    return value;
  else if constexpr (std::is_enum_v<T>)
    return Choices<T>::name(value);
  else if constexpr (std::integral<T>)
    return static_cast<Index>(value);
  else
    return static_cast<double>(value);
}
template <class T>
ReportedValue reported(const std::optional<T>& value) {
  return value ? reported(*value) : ReportedValue();
}

/// Calls visit(OptionInfo, member) for every option but the throughput, in the order of help, where `member`
/// points to the member of Options.
template <class Visit>
constexpr void for_each_option(Visit&& visit) {
  using enum OptionGroup;
  constexpr double any = std::numeric_limits<double>::infinity();
  visit(
      OptionInfo{.name = "digits",
                 .group = accuracy,
                 .help = "Number of correct digits of what is computed (relative L2 error); chooses all else",
                 .least = 2,
                 .most = 12,
                 .if_unset = "6, in single precision 4, unless an order is given",
                 .basic = true,
                 .letter = "-d",
                 .value = [](const Parameters& p) { return reported(p.digits); },
                 .written_to = kEverywhere},
      &Options::digits);
  visit(OptionInfo{.name = "order",
                   .group = accuracy,
                   .help = "Points per edge of the equivalent surfaces",
                   .least = 2,
                   .most = kLargestOrder,
                   .if_unset = "by digits",
                   .value = [](const Parameters& p) { return reported(p.operators.order); },
                   .written_to = kEverywhere},
        &Options::order);
  visit(OptionInfo{.name = "check_order",
                   .group = accuracy,
                   .help = "Points per edge of the upward check surface, at least the order",
                   .least = 2,
                   .most = kLargestCheckOrder,
                   .if_unset = "by digits",
                   .value = [](const Parameters& p) { return reported(p.operators.check_order); },
                   .written_to = kEverywhere},
        &Options::check_order);
  visit(OptionInfo{.name = "downward_check_order",
                   .group = accuracy,
                   .help = "Points per edge of the downward check surface, at least the order (M2L by svd)",
                   .least = 2,
                   .most = kLargestCheckOrder,
                   .if_unset = "the order",
                   .value = [](const Parameters& p) { return reported(p.operators.downward_check_order); },
                   .written_to = kRunReport | kResults},
        &Options::downward_check_order);
  visit(OptionInfo{.name = "output",
                   .group = accuracy,
                   .help = "What the digits are promised for: the potential; gradient, for potential and "
                           "gradient; hessian, for all three; or pressure, for velocity and pressure",
                   .value = [](const Parameters& p) { return reported(p.gradient()); },
                   .written_to = kRunReport | kPlanReport,
                   .value_name = "gradient"},
        &Options::output);
  visit(
      OptionInfo{.name = "precision",
                 .group = accuracy,
                 .help = "Precision of all operators",
                 .if_unset = "by digits: single up to 6, with the gradient up to 5, with the Hessian up to 4",
                 .method = true,
                 .value = [](const Parameters& p) { return reported(p.operators.precision); },
                 .written_to = kEverywhere},
      &Options::precision);
  visit(OptionInfo{.name = "near_precision",
                   .group = accuracy,
                   .help = "Precision of P2P alone",
                   .if_unset = "by digits: single up to 6",
                   .method = true,
                   .value = [](const Parameters& p) { return reported(p.near_precision); },
                   .written_to = kEverywhere},
        &Options::near_precision);
  visit(
      OptionInfo{.name = "near_form",
                 .group = accuracy,
                 .help = "How P2P in single precision represents coordinates: one-float is faster, estimate "
                         "(of 1/sqrt) is faster still and good for 3 digits",
                 .if_unset = "the fastest that keeps the digits",
                 .method = true,
                 .value = [](const Parameters& p) { return reported(p.near_form); },
                 .written_to = kReports},
      &Options::near_form);
  visit(
      OptionInfo{.name = "m2l_precision",
                 .group = accuracy,
                 .help = "Precision of M2L by fft alone",
                 .if_unset = "by digits: single up to 6, with the gradient up to 5, with the Hessian up to 4",
                 .method = true,
                 .value = [](const Parameters& p) { return reported(p.operators.m2l_precision); },
                 .written_to = kEverywhere},
      &Options::m2l_precision);

  visit(OptionInfo{.name = "source_kind",
                   .group = tree,
                   .help = "What sources carry",
                   .value = [](const Parameters& p) { return reported(p.options.source_kind); },
                   .written_to = kEverywhere},
        &Options::source_kind);
  visit(OptionInfo{.name = "vectors",
                   .group = tree,
                   .help = "Number of vectors of charges, or dipoles, of an evaluation",
                   .least = 1,
                   .most = kMostVectors,
                   .value = [](const Parameters& p) { return reported(p.options.vectors); },
                   .written_to = kEverywhere},
        &Options::vectors);
  visit(OptionInfo{.name = "ncrit",
                   .group = tree,
                   .help =
                       "Maximum number of sources or targets per leaf; below 10 takes operators of one digit "
                       "more",
                   .least = 1,
                   .most = 1e9,
                   .if_unset = "by the cost model",
                   .value = [](const Parameters& p) { return reported(p.ncrit); },
                   .written_to = kEverywhere},
        &Options::ncrit);
  visit(OptionInfo{.name = "padding",
                   .group = tree,
                   .help = "Side of the root cube over the extent of the points",
                   .least = 1,
                   .most = 2,
                   .if_unset = "by the cost model",
                   .value = [](const Parameters& p) { return reported(p.padding); },
                   .written_to = kEverywhere},
        &Options::padding);
  visit(OptionInfo{.name = "tune",
                   .group = tree,
                   .help = "Choose ncrit and padding by the cost model, not from the table of digits",
                   .value = [](const Parameters& p) { return reported(p.tune_ncrit); },
                   .value_name = "tuned"},
        &Options::tune);
  visit(OptionInfo{.name = "max_level",
                   .group = tree,
                   .help = "Deepest level of the tree",
                   .least = 1,
                   .most = kLargestLevel,
                   .value = [](const Parameters& p) { return reported(p.options.max_level); },
                   .written_to = kRunReport | kResults},
        &Options::max_level);
  visit(OptionInfo{.name = "two_to_one",
                   .group = tree,
                   .help = "2:1 balance of the tree",
                   .alias = "balance",
                   .value = [](const Parameters& p) { return reported(p.options.two_to_one); },
                   .written_to = kRunReport | kResults,
                   .value_name = "balance"},
        &Options::two_to_one);
  visit(OptionInfo{.name = "direct_leaves",
                   .group = tree,
                   .help = "Sum W and X pairs of leaves directly if these are fewer pairs than M2P and P2L",
                   .value = [](const Parameters& p) { return reported(p.options.direct_leaves); }},
        &Options::direct_leaves);

  visit(OptionInfo{.name = "m2l",
                   .group = operators,
                   .help = "Method of the multipole-to-local translation",
                   .if_unset = "the faster by the throughput; svd if one of its options is given",
                   .method = true,
                   .value = [](const Parameters& p) { return reported(p.operators.m2l); },
                   .written_to = kEverywhere},
        &Options::m2l);
  visit(OptionInfo{.name = "svd_tolerance",
                   .group = operators,
                   .help = "M2L by svd: relative truncation of singular values",
                   .least = 1e-16,
                   .most = 0.5,
                   .if_unset = "by digits",
                   .value = [](const Parameters& p) { return reported(p.operators.svd_tolerance); },
                   .written_to = kRunReport | kResults,
                   .svd_only = true},
        &Options::svd_tolerance);
  visit(OptionInfo{.name = "svd_rank",
                   .group = operators,
                   .help = "M2L by svd: maximum rank per transfer vector",
                   .least = 1,
                   .most = 10'000,
                   .if_unset = "no limit",
                   .value = [](const Parameters& p) { return reported(p.operators.svd_rank); },
                   .written_to = kRunReport | kResults,
                   .svd_only = true},
        &Options::svd_rank);
  visit(OptionInfo{.name = "inner_radius",
                   .group = operators,
                   .help = "Upward equivalent and downward check surfaces, in half sides of their cube",
                   .least = 1,
                   .most = 1.5,
                   .method = true,
                   .value = [](const Parameters& p) { return reported(p.operators.inner_radius); },
                   .written_to = kRunReport | kResults},
        &Options::inner_radius);
  visit(
      OptionInfo{.name = "outer_radius",
                 .group = operators,
                 .help = "Upward check and downward equivalent surfaces, in half sides; more than the inner "
                         "radius",
                 .least = 1.5,
                 .most = 3.5,
                 .method = true,
                 .value = [](const Parameters& p) { return reported(p.operators.outer_radius); },
                 .written_to = kRunReport | kResults},
      &Options::outer_radius);
  visit(
      OptionInfo{.name = "outer_grading",
                 .group = operators,
                 .help = "Grading of the outer surfaces' points, sparser towards the edges; 0 is equidistant",
                 .least = 0,
                 .most = 1.4,
                 .method = true,
                 .value = [](const Parameters& p) { return reported(p.operators.outer_grading); },
                 .written_to = kRunReport | kResults},
      &Options::outer_grading);

  visit(OptionInfo{.name = "load_balance",
                   .group = ranks,
                   .help = "What is divided equally among the ranks: work (operations counted) or points",
                   .alias = "balance_by",
                   .value = [](const Parameters& p) { return reported(p.options.load_balance); },
                   .written_to = 0},
        &Options::load_balance);
  visit(OptionInfo{.name = "transport",
                   .group = ranks,
                   .help = "How messages are sent: by neighbourhood collectives or point to point",
                   .value = [](const Parameters& p) { return reported(p.options.transport); }},
        &Options::transport);
  visit(OptionInfo{.name = "allgather_threshold",
                   .group = ranks,
                   .help =
                       "Multipoles of nodes that more ranks than this number need are sent by one Allgatherv",
                   .least = 1,
                   .most = any,
                   .if_unset = "by the number of ranks and the order",
                   .alias = "coarse_users",
                   .value = [](const Parameters& p) { return reported(p.options.allgather_threshold); }},
        &Options::allgather_threshold);

  visit(OptionInfo{.name = "memory_limit",
                   .group = limits,
                   .help = "Refuse a run that is estimated to need more bytes per rank; 0: no limit",
                   .least = 0,
                   .most = any,
                   .if_unset = "what its node has, shared by the ranks there",
                   .value = [](const Parameters& p) { return reported(p.options.memory_limit); }},
        &Options::memory_limit);
  visit(
      OptionInfo{.name = "allow_overfull_leaves",
                 .group = limits,
                 .help = "Evaluate even if pairs of leaves at the deepest level take nearly all of the time",
                 .value = [](const Parameters& p) { return reported(p.options.allow_overfull_leaves); }},
      &Options::allow_overfull_leaves);
}

/// A resolved option with its name in files.
struct ReportedParameter {
  std::string_view name;
  ReportedValue value;
};
/// The parameters that are written to `destination`, in the order of the table; unset ones have no value.
std::vector<ReportedParameter> reported_parameters(const Parameters& parameters, Destination destination);

/// Throws Error if a number is out of its range.
void check_ranges(const Options& options);

}  // namespace octopole
#pragma GCC visibility pop
