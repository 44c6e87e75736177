#include "octopole/options.hpp"

#include <fmt/format.h>

#include <cmath>

#include "cost/accuracy.hpp"
#include "cost/operation_counts.hpp"
#include "cost/option_table.hpp"
#include "kernels/any_kernel.hpp"
#include "kernels/derivatives.hpp"
#include "octopole/error.hpp"
#include "operators/p2p.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

template <class T>
void require(T value, T low, T high, const char* name) {
  if (!(value >= low && value <= high))
    throw Error(fmt::format("{} = {} is out of range: it must be between {} and {}", name, value, low, high));
}

// Digits reached in single precision; fewer with the gradient if M2L is in single, because its rounding
// errors show around clusters (docs/accuracy.md).
constexpr int kSingleDigits = 6, kSingleGradientDigits = 5, kSingleHessianDigits = 4;

/// Whether second derivatives of the kernel are summed, those with respect to sources included.
bool has_second_derivatives(const Options& options) {
  return order_of(options.output) + SourceParts(options.source_kind).order() >= 2;
}

/// Digits that P2P in single precision reaches.
int near_single_digits(const Options& options) {
  return has_second_derivatives(options) ? kSingleDigits - 1 : kSingleDigits;
}

int single_digits(Output output) {
  return output == Output::potential                ? kSingleDigits
         : output == Output::potential_and_gradient ? kSingleGradientDigits
                                                    : kSingleHessianDigits;
}

// Digits that the forms of the near field keep: one float, one float with kMinSeparation, estimate.
constexpr int kOneFloatDigits = 6, kSmallSeparationDigits = 5, kEstimateDigits = 3;

[[noreturn]] void refuse_svd_in_another_precision() {
  throw Error("M2L by SVD works in the precision of the other operators",
              "choose M2L by FFT, or leave its precision out");
}

/// Chooses the precision of each operator from the requested `digits` and from `aim`, the digits that
/// operators must have; both are absent if only the order is given.
void resolve_precisions(const Options& options, std::optional<int> digits, std::optional<int> aim,
                        Parameters& p) {
  constexpr Precision single = Precision::single_precision, in_double = Precision::double_precision;
  const bool few = !options.precision && aim;
  const bool some_in_double = options.near_precision == in_double || options.m2l_precision == in_double;
  const int reach = single_digits(options.output);
  const Precision parts = few && *aim <= reach ? single : options.precision.value_or(in_double);
  const Precision near = few && *aim <= near_single_digits(options) ? single : parts;
  const Precision overall = options.precision.value_or(some_in_double ? in_double : parts);
  p.operators.precision = overall;
  p.near_precision = options.near_precision.value_or(near);
  p.operators.m2l_precision = options.m2l_precision.value_or(options.m2l == M2lMethod::svd ? overall : parts);
  if (overall == single && (p.near_precision != single || p.operators.m2l_precision != single))
    throw Error("near field or M2L in double with the rest in single precision",
                "choose double precision, and single for the near field or M2L");
  if (p.operators.m2l_precision != overall && options.m2l == M2lMethod::svd)
    refuse_svd_in_another_precision();
  const int most = p.operators.m2l_precision == single ? reach : near_single_digits(options);
  if (digits && *digits > most && p.any_in_single())
    throw Error(fmt::format("{} digits{} cannot be reached with operators in single precision", *digits,
                            order_of(p.options.output) == 0 ? "" : " of derivatives"),
                fmt::format("ask for {} digits, or use double precision", most));
}

/// The options by which the tables are read. Results of vector kernels are sums of gradients of potentials.
Options for_tables(Options options, const KernelType& kernel) {
  check_output<Error>(kernel, options.output);
  if (kernel.components == 1) return options;
  if (options.source_kind != SourceKind::charges)
    throw Error(fmt::format("the kernel {} has one kind of sources", kernel.name),
                "leave the kind of sources as it is");
  // One derivative more.
  options.output =
      order_of(options.output) >= 1 ? Output::potential_gradient_and_hessian : Output::potential_and_gradient;
  return options;
}

// With smaller leaves the nearest targets of a source are left to M2L, whose errors then average over few
// pairs (docs/accuracy.md): operators of one digit more keep them below the requested error.
constexpr int kSmallLeaf = 10;

/// The row of the calibrated table for a number of digits. Above its range, the last row: with one order more
/// in double precision, unchanged in single, where rounding errors dominate.
AccuracyRow row_for(Precision precision, const Options& options, int components, int digits) {
  AccuracyRow row = accuracy_table(precision, options.output, options.source_kind, components).back();
  if (digits <= row.digits)
    return accuracy_row(precision, options.output, options.source_kind, digits, components);
  if (precision == Precision::double_precision) {
    ++row.order;
    ++row.check_order;
  }
  return row;
}

