#include "fmm/agreement.hpp"

#include <fmt/format.h>

#include <cstring>
#include <optional>
#include <type_traits>

#include "cost/option_table.hpp"
#include "octopole/version.hpp"

namespace octopole {
namespace {

template <class T>
std::string text_of(const T& value) {
  if constexpr (std::is_enum_v<T>)
    return std::string(Choices<T>::name(value));
  else
    return fmt::format("{}", value);  // a double with all digits that identify it
}
template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "unset";
}

/// Appends values to a string of bytes, or reads them from it.
class Bytes {
 public:
  explicit Bytes(std::string& bytes, bool taking) : bytes_(bytes), taking_(taking) {}
  template <class T>
  void operator()(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    if (taking_)
      std::memcpy(&value, bytes_.data() + place_, sizeof(T));
    else
      bytes_.append(reinterpret_cast<const char*>(&value), sizeof(T));
    place_ += sizeof(T);
  }

 private:
  std::string& bytes_;
  bool taking_;
  std::size_t place_ = 0;
};

/// Visits every field except the kernel's name, which is the same on all ranks. The structured bindings do
/// not compile if a field is missing here.
void visit(Parameters& p, Bytes& bytes) {
  auto& [digits, ncrit, padding, tune_ncrit, tune_padding, rates, output, max_level, balance, direct_leaves,
         balance_by, transport, coarse_users, memory_limit, allow_overfull_leaves, operators, near_precision,
         near_form, near_min_separation] = p;
  bytes(digits), bytes(ncrit), bytes(padding), bytes(tune_ncrit), bytes(tune_padding), bytes(rates);
  bytes(output), bytes(max_level), bytes(balance), bytes(direct_leaves), bytes(balance_by), bytes(transport);
  bytes(memory_limit), bytes(allow_overfull_leaves);
  bytes(coarse_users), bytes(near_precision), bytes(near_form), bytes(near_min_separation);
  auto& [kernel, order, check_order, downward_check_order, inner_radius, outer_radius, outer_grading,
         pinv_tolerance, precision, m2l_precision, m2l, svd_tolerance, svd_rank] = operators;
  bytes(order), bytes(check_order), bytes(downward_check_order), bytes(inner_radius), bytes(outer_radius);
  bytes(outer_grading), bytes(pinv_tolerance), bytes(precision), bytes(m2l_precision), bytes(m2l);
  bytes(svd_tolerance), bytes(svd_rank);
}

}  // namespace

std::vector<mpi::NamedValue> named_options(const Options& options) {
  std::vector<mpi::NamedValue> values;
  for_each_option([&](const OptionInfo& info, auto member) {
    values.push_back({std::string(info.name), text_of(options.*member)});
  });
  return values;
}

Rates agree_on_rates(const mpi::Comm& comm, const Rates& rates) {
  Rates agreed = rates;
  for (const auto& [name, row] : agreed.rows()) comm.allreduce(std::span<double>(*row), MPI_MIN);
  return agreed;
}

Parameters agree_on_parameters(const mpi::Comm& comm, const Options& options, std::string_view kernel_name) {
  std::vector<mpi::NamedValue> values = named_options(options);
  values.push_back({"the version of octopole", fmt::format("{} {}", version().version, version().git)});
  mpi::require_equal(comm, values, "pass the same options on every rank");
  Options agreed = options;
  mpi::collectively(comm, [&] { agreed.rates = options.rates.value_or(reference_rates()); });
  agreed.rates = agree_on_rates(comm, *agreed.rates);
  Parameters parameters;
  mpi::collectively(comm, [&] { parameters = resolve(agreed, kernel_name); });
  std::string bytes;
  Bytes write(bytes, false);
  visit(parameters, write);
  comm.broadcast(bytes);
  Bytes read(bytes, true);
  visit(parameters, read);
  return parameters;
}

}  // namespace octopole
