#include "fmm/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <type_traits>

#include "cost/option_table.hpp"
#include "octopole/kernels.hpp"
#include "octopole/version.hpp"

namespace octopole {
namespace {

constexpr std::array<const char*, 8> kCallNames = {"set_points(points)",
                                                   "set_points(sources, targets)",
                                                   "evaluate for the potential",
                                                   "evaluate for potential and gradient",
                                                   "summary",
                                                   "sources",
                                                   "targets",
                                                   "leaf_points"};

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
  auto& [digits, ncrit, padding, tune_ncrit, tune_padding, throughput, output, max_level, balance,
         direct_leaves, balance_by, transport, allgather_threshold, memory_limit, allow_overfull_leaves,
         operators, near_precision, near_form, near_min_separation] = p;
  bytes(digits), bytes(ncrit), bytes(padding), bytes(tune_ncrit), bytes(tune_padding), bytes(throughput);
  bytes(output), bytes(max_level), bytes(balance), bytes(direct_leaves), bytes(balance_by), bytes(transport);
  bytes(memory_limit), bytes(allow_overfull_leaves);
  bytes(allgather_threshold), bytes(near_precision), bytes(near_form), bytes(near_min_separation);
  auto& [kernel, order, check_order, downward_check_order, inner_radius, outer_radius, outer_grading,
         pinv_tolerance, precision, m2l_precision, m2l, svd_tolerance, svd_rank] = operators;
  bytes(order), bytes(check_order), bytes(downward_check_order), bytes(inner_radius), bytes(outer_radius);
  bytes(outer_grading), bytes(pinv_tolerance), bytes(precision), bytes(m2l_precision), bytes(m2l);
  bytes(svd_tolerance), bytes(svd_rank);
}

template <Kernel K, class Real>
OperatorSet<Real> read_or_make(const K& kernel, const OperatorKey& key, OperatorStore<Real>* store,
                               std::string& note) {
  note = "computed";
  if (!store) return make_operators<K, Real>(kernel, key);
  OperatorSet<Real> set = lay_out_operators<Real>(key);
  std::string reason;
  if (store->load(key, set, reason)) {
    note = "read from the database";
    return set;
  }
  set = make_operators<K, Real>(kernel, key);
  if (!reason.empty()) note += " (" + reason + ")";
  try {
    store->save(set);
    note += ", stored in the database";
  } catch (const Error& error) {
    note += ", not stored: " + std::string(error.what());
  }
  return set;
}

}  // namespace

CallFacts agree_on_call(const mpi::Comm& comm, Call call, const CallFacts& mine) {
  const double number = static_cast<int>(call);
  std::array<double, 7> most = {number,
                                -number,
                                mine.wrong ? 1.0 : 0.0,
                                mine.not_finite ? 1.0 : 0.0,
                                mine.sources ? 1.0 : 0.0,
                                mine.targets ? 1.0 : 0.0,
                                mine.largest};
  comm.allreduce(std::span<double>(most), MPI_MAX);
  if (most[0] != -most[1]) {
    const mpi::NamedValue value{"the call", kCallNames[static_cast<std::size_t>(call)]};
    mpi::require_equal(comm, std::span<const mpi::NamedValue>(&value, 1),
                       "every rank must make the same collective calls in the same order");
  }
  return {most[2] > 0, most[3] > 0, most[4] > 0, most[5] > 0, most[6]};
}

ValueCheck check_values(std::span<const double> values) {
  bool finite = true;
  double largest = 0;
#pragma omp parallel for schedule(static) reduction(&& : finite) reduction(max : largest)
  for (const double value : values) {
    finite = finite && std::isfinite(value);
    largest = std::max(largest, std::abs(value));  // unchanged by NaN
  }
  return {finite, largest};
}

NotFinite find_not_finite(const mpi::Comm& comm, std::span<const double> values, Index width) {
  Index bad = 0, first = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) && bad++ == 0) first = static_cast<Index>(i);
  NotFinite all;
  all.count = comm.sum(bad);
  if (all.count == 0) return all;
  const Index before = comm.exclusive_sum(static_cast<Index>(values.size()));
  all.row = comm.min(bad > 0 ? (before + first) / width : std::numeric_limits<Index>::max());
  return all;
}

void refuse_not_finite(const mpi::Comm& comm, std::span<const double> values, Index width, const char* what) {
  if (const NotFinite bad = find_not_finite(comm, values, width); bad.count > 0)
    throw AgreedError(
        fmt::format("{}: {} NaN or infinite values, the first at index {}", what, bad.count, bad.row));
}

std::vector<mpi::NamedValue> named_options(const Options& options) {
  std::vector<mpi::NamedValue> values;
  for_each_option([&](const OptionInfo& info, auto member) {
    values.push_back({std::string(info.name), text_of(options.*member)});
  });
  return values;
}

Throughput agree_on_throughput(const mpi::Comm& comm, const Throughput& throughput) {
  Throughput agreed = throughput;
  for (const auto& [name, row] : agreed.rows()) comm.allreduce(std::span<double>(*row), MPI_MIN);
  return agreed;
}

Parameters agree_on_parameters(const mpi::Comm& comm, const Options& options, std::string_view kernel_name) {
  std::vector<mpi::NamedValue> values = named_options(options);
  values.push_back({"the version of octopole", fmt::format("{} {}", version().version, version().git)});
  mpi::require_equal(comm, values, "pass the same options on every rank");
  Options agreed = options;
  mpi::collectively(comm, [&] { agreed.throughput = options.throughput.value_or(reference_throughput()); });
  agreed.throughput = agree_on_throughput(comm, *agreed.throughput);
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

template <Kernel K, class Real>
OperatorSet<Real> prepare_operators(const mpi::Comm& comm, const K& kernel, const OperatorKey& key,
                                    OperatorStore<Real>* store, std::string& note) {
  OperatorSet<Real> set;
  mpi::collectively(comm, [&] {
    if (comm.is_root())
      set = read_or_make(kernel, key, store, note);
    else
      set = lay_out_operators<Real>(key);
  });
  comm.broadcast(note);
  set.for_each_array([&]<class T>(const std::string&, AlignedVector<T>& values) {
    Index size = static_cast<Index>(values.size());
    comm.broadcast(std::span<Index>(&size, 1));
    values.resize(static_cast<std::size_t>(size));
    comm.broadcast(std::span<T>(values));
  });
  mpi::collectively(comm, [&] { adopt_arrays(set); });
  return set;
}

template OperatorSet<float> prepare_operators(const mpi::Comm&, const Laplace&, const OperatorKey&,
                                              OperatorStore<float>*, std::string&);
template OperatorSet<double> prepare_operators(const mpi::Comm&, const Laplace&, const OperatorKey&,
                                               OperatorStore<double>*, std::string&);

}  // namespace octopole
