// Options of the FMM, and the parameters that they are resolved to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#pragma GCC visibility push(default)
namespace octopole {

/// Type of global counts and of indices of points: 64 bits. Stored indices may be shorter.
using Index = std::int64_t;

/// What an evaluation computes: the potential, with its gradient, or with its gradient and Hessian. Of vector
/// kernels the potential is their result, velocity or displacement; with the gradient of this vector, and for
/// Stokes also the pressure; or (Stokes) with the pressure alone.
enum class Output {
  potential,
  potential_and_gradient,
  potential_gradient_and_hessian,
  potential_and_pressure
};

/// What sources carry: charges q, whose potential is K(x, y) q; dipoles d, whose potential is the derivative
/// d . grad_y K(x, y) with respect to the source; or both.
enum class SourceKind { charges, dipoles, charges_and_dipoles };

/// Floating-point precision; its value is the bytes per number.
enum class Precision : int { single_precision = 4, double_precision = 8 };

/// M2L by FFT, or by a truncated SVD of each transfer vector's matrix.
enum class M2lMethod : int { fft = 0, svd = 1 };

/// How P2P in single precision represents coordinates if sources = targets. Pairs closer than 1e-6 half sides
/// of their leaf (two floats), or 0.03 half sides of the larger leaf (one float; 0.1 for 6 digits), are
/// summed in double.
enum class NearForm : std::int8_t {
  two_floats,  ///< two floats per coordinate
  one_float,   ///< one float per coordinate, relative to the centre of the point's own leaf
  estimate  ///< as one_float, with an estimate of 1/sqrt that is good to 2^-13, where there is one (AVX-512,
            ///< reproducible AVX2); for 3 digits
};

/// What is divided equally among the ranks: the work of an evaluation, counted from the lists and weighted by
/// the throughput, or points.
enum class LoadBalance { work, points };

std::string_view load_balance_name(LoadBalance by);    ///< "work", "points"
std::string_view precision_name(Precision precision);  ///< "double", "single"
std::string_view m2l_name(M2lMethod method);           ///< "fft", "svd"
std::string_view near_form_name(NearForm form);        ///< "two-floats", "one-float", "estimate"

namespace mpi {

/// How records are sent: by one neighbourhood collective, or by one message per peer. Both deliver the same
/// bytes.
enum class Transport { neighbourhood, point_to_point };
inline constexpr Transport kDefaultTransport = Transport::neighbourhood;
std::string_view transport_name(Transport transport);  ///< "neighbourhood", "point-to-point"

}  // namespace mpi

/// Kinds of operations, each with its own throughput.
enum class OperationKind : int {
  near_pairs,           ///< P2P if sources = targets: pairs of points, two if one 1/r serves both
  near_gradient_pairs,  ///< the same with the gradient
  gathers,              ///< P2P: sources gathered, once per leaf that they act on
  pairs,                ///< pairs of points in all other sums, also in P2P with distinct targets
  gradient_pairs,       ///< the same with the gradient
  gemm,                 ///< floating-point operations of matrix products
  transform,            ///< floating-point operations of M2L's transforms
  sweep                 ///< floating-point operations of M2L's products of families of eight siblings
};

inline constexpr std::size_t kOperationKinds = 8;
inline constexpr std::array<std::string_view, kOperationKinds> kOperationKindNames = {
    "near_pairs", "near_gradient_pairs", "gathers", "pairs", "gradient_pairs", "gemm", "transform", "sweep"};

/// Operations per second of one thread while all threads do the same, by OperationKind; positive.
struct Throughput {
  using Row = std::array<double, kOperationKinds>;
  Row in_single{}, in_double{};       ///< by precision; in_single has P2P with two floats per coordinate
  Row in_one_float{}, in_estimate{};  ///< single precision with P2P in these forms (NearForm)

