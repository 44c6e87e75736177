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
#include "kernels/any_kernel.hpp"
#include "octopole/version.hpp"
#include "tree/interaction_lists.hpp"

namespace octopole {
namespace {

constexpr std::array kCallNames = {"set_points(points)",
                                   "set_points(sources, targets)",
                                   "evaluate for the potential",
                                   "evaluate for potential and gradient",
                                   "evaluate for potential, gradient and Hessian",
                                   "evaluate for the velocity and pressure",
                                   "summary",
                                   "sources",
                                   "targets",
                                   "leaf_points"};
static_assert(kCallNames.size() == static_cast<std::size_t>(Call::count));

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

/// What may change how shared decisions round: with fused multiply-add, the compiler contracts products and
/// sums.
std::string build() {
#ifdef __FMA__
  constexpr std::string_view fused = ", fused multiply-add";
#else
  constexpr std::string_view fused = "";
#endif
  const Version v = version();
  return fmt::format("{} {}, {}, {}{}", v.version, v.git, v.compiler, v.flags, fused);
}

/// Operators to read or compute.
struct WantedOperators {
  AnyKernel kernel;
  OperatorKey key;
};

template <class Real>
void broadcast_arrays(const mpi::Comm& comm, OperatorSet<Real>& set, int root) {
  set.for_each_array([&]<class T>(const std::string&, AlignedVector<T>& values) {
    Index size = static_cast<Index>(values.size());
    comm.broadcast(std::span<Index>(&size, 1), root);
    values.resize(static_cast<std::size_t>(size));
    comm.broadcast(std::span<T>(values), root);
  });
}

/// The sets on all ranks, with the same bits: rank 0 reads what `store` has, and the ranks share the work of
/// computing the others. `note` says on every rank where they came from. Collective.
template <class Real>
std::vector<OperatorSet<Real>> prepare(const mpi::Comm& comm, std::span<const WantedOperators> wanted,
                                       OperatorStore<Real>* store, std::string& note) {
  constexpr int kRead = -1;
  std::vector<OperatorSet<Real>> sets(wanted.size());
  std::vector<std::string> notes(wanted.size(), "computed");  // of rank 0
  std::vector<int> makers(wanted.size(), kRead);              // the rank that computes a set
  mpi::collectively(comm, [&] {
    if (!comm.is_root()) return;
    int missing = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      sets[i] = lay_out_operators<Real>(wanted[i].key);
      std::string reason;
      if (store && store->load(wanted[i].key, sets[i], reason)) {
        notes[i] = "read from the database";
        continue;
      }
      makers[i] = missing++ % comm.size();
      if (!reason.empty()) notes[i] += " (" + reason + ")";
    }
  });
  comm.broadcast(std::span<int>(makers));

  mpi::collectively(comm, [&] {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      if (makers[i] == comm.rank())
        sets[i] = make_operators<Real>(wanted[i].kernel, wanted[i].key);
      else if (makers[i] != kRead || !comm.is_root())
        sets[i] = lay_out_operators<Real>(wanted[i].key);
  });
  for (std::size_t i = 0; i < wanted.size(); ++i)
    broadcast_arrays(comm, sets[i], makers[i] == kRead ? 0 : makers[i]);

  mpi::collectively(comm, [&] {
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      adopt_arrays(sets[i]);
      if (!comm.is_root() || !store || makers[i] == kRead) continue;
      try {
        store->save(sets[i]);
        notes[i] += ", stored in the database";
      } catch (const Error& error) {
        notes[i] += ", not stored: " + std::string(error.what());
      }
    }
  });
  std::vector<std::string> once;
  for (const std::string& text : notes)
    if (std::find(once.begin(), once.end(), text) == once.end()) once.push_back(text);
  note = fmt::format("{}", fmt::join(once, "; "));
  comm.broadcast(note);
  return sets;
}

}  // namespace

