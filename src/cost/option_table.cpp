#include "cost/option_table.hpp"

#include <fmt/format.h>

#include <cmath>
#include <optional>
#include <type_traits>

#include "octopole/error.hpp"

namespace octopole {
namespace {

template <class T>
inline constexpr bool is_number = std::is_arithmetic_v<T> && !std::is_same_v<T, bool>;

void check_range(const OptionInfo& info, double value, const std::string& text) {
  if (!(value >= info.least && value <= info.most))
    throw Error(std::isinf(info.most) ? fmt::format("{} = {} is out of range: it must be at least {}",
                                                    info.text(), text, info.least)
                                      : fmt::format("{} = {} is out of range: it must be between {} and {}",
                                                    info.text(), text, info.least, info.most));
}
template <class T>
void check(const OptionInfo& info, const T& value) {
  if constexpr (is_number<T>) check_range(info, static_cast<double>(value), fmt::format("{}", value));
}
template <class T>
void check(const OptionInfo& info, const std::optional<T>& value) {
  if (value) check(info, *value);
}

constexpr int count_options() {
  int count = 0;
  for_each_option([&](const OptionInfo&, auto) { ++count; });
  return count;
}

/// Does not compile if a member of Options has no row in the table.
[[maybe_unused]] void expect_complete_table(const Options& options) {
  [[maybe_unused]] const auto& [digits, order, check_order, downward_check_order, ncrit, padding, tune,
                                throughput, output, source_kind, vectors, max_level, inner_radius,
                                outer_radius, outer_grading, precision, near_precision, near_form,
                                m2l_precision, m2l, svd_tolerance, svd_rank, two_to_one, direct_leaves,
                                load_balance, transport, allgather_threshold, memory_limit,
                                allow_overfull_leaves] = options;
  static_assert(count_options() == 29 - 1, "the throughput alone has no row");
}

constexpr bool all_have_values() {
  bool all = true;
  for_each_option([&](const OptionInfo& info, auto) { all = all && info.value; });
  return all;
}
static_assert(all_have_values(), "every row reads its resolved value");

}  // namespace

std::vector<ReportedParameter> reported_parameters(const Parameters& parameters, Destination destination) {
  const bool without_svd = destination == kResults && parameters.operators.m2l != M2lMethod::svd;
  std::vector<ReportedParameter> result;
  for_each_option([&](const OptionInfo& info, auto) {
    if (!(info.written_to & destination) || (info.svd_only && without_svd)) return;
    result.push_back({info.value_name.empty() ? info.name : info.value_name, info.value(parameters)});
  });
  return result;
}

void check_ranges(const Options& options) {
  for_each_option([&](const OptionInfo& info, auto member) { check(info, options.*member); });
}

std::string OptionInfo::text() const {
  std::string text(name);
  for (char& c : text)
    if (c == '_') c = ' ';
  const auto spell_out = [&text](std::string_view word, std::string_view spelled) {
    if (text.starts_with(word)) text.replace(0, word.size(), spelled);
  };
  spell_out("svd ", "SVD ");
  spell_out("max ", "maximum ");
  return text;
}

}  // namespace octopole
