// Options of the FMM, and the parameters that they are resolved to.
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

/// Kinds of work, each with its own rate.
enum class WorkKind : int {
  near_pairs,           ///< P2P if sources = targets: pairs of points, two if one 1/r serves both
  near_gradient_pairs,  ///< the same with the gradient
  gathers,              ///< P2P: sources gathered, once per leaf that they act on
  pairs,                ///< pairs of points in all other sums, also in P2P with distinct targets
  gradient_pairs,       ///< the same with the gradient
  gemm,                 ///< floating-point operations of matrix products
  transform,            ///< floating-point operations of M2L's transforms
  sweep                 ///< floating-point operations of M2L's products of families of eight siblings
};

inline constexpr std::size_t kWorkKinds = 8;
inline constexpr std::array<std::string_view, kWorkKinds> kWorkKindNames = {
    "near_pairs", "near_gradient_pairs", "gathers", "pairs", "gradient_pairs", "gemm", "transform", "sweep"};

/// Operations per second of one thread while all threads do the same work, by WorkKind; positive.
struct Throughput {
  using Row = std::array<double, kWorkKinds>;
  Row in_single{}, in_double{};       ///< by precision; in_single has P2P with two floats per coordinate
  Row in_one_float{}, in_estimate{};  ///< single precision with P2P in these forms (NearForm)

  /// Rate of one kind of work; `form` matters in single precision only.
  double of(WorkKind kind, Precision precision, NearForm form = NearForm::two_floats) const {
    const Row& row = precision == Precision::double_precision ? in_double
                     : form == NearForm::two_floats           ? in_single
                     : form == NearForm::one_float            ? in_one_float
                                                              : in_estimate;
    return row[static_cast<std::size_t>(kind)];
  }
  /// All rows, with their names in files.
  std::array<std::pair<std::string_view, Row*>, 4> rows() {
    return {{{"single", &in_single},
             {"double", &in_double},
             {"single_one_float", &in_one_float},
             {"single_estimate", &in_estimate}}};
  }
};

/// The default of Options::throughput: that of a Zen 4 core with the instruction set in use, measured (matrix
/// products: estimated from another machine). For most choices only its ratios matter. Not collective.
Throughput reference_throughput();

/// Measures this machine with all OpenMP threads at once, in a few seconds. The result differs between ranks:
/// an Fmm uses the minimum of each rate over its ranks (fmm/agreement.hpp). Not collective.
Throughput measure_throughput();

/// Value of Options::memory_limit with which nothing is checked.
inline constexpr Index kNoMemoryLimit = 0;

/// All members are optional: `digits` alone chooses the rest, and members that are set take precedence.
struct Options {
  /// Number of correct digits of `output`: 2..12, in single precision 2..6 (2..5 with the gradient). If
  /// neither digits nor order is set: 6 (4 in single precision). Errors are relative L2 errors
  /// (docs/accuracy.md).
  std::optional<int> digits;
  std::optional<int> order;                 ///< points per edge of the equivalent surfaces, 2..20
  std::optional<int> check_order;           ///< upward check surface, order..24
  std::optional<int> downward_check_order;  ///< downward check surface, order..24; equal to order for FFT
  /// Maximum number of sources or targets per leaf, 1..1e9; below 10, operators of one digit more are used.
  std::optional<int> ncrit;
  std::optional<double> padding;  ///< side of the root cube over the extent of the points, 1..2
  bool tune = true;  ///< choose ncrit and, with it, padding by the cost model (cost/tuning), not by the table
  /// For the cost model and balance by work; absent: reference_throughput(). Ranks may pass different ones,
  /// or none: the minimum of each rate over the ranks is used. All other options must be equal on all ranks.
  std::optional<Throughput> throughput;
  /// Output that the digits are promised for, and that the cost model and balance by work assume. With
  /// Output::potential, evaluate may still be asked for the gradient: its error is then 1 to 10 times that of
  /// the potential, and up to 100 times around distant clusters (docs/accuracy.md).
  Output output = Output::potential;
  int max_level = 20;          ///< deepest level of the tree, 1..20
  double inner_radius = 1.05;  ///< upward equivalent and downward check surfaces, in half sides, 1..1.5
  double outer_radius = 2.95;  ///< the other two surfaces, 1.5..3.5; more than inner_radius
  double outer_grading = 1;    ///< grading of the outer surfaces (operators/surface.hpp), 0 (none)..1.4
  /// Precision of all operators. Absent: single if the digits are at most 6 (5 with the gradient) and neither
  /// near_precision nor m2l_precision is double; else double. Positions and sums at targets are in double in
  /// any case.
  std::optional<Precision> precision;
  std::optional<Precision> near_precision;  ///< of P2P alone: single is good for up to 6 digits
  /// How P2P in single precision takes points if sources = targets (NearForm). Absent: chosen by digits and
  /// order; the estimate is good for up to 3 digits.
  std::optional<NearForm> near_form;
  std::optional<Precision> m2l_precision;  ///< of M2L by FFT: single is good for 6 digits, 5 of the gradient
  std::optional<M2lMethod>
      m2l;  ///< absent: SVD if one of its options is set, else the faster by the throughput
  std::optional<double> svd_tolerance;  ///< M2L by SVD: relative truncation of singular values, 1e-16..0.5
  std::optional<int> svd_rank;          ///< M2L by SVD: maximum rank per transfer vector, 1..10000
  bool balance = true;                  ///< 2:1 balance of the tree
  bool direct_leaves = true;  ///< sum W and X pairs of leaves directly if fewer (tree/interaction_lists.hpp)
  BalanceBy balance_by = BalanceBy::work;             ///< what ranks get equal shares of
  mpi::Transport transport = mpi::kDefaultTransport;  ///< how records are sent between ranks
  /// Multipoles of nodes near more than this number of ranks are sent to all ranks by one collective, others
  /// to the ranks that use them (tree/interaction_lists.hpp); at least 1. Affects speed only. Absent:
  /// default_allgather_threshold of the number of ranks.
  std::optional<Index> allgather_threshold;
  /// Maximum number of bytes per rank, as estimated (cost/memory_estimate): if a rank needs more, Fmm's
  /// constructor or set_points throws. Absent: the memory of the rank's node, shared by all ranks there
  /// (base/machine.hpp). kNoMemoryLimit: no limit.
  std::optional<Index> memory_limit;
  /// Whether leaves at max_level may hold so many points beyond ncrit that their pairs take nearly all of the
  /// time (cost/overfull); if not, set_points throws.
  bool allow_overfull_leaves = false;
};

