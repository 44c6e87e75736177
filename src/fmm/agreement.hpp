// What the ranks agree on before they work together: the call and its input, options, throughput,
// parameters and operators.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mpi/agreement.hpp"
#include "mpi/comm.hpp"
#include "octopole/options.hpp"
#include "operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The collective calls of Fmm that must be the same on all ranks.
enum class Call : int {
  set_points,
  set_points_with_targets,
  evaluate_potential,
  evaluate_gradient,
  evaluate_hessian,
  evaluate_pressure,
  summary,
  sources,
  targets,
  leaf_points,
  count
};

/// Facts about the input of one rank; over all ranks, whether they hold on any rank, and the largest
/// magnitude.
struct CallFacts {
  bool wrong = false;                           // lengths, or the order of calls
  bool not_finite = false;                      // NaN or infinity
  bool sources = false, targets = false;        // whether there are any
  bool charges = false, dipoles = false;        // whether there are any
  bool no_charges = false, no_dipoles = false;  // whether sources have none
  double largest = 0;                           // magnitude
  int vectors = 1;                              // of strengths: equal on all ranks
};

/// Combines the facts of all ranks by one Allreduce of 13 numbers. Throws AgreedError if ranks make different
/// calls, and names these. Collective.
CallFacts agree_on_call(const mpi::Comm& comm, Call call, const CallFacts& mine = {});

/// What is checked of the values that one rank passes.
struct ValueCheck {
  bool finite = true;
  double largest = 0;  // magnitude, without NaN
};
ValueCheck check_values(std::span<const double> values);

/// NaN and infinite values of a table over all ranks: how many, and the row of the first.
struct NotFinite {
  Index count = 0, row = 0;
};

/// Looks through a table of rows of `width` values, whose rows are in the order of the ranks. Collective.
NotFinite find_not_finite(const mpi::Comm& comm, std::span<const double> values, Index width);

/// Throws AgreedError on all ranks if a value of any rank is NaN or infinite, with their number and the index
/// of the first in the global order of the records of `width` values. Collective.
void refuse_not_finite(const mpi::Comm& comm, std::span<const double> values, Index width, const char* what);

/// The options that must be equal on all ranks, by name: all except the throughput.
std::vector<mpi::NamedValue> named_options(const Options& options);

/// The minimum over the ranks of each rate, that is, of the slowest kind of processor: ranks may pass
/// different ones. Collective.
Throughput agree_on_throughput(const mpi::Comm& comm, const Throughput& throughput);

/// The parameters that all ranks use: those that rank 0 resolves, bit for bit, with the agreed throughput.
/// Throws AgreedError if ranks pass different options or kernels (named, with the ranks) or resolve() refuses
/// them.
/// Collective.
Parameters agree_on_parameters(const mpi::Comm& comm, const Options& options, const AnyKernel& kernel);

/// Rank 0 reads the operators of `key` from `store` (may be null; used on rank 0 only), or computes them and
/// saves them there; all ranks get the same bits. `note` says on every rank where they came from. Collective.
template <class Real>
OperatorSet<Real> prepare_operators(const mpi::Comm& comm, const AnyKernel& kernel, const OperatorKey& key,
                                    OperatorStore<Real>* store, std::string& note);

/// As prepare_operators for each level from kFirstLevel to levels - 1 of a tree with a root of side `side`,
/// in the caller's unit. Those that `earlier` has are taken from there; the ranks compute the levels in turn.
/// Collective.
template <class Real>
LevelOperators<Real> prepare_level_operators(const mpi::Comm& comm, const AnyKernel& kernel,
                                             const OperatorKey& key, double side, int levels,
                                             OperatorStore<Real>* store, const LevelOperators<Real>& earlier,
                                             std::string& note);

}  // namespace octopole
#pragma GCC visibility pop