/// The digits for which the operators are chosen, or more if the order reaches more.
int digits_kept(const Options& options, const Parameters& p, int digits) {
  for (const AccuracyRow& row :
       accuracy_table(Precision::single_precision, options.output, options.source_kind, p.components))
    if (row.order <= p.operators.order) digits = std::max(digits, row.digits);
  return digits;
}

/// The cheapest form of the near field's points that keeps the digits.
NearForm choose_near_form(const Options& options, const Parameters& p, int kept) {
  constexpr Precision single = Precision::single_precision;
  const bool operators_in_single = p.operators.precision == single;
  const auto reach = [](NearForm form) {
    return form == NearForm::two_floats  ? kSingleDigits
           : form == NearForm::one_float ? kOneFloatDigits
                                         : kEstimateDigits;
  };
  if (options.near_form) {
    if (*options.near_form == NearForm::two_floats) return NearForm::two_floats;
    if (p.near_precision != single)
      throw Error(fmt::format("the near field in the form {} needs P2P in single precision",
                              near_form_name(*options.near_form)),
                  "choose single precision, or leave the form out");
    if (const int digits = p.digits.value_or(0); digits > reach(*options.near_form))
      throw Error(fmt::format("{} digits cannot be reached with the near field in the form {}", digits,
                              near_form_name(*options.near_form)),
                  fmt::format("ask for {} digits, or leave the form out", reach(*options.near_form)));
    return *options.near_form;
  }
  if (p.near_precision != single) return NearForm::two_floats;
  // Orders beyond the digits are for more accuracy.
  if (operators_in_single
          ? p.operators.order >
                accuracy_table(single, options.output, options.source_kind, p.components).back().order
          : options.order || !p.digits)
    return NearForm::two_floats;
  // Third derivatives have four times the relative error of 1/sqrt.
  const bool third = options.output == Output::potential_gradient_and_hessian && p.dipoles();
  for (const NearForm form : {NearForm::estimate, NearForm::one_float})
    if (kept <= reach(form) && !(third && form == NearForm::estimate)) return form;
  return NearForm::two_floats;
}

/// The method that the options require, else the faster one for a node with all its neighbours.
M2lMethod choose_m2l(const Options& options, Parameters& p) {
  const OperatorKey& key = p.operators;
  if (options.svd_rank || options.svd_tolerance || key.downward_check_order != key.order) {
    if (!options.m2l_precision) p.operators.m2l_precision = key.precision;
    if (key.m2l_precision != key.precision) refuse_svd_in_another_precision();
    return M2lMethod::svd;
  }
  if (key.m2l_precision != key.precision) return M2lMethod::fft;  // SVD works in one precision
  const auto m2l_seconds = [&](M2lMethod method) {
    OperationCounts family{};
    family.families_in = family.families_out = 1;
    family.family_pairs = 26;
    family.v_pairs = 8 * 189;
    OperatorKey candidate = key;
    candidate.m2l = method;
    return seconds_of(operations_of(family, candidate, expected_svd_rank(candidate)), p, p.throughput,
                      true)[static_cast<std::size_t>(Phase::m2l)];
  };
  return m2l_seconds(M2lMethod::svd) < m2l_seconds(M2lMethod::fft) ? M2lMethod::svd : M2lMethod::fft;
}

}  // namespace

Index Parameters::multipole_bytes() const {
  const bool in_single = operators.precision == Precision::single_precision || float_wire_multipoles();
  return columns_per_pass() * surface_size(operators.order) *
         static_cast<Index>(in_single ? sizeof(float) : sizeof(double));
}

int Parameters::strength_parts() const {
  return StrengthLayout{components, options.source_kind}.count();
}

int Parameters::result_parts() const {
  return layout_of(components, has_pressure, options.output).count();
}

bool Parameters::pressure() const {
  return layout_of(components, has_pressure, options.output).pressure;
}

int Parameters::passes() const {
  return passes_of(options.vectors, components);
}

int Parameters::vectors_per_pass() const {
  return (options.vectors + passes() - 1) / passes();
}

std::string_view precision_name(Precision precision) {
  return precision == Precision::double_precision ? "double" : "single";
}

std::string_view load_balance_name(LoadBalance by) {
  return by == LoadBalance::work ? "work" : "points";
}

std::string_view near_form_name(NearForm form) {
  return form == NearForm::two_floats ? "two-floats" : form == NearForm::one_float ? "one-float" : "estimate";
}

std::string_view m2l_name(M2lMethod method) {
  return method == M2lMethod::fft ? "fft" : "svd";
}