  /// Throughput of one kind of operations; `form` matters in single precision only.
  double of(OperationKind kind, Precision precision, NearForm form = NearForm::two_floats) const {
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
/// an Fmm uses the minimum of each over its ranks. Not collective.
Throughput measure_throughput();

/// Value of Options::memory_limit with which nothing is checked.
inline constexpr Index kNoMemoryLimit = 0;

/// All members are optional: `digits` alone chooses the rest, and members that are set take precedence.
struct Options {
  /// Number of correct digits of `output`: 2..12, in single precision 2..6 (..5 with gradient, ..4 with
  /// Hessian; of vector kernels ..5, ..4 with gradient, in double ..9 with gradient). If neither digits nor
  /// order is set: 6 (4 in single precision). Errors are relative L2 errors (docs/accuracy.md).
  std::optional<int> digits;
  std::optional<int> order;                 ///< points per edge of the equivalent surfaces, 2..20
  std::optional<int> check_order;           ///< upward check surface, order..24
  std::optional<int> downward_check_order;  ///< downward check surface, order..24; equal to order for FFT
  /// Maximum number of sources or targets per leaf, 1..1e9; below 10, operators of one digit more are used.
  std::optional<int> ncrit;
  std::optional<double> padding;  ///< side of the root cube over the extent of the points, 1..2
  bool tune = true;               ///< choose ncrit and, with it, padding by the cost model, not by the table
  /// For the cost model and the load balance; absent: reference_throughput(). Ranks may pass different ones,
  /// or none: the minimum of each rate over the ranks is used. All other options must be equal on all ranks.
  std::optional<Throughput> throughput;
  /// Output that the digits are promised for, and that the cost model and the load balance assume. With
  /// Output::potential, evaluate may still be asked for the gradient: its error is then 1 to 10 times that of
  /// the potential, and up to 100 times around distant clusters (docs/accuracy.md).
  Output output = Output::potential;
  /// Kind of the sources that the cost model, the load balance and the estimate of memory assume, and that
  /// the digits are promised for; evaluate may be called with other kinds.
  SourceKind source_kind = SourceKind::charges;
  /// Number of vectors of strengths of an evaluation, 1..1e6, that the cost model, the load balance and the
  /// estimate of memory assume; evaluate may be called with other numbers.
  int vectors = 1;
  int max_level = 20;          ///< deepest level of the tree, 1..20
  double inner_radius = 1.05;  ///< upward equivalent and downward check surfaces, in half sides, 1..1.5
  double outer_radius = 2.95;  ///< the other two surfaces, 1.5..3.5; more than inner_radius
  double outer_grading =
      1;  ///< grading of the outer surfaces' points, sparser towards the edges: 0 (none)..1.4
  /// Precision of all operators. Absent: single if the digits are at most 6 (5 with gradient, 4 with Hessian)
  /// and neither near_precision nor m2l_precision is double; else double. Positions and sums at targets are
  /// in double in any case.
  std::optional<Precision> precision;
  std::optional<Precision> near_precision;  ///< of P2P alone: single is good for up to 6 digits
  /// How P2P in single precision represents coordinates if sources = targets (NearForm). Absent: chosen by
  /// digits and order; the estimate is good for up to 3 digits.
  std::optional<NearForm> near_form;
  std::optional<Precision> m2l_precision;  ///< of M2L by FFT: single is good for 6 digits, 5 of the gradient
  std::optional<M2lMethod>
      m2l;  ///< absent: SVD if one of its options is set, else the faster by the throughput
  std::optional<double> svd_tolerance;  ///< M2L by SVD: relative truncation of singular values, 1e-16..0.5
  std::optional<int> svd_rank;          ///< M2L by SVD: maximum rank per transfer vector, 1..10000
  bool two_to_one = true;               ///< 2:1 balance of the tree
  bool direct_leaves =
      true;  ///< sum W and X pairs of leaves directly if these are fewer pairs than M2P and P2L
  LoadBalance load_balance = LoadBalance::work;       ///< what is divided equally among the ranks
  mpi::Transport transport = mpi::kDefaultTransport;  ///< how records are sent between ranks
  /// Multipoles of nodes near more than this number of ranks are sent to all ranks by one collective, others
  /// to the ranks that use them; at least 1. Affects speed only. Absent: by the number of ranks and the
  /// order.
  std::optional<Index> allgather_threshold;
  /// Maximum number of bytes per rank, as estimated: if a rank needs more, Fmm's constructor or set_points
  /// throws. Absent: the memory of the rank's node, shared by all ranks there. kNoMemoryLimit: no limit.
  std::optional<Index> memory_limit;
  /// Whether leaves at max_level may hold so many points beyond ncrit that their pairs take nearly all of the
  /// time; if not, set_points throws.
  bool allow_overfull_leaves = false;
};

/// Maximum number of a kernel's parameters.
inline constexpr std::size_t kKernelParameters = 4;

/// Everything that the precomputed operators depend on: equal keys mean equal operators.
struct OperatorKey {
  std::string_view kernel;  ///< name of the kernel, a constant of the program
  /// Of the kernel in units of a node's half side; 0 beyond their number. In Parameters: in the caller's
  /// unit.
  std::array<double, kKernelParameters> kernel_parameters{};
  int order = 6;                 ///< equivalent surfaces: points per edge of the cube
  int check_order = 6;           ///< upward check surface (P2M, M2M)
  int downward_check_order = 6;  ///< downward check surface (M2L, P2L); equal to `order` for M2L by FFT
  double inner_radius = 1.05;    ///< in half sides: upward equivalent and downward check surfaces
  double outer_radius = 2.95;    ///< in half sides: upward check and downward equivalent surfaces
  double outer_grading = 1;      ///< grading of the points of these surfaces (Options::outer_grading)
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
  Options options;  ///< as given; allgather_threshold is never absent in Summary::parameters

  // What the options left open, or combine to.
  std::optional<int> digits;  ///< absent if only the order was given
  int ncrit = 0;              ///< if tune_ncrit, the table's: Summary::parameters has the chosen one
  double padding = 1;         ///< likewise if tune_padding
  bool tune_ncrit = false, tune_padding = false;  ///< whether set_points chooses
  Throughput throughput;                          ///< the minimum over the ranks
  std::string_view kernel;                        ///< name of the kernel, a constant of the program
  /// Of the kernel in the caller's unit; 0 beyond their number.
  std::array<double, kKernelParameters> kernel_parameters{};
  int components = 1;         ///< of a strength and a result of the kernel: 1, or 3 of vector kernels
  bool has_pressure = false;  ///< whether the kernel has one
  int columns = 1;            ///< of multipoles and locals per vector of strengths
  OperatorKey operators;      ///< of a vector kernel those of Laplace, of which it is composed
  Precision near_precision = Precision::double_precision;
  NearForm near_form = NearForm::two_floats;  ///< of P2P in single precision if sources = targets
  double near_min_separation = 0.03;          ///< half sides; forms with one float sum closer pairs in double

  /// Whether the digits are also those of the gradient, of the Hessian, and of the pressure.
  bool gradient() const { return options.output == Output::potential_and_gradient || hessian(); }
  bool hessian() const { return options.output == Output::potential_gradient_and_hessian; }
  bool pressure() const;
  bool dipoles() const { return options.source_kind != SourceKind::charges; }
  /// Numbers per vector and source (charge and dipole), and per vector and target (potential and
  /// derivatives).
  int strength_parts() const;
  int result_parts() const;
  /// Whether M2L or P2P is in single precision.
  bool any_in_single() const {
    return operators.m2l_precision == Precision::single_precision ||
           near_precision == Precision::single_precision;
  }
  /// Whether multipoles that only M2L needs are sent as floats.
  bool float_wire_multipoles() const {
    return operators.precision == Precision::double_precision &&
           operators.m2l_precision == Precision::single_precision;
  }
  /// Number of passes of an evaluation of options.vectors vectors.
  int passes() const;
  /// Number of vectors that the largest pass takes together.
  int vectors_per_pass() const;
  /// Number of columns of multipoles and locals of the largest pass.
  int columns_per_pass() const { return columns * vectors_per_pass(); }
  /// Whether one of the columns is that of moments (operators/columns.hpp).
  bool moments() const { return columns > 3; }
  /// Bytes per multipole of all vectors of a pass that only M2L needs, as sent between ranks.
  Index multipole_bytes() const;
};

/// Resolves the options by the calibrated table (docs/accuracy.md); throws Error if a value is out of range
/// or two contradict each other. Not collective.
Parameters resolve(const Options& options, std::string_view kernel_name);

}  // namespace octopole
#pragma GCC visibility pop
