#include "octopole/fmm/agreement.hpp"

#include <fmt/format.h>

#include <cstring>
#include <type_traits>

#include "octopole/version.hpp"

namespace octopole {
namespace {

std::string text_of(bool value) {
  return value ? "true" : "false";
}
std::string text_of(int value) {
  return std::to_string(value);
}
std::string text_of(Index value) {
  return std::to_string(value);
}
std::string text_of(double value) {
  return fmt::format("{}", value);  // as many digits as tell it from all others
}
std::string text_of(Output value) {
  return value == Output::potential ? "potential" : "potential and gradient";
}
std::string text_of(BalanceBy value) {
  return std::string(balance_name(value));
}
std::string text_of(Precision value) {
  return std::string(precision_name(value));
}
std::string text_of(M2lMethod value) {
  return std::string(m2l_name(value));
}
std::string text_of(NearForm value) {
  return std::string(near_form_name(value));
}
std::string text_of(mpi::Transport value) {
  return std::string(mpi::transport_name(value));
}
template <class T>
std::string text_of(const std::optional<T>& value) {
  return value ? text_of(*value) : "unset";
}

/// Appends to, or takes from, a text of bytes.
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

/// Every field but the kernel's name, which is the same everywhere. The structured bindings do not compile
/// where a field is missing here.
void visit(Parameters& p, Bytes& bytes) {
  auto& [digits, ncrit, padding, tune_ncrit, tune_padding, rates, output, max_level, balance, direct_leaves,
         balance_by, transport, coarse_users, memory_limit, allow_overfull_leaves, operators, near_precision,
         near_form, near_reach] = p;
  bytes(digits), bytes(ncrit), bytes(padding), bytes(tune_ncrit), bytes(tune_padding), bytes(rates);
  bytes(output), bytes(max_level), bytes(balance), bytes(direct_leaves), bytes(balance_by), bytes(transport);
  bytes(memory_limit), bytes(allow_overfull_leaves);
  bytes(coarse_users), bytes(near_precision), bytes(near_form), bytes(near_reach);
  auto& [kernel, order, check_order, downward_check_order, inner_radius, outer_radius, outer_grading,
         pinv_tolerance, precision, m2l_precision, m2l, svd_tolerance, svd_rank] = operators;
  bytes(order), bytes(check_order), bytes(downward_check_order), bytes(inner_radius), bytes(outer_radius);
  bytes(outer_grading), bytes(pinv_tolerance), bytes(precision), bytes(m2l_precision), bytes(m2l);
  bytes(svd_tolerance), bytes(svd_rank);
}

}  // namespace

std::vector<mpi::NamedValue> named_options(const Options& options) {
  // Does not compile where an option is missing here.
  const auto& [digits, order, check_order, downward_check_order, ncrit, padding, tune, rates, output,
               max_level, inner_radius, outer_radius, outer_grading, precision, near_precision, near_form,
               m2l_precision, m2l, svd_tolerance, svd_rank, balance, direct_leaves, balance_by, transport,
               coarse_users, memory_limit, allow_overfull_leaves] = options;
  return {{"digits", text_of(digits)},
          {"order", text_of(order)},
          {"check_order", text_of(check_order)},
          {"downward_check_order", text_of(downward_check_order)},
          {"ncrit", text_of(ncrit)},
          {"padding", text_of(padding)},
          {"tune", text_of(tune)},
          {"output", text_of(output)},
          {"max_level", text_of(max_level)},
          {"inner_radius", text_of(inner_radius)},
          {"outer_radius", text_of(outer_radius)},
          {"outer_grading", text_of(outer_grading)},
          {"precision", text_of(precision)},
          {"near_precision", text_of(near_precision)},
          {"near_form", text_of(near_form)},
          {"m2l_precision", text_of(m2l_precision)},
          {"m2l", text_of(m2l)},
          {"svd_tolerance", text_of(svd_tolerance)},
          {"svd_rank", text_of(svd_rank)},
          {"balance", text_of(balance)},
          {"direct_leaves", text_of(direct_leaves)},
          {"balance_by", text_of(balance_by)},
          {"transport", text_of(transport)},
          {"coarse_users", text_of(coarse_users)},
          {"memory_limit", text_of(memory_limit)},
          {"allow_overfull_leaves", text_of(allow_overfull_leaves)}};
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
