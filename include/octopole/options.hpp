// What a user may ask for, and what it resolves to.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "octopole/error.hpp"
#include "octopole/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Kinds of work, each with a speed of its own.
enum class WorkKind : int {
  near_pairs,
  near_gradient_pairs,
  gathers,
  pairs,
  gradient_pairs,
  gemm,
  transform,
  sweep
};

inline constexpr std::size_t kWorkKinds = 8;
inline constexpr std::array<std::string_view, kWorkKinds> kWorkKindNames = {
    "near_pairs", "near_gradient_pairs", "gathers", "pairs", "gradient_pairs", "gemm", "transform", "sweep"};

/// A second of one thread, all others busy alike: pairs of P2P (near_pairs: one 1/r for both sides counts as
/// two), what P2P costs per source and leaf that it acts on (gathers), pairs of the other operators,
/// floating-point operations of matrix products, of M2L's transforms and of its products of families.
struct Rates {
  using Row = std::array<double, kWorkKinds>;
  Row in_single{}, in_double{};
  Row in_one_float{}, in_estimate{};  ///< single precision with P2P in these forms (NearForm)

  double of(WorkKind kind, Precision precision, NearForm form = NearForm::two_floats) const {
    const Row& row = precision == Precision::double_precision ? in_double
                     : form == NearForm::two_floats           ? in_single
                     : form == NearForm::one_float            ? in_one_float
                                                              : in_estimate;
    return row[static_cast<std::size_t>(kind)];
  }
  /// All rows with the names that files give them.
  std::array<std::pair<std::string_view, Row*>, 4> rows() {
    return {{{"single", &in_single},
             {"double", &in_double},
             {"single_one_float", &in_one_float},
             {"single_estimate", &in_estimate}}};
  }
};

/// What a Zen 4 core was measured to do with the instructions in use (matrix products: estimated from another
/// machine's): the cost model's rates unless others are given. Ratios matter, not seconds.
Rates reference_rates();

/// Measures this machine, all OpenMP threads at once: somewhat less than a second. Ranks measure different
/// numbers: an Fmm works by the least of each over its ranks (fmm/agreement.hpp). Not collective.
Rates measure_rates();

/// As Options::memory_limit: nothing is checked.
inline constexpr Index kNoMemoryLimit = 0;

/// Everything is optional: `digits` alone chooses the rest, and what is set explicitly wins.
struct Options {
  /// Of what `output` names: 2..12, in single precision 2..6 (2..5 with the gradient); without digits and
  /// order: 6 (4 in single). Errors are relative L2 errors (docs/accuracy.md).
  std::optional<int> digits;
  std::optional<int> order;                 ///< points per edge of the equivalent surfaces, 2..20
  std::optional<int> check_order;           ///< upward check surface; at least order
  std::optional<int> downward_check_order;  ///< downward check surface; equal to order for M2L by FFT
  /// Maximum sources or targets per leaf; below 10 takes operators of one digit more.
  std::optional<int> ncrit;
  std::optional<double> padding;  ///< the root cube's side over what the points need, 1 .. 2
  bool tune =
      true;  ///< choose n_crit and padding, unless given, by the cost model (cost/tuning); else the table's
  /// For the cost model and balance by work; reference_rates() unless given. Ranks may pass different ones,
  /// or none: of each the least over the ranks counts. All other options must be equal on all ranks.
  std::optional<Rates> rates;
  /// What the digits are promised for, and what the cost model and balance by work expect of evaluations.
  /// With potential, an evaluation may still be asked for the gradient: its error is then 1 to 10
  /// times the potential's, and up to 100 around distant clusters (docs/accuracy.md).
  Output output = Output::potential;
  int max_level = 20;          ///< 1..20
  double inner_radius = 1.05;  ///< in half sides, 1 .. 1.5
  double outer_radius = 2.95;  ///< 1.5 .. 3.5, and more than the inner radius
  double outer_grading = 1;    ///< of the outer surfaces' points (operators/surface.hpp), 0 (none) .. 1.4
  /// Of all operators. Absent: single where digits are 6 or fewer (5 with the gradient) and neither of the
  /// two below is double, double otherwise. Positions and sums are in double in any case.
  std::optional<Precision> precision;
  std::optional<Precision> near_precision;  ///< P2P alone: single is good for up to 6 digits
  /// Points of P2P in single precision where the sources are the targets (NearForm). Absent: by digits and
  /// order; the estimate is good for up to 3 digits.
  std::optional<NearForm> near_form;
  std::optional<Precision> m2l_precision;  ///< M2L by FFT alone: the same, up to 5 digits of the gradient
  std::optional<M2lMethod>
      m2l;  ///< absent: SVD where an option asks for it, else what the rates say is faster
  std::optional<double> svd_tolerance;  ///< M2L by SVD: relative truncation
  std::optional<int> svd_rank;          ///< M2L by SVD: largest rank per transfer vector
  bool balance = true;                  ///< 2:1 balance of the tree
  bool direct_leaves =
      true;  ///< sum W and X pairs of leaves directly where that is fewer pairs (tree/partners.hpp)
  BalanceBy balance_by = BalanceBy::work;
  mpi::Transport transport = mpi::kDefaultTransport;
  /// Multipoles of nodes near more ranks than this go to all ranks by one collective, others to their
  /// users (tree/ghost_needs.hpp); at least 1. Decides on speed only. Absent: default_coarse_users of the
  /// ranks.
  std::optional<Index> coarse_users;
  /// Bytes that a rank may hold by estimate (cost/memory_estimate): set_points throws where that is more.
  /// Absent: what the rank's node has, shared by all ranks there (base/node_memory.hpp). kNoMemoryLimit: any
  /// number.
  std::optional<Index> memory_limit;
  /// Whether leaves at max_level may hold so many more than ncrit points that their pairs take nearly all of
  /// the time (cost/overfull); else set_points throws.
  bool allow_overfull_leaves = false;
};