CallFacts agree_on_call(const mpi::Comm& comm, Call call, const CallFacts& mine) {
  const double number = static_cast<int>(call), vectors = mine.vectors;
  const auto fact = [](bool holds) { return holds ? 1.0 : 0.0; };
  std::array<double, 13> most = {number,
                                 -number,
                                 vectors,
                                 -vectors,
                                 fact(mine.wrong),
                                 fact(mine.not_finite),
                                 fact(mine.sources),
                                 fact(mine.targets),
                                 fact(mine.charges),
                                 fact(mine.dipoles),
                                 fact(mine.no_charges),
                                 fact(mine.no_dipoles),
                                 mine.largest};
  comm.allreduce(std::span<double>(most), MPI_MAX);
  if (most[0] != -most[1] || most[2] != -most[3]) {
    const std::array<mpi::NamedValue, 2> values{{{"the call", kCallNames[static_cast<std::size_t>(call)]},
                                                 {"the number of vectors", text_of(mine.vectors)}}};
    mpi::require_equal(
        comm, std::span<const mpi::NamedValue>(values),
        "every rank must make the same collective calls, with as many vectors, in the same order");
  }
  return {.wrong = most[4] > 0,
          .not_finite = most[5] > 0,
          .sources = most[6] > 0,
          .targets = most[7] > 0,
          .charges = most[8] > 0,
          .dipoles = most[9] > 0,
          .no_charges = most[10] > 0,
          .no_dipoles = most[11] > 0,
          .largest = most[12],
          .vectors = mine.vectors};
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

Parameters agree_on_parameters(const mpi::Comm& comm, const Options& options, const AnyKernel& kernel) {
  std::vector<mpi::NamedValue> values = named_options(options);
  values.push_back({"the kernel", std::string(kernel.name())});
  values.push_back({"the kernel's parameters", fmt::format("{}", fmt::join(kernel.parameters(), " "))});
  values.push_back({"the build of octopole", build()});
  mpi::require_equal(comm, values, "pass the same options on every rank");
  Options agreed = options;
  mpi::collectively(comm, [&] { agreed.throughput = options.throughput.value_or(reference_throughput()); });
  agreed.throughput = agree_on_throughput(comm, *agreed.throughput);
  Parameters parameters;
  mpi::collectively(comm, [&] {
    kernel.check();
    parameters = resolve(agreed, kernel.name());
    set_kernel_parameters(kernel, parameters);
  });
  // Rank 0's, but for the kernels' names: equal on all ranks, at another address on each.
  static_assert(std::is_trivially_copyable_v<Parameters>);
  comm.broadcast(std::span<Parameters>(&parameters, 1));
  parameters.kernel = kernel.name();
  parameters.operators.kernel = kernel.translation_kernel().name();
  return parameters;
}

template <class Real>
OperatorSet<Real> prepare_operators(const mpi::Comm& comm, const AnyKernel& kernel, const OperatorKey& key,
                                    OperatorStore<Real>* store, std::string& note) {
  const WantedOperators wanted{kernel, key};
  OperatorSet<Real> set = std::move(prepare(comm, std::span(&wanted, 1), store, note).front());
  return set;
}

template <class Real>
LevelOperators<Real> prepare_level_operators(const mpi::Comm& comm, const AnyKernel& kernel,
                                             const OperatorKey& key, double side, int levels,
                                             OperatorStore<Real>* store, const LevelOperators<Real>& earlier,
                                             std::string& note) {
  std::vector<OperatorKey> keys;  // by level
  std::vector<WantedOperators> wanted;
  LevelOperators<Real> operators(tree::kFirstLevel);
  const int end = tree::kFirstLevel + operator_sets(key, tree::kFirstLevel, levels);
  for (int level = tree::kFirstLevel; level < end; ++level) {
    const double half = std::ldexp(side, -level - 1);
    keys.push_back(key_for(key, kernel, half));
    // Levels with equal keys, where nodes are large against the kernel's length, share their operators.
    const auto same = [&](const WantedOperators& other) { return other.key == keys.back(); };
    if (!earlier.has(keys.back()) && std::none_of(wanted.begin(), wanted.end(), same))
      wanted.push_back({kernel.in_units_of(half).for_operators(), keys.back()});
  }
  std::string what;
  LevelOperators<Real> made(tree::kFirstLevel);
  for (OperatorSet<Real>& set : prepare(comm, std::span<const WantedOperators>(wanted), store, what))
    made.add(std::move(set));
  for (const OperatorKey& of_level : keys)
    if (!operators.add_from(earlier, of_level)) operators.add_from(made, of_level);
  note =
      wanted.empty() ? "kept from the points before" : fmt::format("of {} levels: {}", wanted.size(), what);
  return operators;
}

template LevelOperators<float> prepare_level_operators(const mpi::Comm&, const AnyKernel&, const OperatorKey&,
                                                       double, int, OperatorStore<float>*,
                                                       const LevelOperators<float>&, std::string&);
template LevelOperators<double> prepare_level_operators(const mpi::Comm&, const AnyKernel&,
                                                        const OperatorKey&, double, int,
                                                        OperatorStore<double>*, const LevelOperators<double>&,
                                                        std::string&);
template OperatorSet<float> prepare_operators(const mpi::Comm&, const AnyKernel&, const OperatorKey&,
                                              OperatorStore<float>*, std::string&);
template OperatorSet<double> prepare_operators(const mpi::Comm&, const AnyKernel&, const OperatorKey&,
                                               OperatorStore<double>*, std::string&);

}  // namespace octopole
