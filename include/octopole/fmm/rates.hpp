// How fast this machine does each kind of work.
#pragma once

#include <array>
#include <string_view>
#include <utility>

#include "octopole/operators/near_field.hpp"
#include "octopole/operators/translations.hpp"

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
/// two), what each source costs P2P once a leaf it acts on (gathers), pairs of the other operators,
/// floating-point operations of matrix products, of M2L's transforms and of its products of families.
struct Rates {
  using Row = std::array<double, kWorkKinds>;
  Row in_single{}, in_double{};
  Row in_one_float{}, in_estimate{};  // single precision with P2P in these forms (NearForm)

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

/// What a Zen 4 core was measured to do with the instructions in use (matrix products: reckoned from another
/// machine's): the cost model's rates unless others are given. Ratios matter, not seconds.
Rates reference_rates();

/// Measures this machine, all OpenMP threads at once: somewhat less than a second. Ranks measure different
/// numbers: an Fmm works by the least of each over its ranks (fmm/agreement.hpp). Not collective.
Rates measure_rates();

}  // namespace octopole
#pragma GCC visibility pop