/// Everything that the precomputed operators depend on: equal keys mean equal operators.
struct OperatorKey {
  std::string kernel;            ///< name of the kernel
  int order = 6;                 ///< equivalent surfaces: points per edge of the cube
  int check_order = 6;           ///< upward check surface (P2M, M2M)
  int downward_check_order = 6;  ///< downward check surface (M2L, P2L); equal to `order` for M2L by FFT
  double inner_radius = 1.05;    ///< in half sides: upward equivalent and downward check surfaces
  double outer_radius = 2.95;    ///< in half sides: upward check and downward equivalent surfaces
  double outer_grading = 1;      ///< grading of the points of these surfaces (see make_surface)
  double pinv_tolerance = 0;     ///< singular values below this times the largest are dropped; 0: the default
  Precision precision = Precision::double_precision;      ///< of all operators but M2L
  Precision m2l_precision = Precision::double_precision;  ///< of M2L; FFT may be single, the rest double
  M2lMethod m2l = M2lMethod::fft;
  double svd_tolerance = 0;  ///< M2L by SVD: relative to the largest singular value per transfer vector
  int svd_rank = 0;          ///< M2L by SVD: maximum rank per transfer vector; 0: no limit
  bool operator==(const OperatorKey&) const = default;
};

/// Options with nothing left open.
struct Parameters {
  std::optional<int> digits;  ///< absent if only the order was given
  int ncrit = 0;              ///< if tune_ncrit, the table's: Summary::parameters has the chosen one
  double padding = 1;         ///< likewise if tune_padding
  bool tune_ncrit = false, tune_padding = false;  ///< whether set_points chooses
  Throughput throughput;
  Output output = Output::potential;
  int max_level = 20;
  bool balance = true;
  bool direct_leaves = true;
  BalanceBy balance_by = BalanceBy::work;
  mpi::Transport transport = mpi::kDefaultTransport;
  std::optional<Index> allgather_threshold;  ///< never absent in Summary::parameters
  std::optional<Index> memory_limit;         ///< absent: the memory of the rank's node
  bool allow_overfull_leaves = false;
  OperatorKey operators;
  Precision near_precision = Precision::double_precision;
  NearForm near_form = NearForm::two_floats;  ///< of P2P in single precision if sources = targets
  double near_min_separation = 0.03;          ///< half sides; forms with one float sum closer pairs in double

  /// Whether `output` has the gradient.
  bool gradient() const { return output == Output::potential_and_gradient; }
  /// Whether M2L or P2P is in single precision.
  bool any_in_single() const {
    return operators.m2l_precision == Precision::single_precision ||
           near_precision == Precision::single_precision;
  }
  /// Whether multipoles that only M2L needs may be sent as floats.
  bool narrow_multipoles() const {
    return operators.precision == Precision::double_precision &&
           operators.m2l_precision == Precision::single_precision;
  }
  /// Bytes per multipole that only M2L needs, as sent between ranks.
  Index multipole_bytes() const;
};

/// Resolves the options by the calibrated table (cost/accuracy.hpp); throws Error if a value is out of range
/// or two contradict each other. Not collective.
Parameters resolve(const Options& options, std::string_view kernel_name);

}  // namespace octopole
#pragma GCC visibility pop