/// All that the precomputed operators depend on, besides the kernel: two equal keys mean equal operators.
struct OperatorKey {
  std::string kernel;
  int order = 6;                 ///< equivalent surfaces: points per edge of the cube
  int check_order = 6;           ///< upward check surface (P2M, M2M)
  int downward_check_order = 6;  ///< downward check surface (M2L, P2L); equal to `order` for M2L by FFT
  double inner_radius = 1.05;    ///< in half sides: upward equivalent and downward check surfaces
  double outer_radius = 2.95;    ///< upward check and downward equivalent surfaces
  double outer_grading = 1;      ///< of their points towards the cube's edges (see make_surface)
  double pinv_tolerance = 0;     ///< singular values below this times the largest are dropped; 0: the default
  Precision precision = Precision::double_precision;
  Precision m2l_precision =
      Precision::double_precision;  ///< M2L by FFT may work in single where the rest is in double
  M2lMethod m2l = M2lMethod::fft;
  double svd_tolerance =
      0;             ///< M2L by SVD: relative to the largest singular value of a transfer vector's matrix
  int svd_rank = 0;  ///< M2L by SVD: at most this rank per transfer vector; 0 is no limit
  bool operator==(const OperatorKey&) const = default;
};

/// Options resolved: nothing left open.
struct Parameters {
  std::optional<int> digits;  ///< absent where only the order was given
  int ncrit = 0;  ///< where tune_ncrit is set, what the table says: PointSetup has what was chosen
  double padding = 1;
  bool tune_ncrit = false, tune_padding = false;
  Rates rates;
  Output output = Output::potential;
  int max_level = 20;
  bool balance = true;
  bool direct_leaves = true;
  BalanceBy balance_by = BalanceBy::work;
  mpi::Transport transport = mpi::kDefaultTransport;
  std::optional<Index> coarse_users;  ///< in a summary never absent
  std::optional<Index> memory_limit;  ///< absent: what nodes have
  bool allow_overfull_leaves = false;
  OperatorKey operators;
  Precision near_precision = Precision::double_precision;
  NearForm near_form = NearForm::two_floats;  ///< of a near field in single precision
  double near_min_separation = 0.03;          ///< half sides; of the forms with one float

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
  /// Bytes of a multipole that M2L alone needs, on its way between ranks.
  Index multipole_bytes() const;
};

/// Resolves the options by the calibrated table (see accuracy.hpp); throws Error where a value is out of
/// range or two contradict each other.
Parameters resolve(const Options& options, std::string_view kernel_name);

}  // namespace octopole
#pragma GCC visibility pop
