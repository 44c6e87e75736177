// What a user may ask for, and what it resolves to.
#pragma once

#include <optional>
#include <string_view>

#include "octopole/fmm/output.hpp"
#include "octopole/fmm/rates.hpp"
#include "octopole/mpi/sparse_exchange.hpp"
#include "octopole/operators/near_field.hpp"
#include "octopole/operators/translations.hpp"
#include "octopole/tree/ghost_needs.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// What ranks get equal shares of: the work of an evaluation, counted from the lists and weighed by rates, or
/// points.
enum class BalanceBy { work, points };
std::string_view balance_name(BalanceBy by);  // "work", "points"

/// As Options::memory_limit: nothing is checked.
inline constexpr Index kNoMemoryLimit = 0;

/// Everything is optional: `digits` alone chooses the rest, and what is set explicitly wins.
struct Options {
  /// Of what `output` names: 2..12, in single precision 2..6 (2..5 with the gradient); without digits and
  /// order: 6 (4 in single). Errors are relative L2 errors (docs/accuracy.md).
  std::optional<int> digits;
  std::optional<int> order;                 // points an edge of the equivalent surfaces, 2..20
  std::optional<int> check_order;           // upward check surface; at least order
  std::optional<int> downward_check_order;  // downward check surface; equal to order for M2L by FFT
  std::optional<int> ncrit;                 // largest number of sources or targets of a leaf
  std::optional<double> padding;            // the root cube's side over what the points need, 1 .. 2
  bool tune =
      true;  // choose n_crit and padding, unless given, by the cost model (fmm/tuning.hpp); else the table's
  /// For the cost model and balance by work; reference_rates() unless given. Ranks may pass different ones,
  /// or none: of each the least over the ranks counts. All other options must be equal on all ranks.
  std::optional<Rates> rates;
  /// What the digits are promised for, and what the cost model and balance by work expect of evaluations.
  /// With potential, an evaluation may be asked for the gradient all the same: its error is then 1 to 10
  /// times the potential's, and up to 100 around distant clusters (docs/accuracy.md).
  Output output = Output::potential;
  int max_level = 20;          // 1..20
  double inner_radius = 1.05;  // in half sides, 1 .. 1.5
  double outer_radius = 2.95;  // 1.5 .. 3.5, and more than the inner radius
  double outer_grading = 1;    // of the outer surfaces' points (operators/surface.hpp), 0 (none) .. 1.4
  /// Of all operators. Absent: single where digits are 6 or fewer (5 with the gradient) and neither of the
  /// two below is double, double otherwise. Positions and sums are in double in any case.
  std::optional<Precision> precision;
  std::optional<Precision> near_precision;  // P2P alone: single is good for up to 6 digits
  /// Points of P2P in single precision where the sources are the targets (NearForm). Absent: by digits and
  /// order; the estimate is good for up to 3 digits.
  std::optional<NearForm> near_form;
  std::optional<Precision> m2l_precision;  // M2L by FFT alone: the same, up to 5 digits of the gradient
  std::optional<M2lMethod> m2l;  // absent: SVD where an option asks for it, else what the rates say is faster
  std::optional<double> svd_tolerance;  // M2L by SVD: relative truncation
  std::optional<int> svd_rank;          // M2L by SVD: largest rank a transfer vector
  bool balance = true;                  // 2:1 balance of the tree
  bool direct_leaves =
      true;  // sum W and X pairs of leaves directly where that is fewer pairs (tree/partners.hpp)
  BalanceBy balance_by = BalanceBy::work;
  mpi::Transport transport = mpi::kDefaultTransport;
  /// Multipoles of nodes near more than so many ranks go to all ranks by one collective, others to their
  /// users (tree/ghost_needs.hpp); at least 1. Decides on speed only. Absent: default_coarse_users of the
  /// ranks.
  std::optional<Index> coarse_users;
  /// Bytes that a rank may hold by estimate (fmm/memory_estimate.hpp): set_points throws where that is more.
  /// Absent: what the rank's node has, shared by all ranks there (base/node_memory.hpp). kNoMemoryLimit: any
  /// number.
  std::optional<Index> memory_limit;
  /// Whether leaves at max_level may hold so many more than ncrit points that their pairs take nearly all of
  /// the time (fmm/overfull.hpp); else set_points throws.
  bool allow_overfull_leaves = false;
};

/// Options resolved: nothing left open.
struct Parameters {
  std::optional<int> digits;  // absent where only the order was given
  int ncrit = 0;              // where tune_ncrit is set, what the table says: PointSetup has what was chosen
  double padding = 1;
  bool tune_ncrit = false, tune_padding = false;
  Rates rates;
  Output output = Output::potential;
  int max_level = 20;
  bool balance = true;
  bool direct_leaves = true;
  BalanceBy balance_by = BalanceBy::work;
  mpi::Transport transport = mpi::kDefaultTransport;
  std::optional<Index> coarse_users;  // in a summary never absent
  std::optional<Index> memory_limit;  // absent: what nodes have
  bool allow_overfull_leaves = false;
  OperatorKey operators;
  Precision near_precision = Precision::double_precision;
  NearForm near_form = NearForm::two_floats;  // of a near field in single precision
  double near_reach = kLocalReach;            // of the forms with one float

  bool gradient() const { return output == Output::potential_and_gradient; }
  bool any_in_single() const {
    return operators.m2l_precision == Precision::single_precision ||
           near_precision == Precision::single_precision;
  }
  /// Whether multipoles that M2L alone needs may travel as floats.
  bool narrow_multipoles() const {
    return operators.precision == Precision::double_precision &&
           operators.m2l_precision == Precision::single_precision;
  }
  /// How multipoles travel between so many ranks.
  tree::MultipoleRule multipole_rule(int ranks) const;
  /// Bytes of a multipole that M2L alone needs, on its way between ranks.
  Index multipole_bytes() const;
};

/// Resolves the options by the calibrated table (see accuracy.hpp); throws Error where a value is out of
/// range or two contradict each other.
Parameters resolve(const Options& options, std::string_view kernel_name);

std::string_view precision_name(Precision precision);  // "double", "single"
std::string_view m2l_name(M2lMethod method);           // "fft", "svd"
std::string_view near_form_name(NearForm form);        // "two-floats", "one-float", "estimate"

}  // namespace octopole
#pragma GCC visibility pop