namespace {

Parameters resolve(const Options& given, const KernelType& kernel) {
  Parameters p;
  p.options = given;
  OperatorKey& key = p.operators;
  p.kernel = kernel.name;
  p.components = kernel.components;
  p.has_pressure = kernel.has_pressure;
  p.columns = kernel.columns_of_strength;
  key.kernel = kernel.components > 1 ? Laplace::name : kernel.name;
  const Options options = for_tables(given, kernel);

  int check_order = 0;
  std::optional<int> digits = options.digits;
  if (!digits && !options.order) digits = options.precision == Precision::single_precision ? 4 : 6;
  if (digits)
    accuracy_row(options.precision.value_or(Precision::double_precision), options.output, options.source_kind,
                 *digits, p.components);  // in range
  check_ranges(options);
  p.throughput = options.throughput.value_or(reference_throughput());
  for (const auto& [name, row] : p.throughput.rows())
    for (std::size_t kind = 0; kind < kOperationKinds; ++kind)
      if (const double rate = (*row)[kind]; !(rate > 0) || !std::isfinite(rate))
        throw Error(fmt::format("throughput of {} = {}: it must be a positive number",
                                kOperationKindNames[kind], rate));
  p.throughput = throughput_for(p, p.throughput);
  // The digits for which operators are chosen; p.digits remains the requested number.
  std::optional<int> aim = digits;
  if (aim && options.ncrit && *options.ncrit < kSmallLeaf) ++*aim;
  resolve_precisions(options, digits, aim, p);
  const bool in_double = key.precision == Precision::double_precision;
  if (digits) {
    const AccuracyRow row = row_for(key.precision, options, p.components, *aim);
    p.digits = digits;
    key.order = row.order;
    check_order = row.check_order;
    p.ncrit = row.ncrit;
  }
  if (options.order) {
    if (!options.digits)
      p.ncrit =
          ncrit_for_order(key.precision, options.output, options.source_kind, *options.order, p.components);
    if (*options.order != key.order || check_order == 0) check_order = *options.order;
    key.order = *options.order;
  }
  key.check_order = options.check_order.value_or(check_order);
  require(key.check_order, key.order, kLargestCheckOrder, "check order");
  key.downward_check_order = options.downward_check_order.value_or(key.order);
  require(key.downward_check_order, key.order, kLargestCheckOrder, "downward check order");
  const int kept = digits_kept(options, p, aim.value_or(0));
  p.near_form = choose_near_form(options, p, kept);
  // Second derivatives have several times the relative errors of distances.
  const bool far = kept > kSmallSeparationDigits || has_second_derivatives(options);
  p.near_min_separation = far ? kMinSeparation6Digits : kMinSeparation;
  key.m2l = options.m2l.value_or(choose_m2l(options, p));
  if (key.m2l == M2lMethod::fft && key.downward_check_order != key.order)
    throw Error(fmt::format("downward check order {} differs from order {}: M2L by FFT needs them equal",
                            key.downward_check_order, key.order),
                "leave it unset, or choose M2L by SVD");

  if (options.ncrit) p.ncrit = *options.ncrit;
  p.tune_ncrit = options.tune && !options.ncrit;
  p.tune_padding = p.tune_ncrit && !options.padding;
  p.padding = options.padding.value_or(1);

  key.inner_radius = options.inner_radius;
  key.outer_radius = options.outer_radius;
  key.outer_grading = options.outer_grading;
  if (key.outer_radius <= key.inner_radius)
    throw Error(fmt::format("outer radius {} must be larger than inner radius {}", key.outer_radius,
                            key.inner_radius));

  key.pinv_tolerance = effective_pinv_tolerance(key);
  if (key.m2l == M2lMethod::fft) {
    if (options.svd_rank || options.svd_tolerance)
      throw Error("SVD rank and SVD tolerance have no meaning for M2L by FFT",
                  "choose M2L by SVD, or leave them out");
    return p;
  }
  // The digits that the order reaches, from the requested digits if given; one order adds about 0.8 digits.
  const double reached = aim ? *aim + 1 : std::min(in_double ? 14.0 : 6.0, 0.85 * key.order + 1.5);
  key.svd_tolerance = options.svd_tolerance.value_or(options.svd_rank ? 1e-15 : std::pow(10.0, -reached));
  key.svd_rank = options.svd_rank.value_or(0);
  return p;
}

}  // namespace

Parameters resolve(const Options& options, std::string_view kernel_name) {
  kernel_parameter_names(kernel_name);  // throws if there is no such kernel
  return resolve(options, *kernel_type(kernel_name));
}

}  // namespace octopole
