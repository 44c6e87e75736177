#include "octopole/verify.hpp"
#include "kernels/derivatives.hpp"
#include "kernels/reference_sum.hpp"
#include "mpi/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <random>
#include <type_traits>
#include <unordered_set>
#include <utility>

namespace octopole {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Floyd's sampling without replacement, sorted; the same on all ranks.
std::vector<Index> choose(Index samples, Index population, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::unordered_set<Index> chosen;
  for (Index last = population - samples; last < population; ++last) {
    const Index candidate = static_cast<Index>(random() % static_cast<std::uint64_t>(last + 1));
    if (!chosen.insert(candidate).second) chosen.insert(last);
  }
  std::vector<Index> sorted(chosen.begin(), chosen.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

double largest(std::span<const double> values) {
  double m = 0;
  for (double v : values) m = std::max(m, std::abs(v));
  return m;
}

// One-sided 95 % quantile of Student's distribution, by the expansion in the degrees of freedom (Abramowitz
// and Stegun 26.7.5): accurate to 1 % from 4 degrees on, to 15 % at 2. At 1 it is the exact 6.31.
double student_quantile(Index degrees) {
  constexpr double z = 1.6448536269514722;
  if (degrees == 1) return 6.313751514675043;
  const double n = static_cast<double>(degrees), z2 = z * z;
  return z * (1 + (z2 + 1) / (4 * n) + ((5 * z2 + 16) * z2 + 3) / (96 * n * n) +
              (((3 * z2 + 19) * z2 + 17) * z2 - 15) / (384 * n * n * n));
}

/// Lengths of vectors of `width` components, of symmetric matrices if there are six, of matrices if there are
/// nine; infinite if any component is not finite.
std::vector<double> lengths(std::span<const double> values, std::size_t width) {
  std::vector<double> result(values.size() / width);
  for (std::size_t i = 0; i < result.size(); ++i) {
    double length = 0;
    for (std::size_t c = 0; c < width; ++c) {
      const bool twice = width == 6 && (c == 1 || c == 2 || c == 4);  // xy, xz, yz
      length = std::hypot(length, (twice ? std::numbers::sqrt2 : 1) * values[width * i + c]);
    }
    result[i] = std::isfinite(length) ? length : kInfinity;
  }
  return result;
}

/// sum of (v / unit)^2.
double sum_of_squares(std::span<const double> values, double unit) {
  double sum = 0;
  for (double v : values) sum += (v / unit) * (v / unit);
  return sum;
}

/// The error of a field, from `errors`, `references` and `scales` of a sample of `population` targets.
FieldError field_error(std::span<const double> errors, std::span<const double> references,
                       std::span<const double> scales, Index population) {
  const double worst = largest(errors), unit = largest(scales);
  const auto ratio = [](double numerator, double denominator) {
    return numerator == 0 ? 0 : std::isfinite(numerator) ? numerator / denominator : kInfinity;
  };
  // The norm without overflow or underflow of the squares.
  const auto norm = [](std::span<const double> values) {
    const double m = largest(values);
    return m > 0 && std::isfinite(m) ? m * std::sqrt(sum_of_squares(values, m)) : m;
  };
  FieldError result;
  const double error = norm(errors), scale = norm(scales);
  result.relative_l2 = ratio(error, norm(references));
  result.scaled_l2 = ratio(error, scale);
  result.cancellation = ratio(norm(references), scale);
  result.scaled_l2_bound = result.scaled_l2;
  const Index n = static_cast<Index>(errors.size());
  if (n == population || worst == 0 || !std::isfinite(result.scaled_l2)) return result;
  if (n == 1) {
    result.scaled_l2_bound = kInfinity;
    return result;
  }
  // In units of the largest error and the largest scale.
  const double samples = static_cast<double>(n);
  const double mean_scale = sum_of_squares(scales, unit) / samples;
  const double squared_ratio = sum_of_squares(errors, worst) / samples / mean_scale;
  double deviations = 0;
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const double e = errors[i] / worst, s = scales[i] / unit, d = e * e - squared_ratio * s * s;
    deviations += d * d;
  }
  const double left_out = 1 - samples / static_cast<double>(population);
  const double deviation = std::sqrt(left_out * deviations / (samples * (samples - 1))) / mean_scale;
  result.scaled_l2_bound =
      result.scaled_l2 * std::sqrt(1 + student_quantile(n - 1) * deviation / squared_ratio);
  return result;
}

/// Strengths and field of one vector: of several, the sum with a weight for each.
struct OneVector {
  std::vector<double> weights;
  std::vector<double> charges, dipoles;  // sums, if there are several vectors
  Strengths strengths;

  /// Weights from 0.5 to 1.5 at random, over the sum of the vector's magnitudes. Collective.
  OneVector(const mpi::Comm& comm, const Strengths& given, std::uint64_t seed)
      : weights(static_cast<std::size_t>(given.vectors), 1.0), strengths(given) {
    if (given.vectors == 1) return;
    const std::size_t width = weights.size();
    std::vector<double> magnitudes(width, 0.0);
    for (const std::span<const double> table : {given.charges, given.dipoles})
      for (std::size_t i = 0; i < table.size(); i += width)
        for (std::size_t v = 0; v < width; ++v) magnitudes[v] += std::abs(table[i + v]);
    comm.allreduce(std::span<double>(magnitudes), MPI_SUM);
    comm.broadcast(std::span<double>(magnitudes));  // reductions may round differently on other ranks
    std::mt19937_64 random(seed);
    constexpr double kLeast = 1e-290;  // so that no weight is infinite
    for (std::size_t v = 0; v < width; ++v)
      weights[v] = (0.5 + static_cast<double>(random() >> 11) * 0x1p-53) / std::max(magnitudes[v], kLeast);
    for (auto [table, sums] : {std::pair(given.charges, &charges), std::pair(given.dipoles, &dipoles)}) {
      sums->resize(table.size() / width);
      for (std::size_t i = 0; i < sums->size(); ++i) (*sums)[i] = of(table, i);
    }
    strengths = {charges, dipoles, 1};
  }
  OneVector(const OneVector&) = delete;
  OneVector& operator=(const OneVector&) = delete;

  /// The value of row i of a table (rows, vectors).
  double of(std::span<const double> table, std::size_t i) const {
    if (weights.size() == 1) return table[i];
    double sum = 0;
    for (std::size_t v = 0; v < weights.size(); ++v) sum += weights[v] * table[i * weights.size() + v];
    return sum;
  }
};

/// Parts of a field with derivatives of one order, on this rank and then at the sampled targets.
struct FieldPart {
  const std::vector<double>& values;  // (targets, width, vectors)
  std::size_t width;
  bool wanted;
  std::vector<double> errors;  // (samples, width): values, then what they differ from the reference
};

/// The parts of a field that some ranks have.
struct PartsPresent {
  bool gradient, hessian, pressure;
};

void check_lengths(const AnyKernel& kernel, std::span<const double> sources, const Strengths& strengths,
                   std::span<const double> targets, const Field& field, const PartsPresent& has) {
  const auto require = [](bool holds, const char* what, std::size_t size, const char* expected) {
    if (!holds)
      throw Error(fmt::format("verify: {}: {} values, expected {}", what, size, expected),
                  "pass what this rank passed to set_points and evaluate, and the field that it received");
  };
  require(sources.size() % 3 == 0, "sources", sources.size(), "three per point");
  require(targets.size() % 3 == 0, "targets", targets.size(), "three per point");
  const auto vectors = static_cast<std::size_t>(field.vectors);
  const bool dipoles = !strengths.dipoles.empty();
  const auto components = static_cast<std::size_t>(kernel.components());
  const auto lacks = [&](const char* what) {
    throw Error(fmt::format("verify: the kernel {} has no {}", kernel.name(), what),
                "pass the kernel that the field is of");
  };
  if (components > 1 && dipoles) lacks("dipoles");
  if (components > 1 && has.hessian) lacks("Hessian");
  if (!kernel.has_pressure() && has.pressure) lacks("pressure");
  require(3 * strengths.charges.size() == components * vectors * sources.size() ||
              (dipoles && strengths.charges.empty()),
          "charges", strengths.charges.size(),
          components > 1 ? "three per source and vector" : "one per source and vector");
  require(!dipoles || strengths.dipoles.size() == vectors * sources.size(), "dipoles",
          strengths.dipoles.size(), "three per source and vector");
  require(3 * field.potential.size() == components * vectors * targets.size(), "potential",
          field.potential.size(),
          components > 1 ? "three per target and vector" : "one per target and vector");
  if (has.gradient)
    require(field.gradient.size() == components * vectors * targets.size(), "gradient", field.gradient.size(),
            components > 1 ? "nine per target and vector, on all ranks or on none"
                           : "three per target and vector, on all ranks or on none");
  if (has.pressure)
    require(3 * field.pressure.size() == vectors * targets.size(), "pressure", field.pressure.size(),
            "one per target and vector, on all ranks or on none");
  if (has.hessian)
    require(field.hessian.size() == 2 * vectors * targets.size(), "Hessian", field.hessian.size(),
            "six per target and vector, on all ranks or on none");
}

Verification verify_together(const mpi::Comm& comm, const AnyKernel& kernel, std::span<const double> sources,
                             const Strengths& given, std::span<const double> targets, const Field& field,
                             Index samples, std::uint64_t seed, ReferenceForm form) {
  const mpi::NamedValue name{"the kernel", std::string(kernel.name())};  // others have other lengths
  mpi::require_equal(comm, {&name, 1}, "pass the same kernel on every rank");
  const PartsPresent has{comm.any(!field.gradient.empty()), comm.any(!field.hessian.empty()),
                         comm.any(!field.pressure.empty())};
  const Index fewest = comm.min(samples), most = comm.max(samples);
  const Index least_vectors = comm.min(Index{field.vectors}), most_vectors = comm.max(Index{field.vectors});
  mpi::collectively(comm, [&] {
    if (given.vectors != field.vectors)
      throw Error(
          fmt::format("verify: the strengths are {} vectors, the field {}", given.vectors, field.vectors),
          "pass the strengths that the field is of");
    if (least_vectors < 1 || least_vectors != most_vectors)
      throw Error(
          fmt::format("verify: fields of {} to {} vectors: it must be one positive number on all ranks",
                      least_vectors, most_vectors));
    if (fewest < 1 || fewest != most)
      throw Error(
          fmt::format("verify: {} to {} samples: it must be one positive number on all ranks", fewest, most));
    check_lengths(kernel, sources, given, targets, field, has);
  });
  comm.broadcast(std::span<std::uint64_t>(&seed, 1));
  const Index own = static_cast<Index>(targets.size() / 3), before = comm.exclusive_sum(own);
  const Index population = comm.sum(own);
  const std::vector<Index> chosen = choose(std::min(samples, population), population, seed);
  const std::size_t k = chosen.size();

  const OneVector one(comm, given, seed);
  // Each rank fills in its own targets; the sum over ranks has all.
  std::vector<double> places(3 * k);
  const auto components = static_cast<std::size_t>(kernel.components());
  std::array<FieldPart, 4> parts{{{field.potential, components, true, {}},
                                  {field.gradient, 3 * components, has.gradient, {}},
                                  {field.hessian, 6, has.hessian, {}},
                                  {field.pressure, 1, has.pressure, {}}}};
  for (FieldPart& part : parts)
    if (part.wanted) part.errors.resize(part.width * k);
  for (std::size_t i = 0; i < k; ++i) {
    const Index here = chosen[i] - before;
    if (here < 0 || here >= own) continue;
    const std::size_t j = static_cast<std::size_t>(here);
    std::copy_n(targets.begin() + static_cast<std::ptrdiff_t>(3 * j), 3,
                places.begin() + static_cast<std::ptrdiff_t>(3 * i));
    for (FieldPart& part : parts)
      for (std::size_t c = 0; part.wanted && c < part.width; ++c)
        part.errors[part.width * i + c] = one.of(part.values, part.width * j + c);
  }
  comm.enter("verify");
  comm.allreduce(std::span<double>(places), MPI_SUM);
  const Output output = has.hessian    ? Output::potential_gradient_and_hessian
                        : has.gradient ? Output::potential_and_gradient
                        : has.pressure ? Output::potential_and_pressure
                                       : Output::potential;
  ReferenceSums sums = reference_sums(kernel, places, sources, one.strengths, output, form);
  struct Reference {
    std::vector<double>&values, &scale;
  };
  const std::array<Reference, 4> references{{{sums.potential, sums.scale},
                                             {sums.gradient, sums.gradient_scale},
                                             {sums.hessian, sums.hessian_scale},
                                             {sums.pressure, sums.pressure_scale}}};
  std::array<std::vector<double>, 4> sizes;  // of the errors
  for (std::size_t p = 0; p < parts.size(); ++p) {
    auto& [values, scale] = references[p];
    std::vector<double>& errors = parts[p].errors;
    for (auto* table : {&errors, &values, &scale}) comm.allreduce(std::span<double>(*table), MPI_SUM);
    for (std::size_t i = 0; i < errors.size(); ++i) errors[i] -= values[i];
    sizes[p] = lengths(errors, parts[p].width);
  }

  Verification v;
  v.samples = static_cast<Index>(k);
  v.targets = population;
  v.vectors = field.vectors;
  if (k == 0) return v;
  const auto error_of = [&](std::size_t p) {
    return field_error(sizes[p], lengths(references[p].values, parts[p].width), references[p].scale,
                       population);
  };
  v.potential = error_of(0);
  if (has.gradient) v.gradient = error_of(1);
  if (has.hessian) v.hessian = error_of(2);
  if (has.pressure) v.pressure = error_of(3);
  const std::vector<double>& of_potential = sizes[0];
  const std::size_t worst = static_cast<std::size_t>(
      std::max_element(of_potential.begin(), of_potential.end()) - of_potential.begin());
  v.worst_target = chosen[worst];
  std::copy_n(places.begin() + static_cast<std::ptrdiff_t>(3 * worst), 3, v.worst_place.begin());
  // The largest error over the root mean square of the reference.
  const double reference = largest(sums.potential);
  v.max =
      of_potential[worst] == 0 ? 0
      : std::isfinite(of_potential[worst])
          ? of_potential[worst] /
                (reference * std::sqrt(sum_of_squares(sums.potential, reference) / static_cast<double>(k)))
          : kInfinity;
  if (v.samples < population) v.worse_share = 1 - std::pow(1 - kConfidence, 1 / static_cast<double>(k));
  // Results of reductions may differ between ranks by rounding; the verification must not.
  static_assert(std::is_trivially_copyable_v<Verification>);
  comm.broadcast(std::span<Verification>(&v, 1));
  return v;
}

}  // namespace

Verification verify(MPI_Comm parent, const AnyKernel& kernel, std::span<const double> sources,
                    const Strengths& strengths, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed, ReferenceForm form) {
  const mpi::Comm comm = mpi::Comm::duplicate(parent);
  return mpi::or_end_all(comm, "verify", [&] {
    return verify_together(comm, kernel, sources, strengths, targets, field, samples, seed, form);
  });
}

Verification verify(MPI_Comm parent, const AnyKernel& kernel, std::span<const double> sources,
                    std::span<const double> charges, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed, ReferenceForm form) {
  return verify(parent, kernel, sources, Strengths{charges, {}, field.vectors}, targets, field, samples, seed,
                form);
}

bool reaches(const Verification& verification, int digits) {
  const double wanted = std::pow(10.0, -digits);
  const auto below = [wanted](const std::optional<FieldError>& error) {
    return !error || error->scaled_l2 < wanted;
  };
  return below(verification.potential) && below(verification.gradient) && below(verification.hessian) &&
         below(verification.pressure);
}

ReferenceForm self_check_form(const Parameters& parameters) {
  // The requested digits, or those that the order reaches.
  const int digits = parameters.digits.value_or(parameters.operators.order - 1);
  constexpr int kEstimatedDigits = 3, kSingleDigits = 5, kOneStepDigits = 7;
  // Errors of distances and of 1/r count several times in higher derivatives.
  const bool high = order_of(parameters.options.output) + (parameters.dipoles() ? 1 : 0) >= 2;
  return digits <= kEstimatedDigits ? (high ? ReferenceForm::in_single : ReferenceForm::estimated)
         : digits <= kSingleDigits  ? (high ? ReferenceForm::one_step : ReferenceForm::in_single)
         : digits <= kOneStepDigits ? ReferenceForm::one_step
                                    : ReferenceForm::in_double;
}

}  // namespace octopole
