#include "octopole/verify.hpp"
#include "kernels/reference_sum.hpp"
#include "mpi/agreement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <type_traits>
#include <unordered_set>

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

/// Lengths of vectors of `width` components; infinite if any component is not finite.
std::vector<double> lengths(std::span<const double> values, std::size_t width) {
  std::vector<double> result(values.size() / width);
  for (std::size_t i = 0; i < result.size(); ++i) {
    double length = 0;
    for (std::size_t c = 0; c < width; ++c) length = std::hypot(length, values[width * i + c]);
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

/// A field, with its charges, of one vector: of several, the sum with a weight for each.
struct OneVector {
  std::vector<double> weights;
  std::vector<double> sums;  // of charges, if there are several vectors

  /// Weights from 0.5 to 1.5 at random, over the sum of the vector's magnitudes. Collective.
  OneVector(const mpi::Comm& comm, std::span<const double> charges, int vectors, std::uint64_t seed)
      : weights(static_cast<std::size_t>(vectors), 1.0) {
    if (vectors == 1) return;
    const std::size_t width = weights.size();
    std::vector<double> magnitudes(width, 0.0);
    for (std::size_t i = 0; i < charges.size(); i += width)
      for (std::size_t v = 0; v < width; ++v) magnitudes[v] += std::abs(charges[i + v]);
    comm.allreduce(std::span<double>(magnitudes), MPI_SUM);
    comm.broadcast(std::span<double>(magnitudes));  // reductions may round differently on other ranks
    std::mt19937_64 random(seed);
    constexpr double kLeast = 1e-290;  // so that no weight is infinite
    for (std::size_t v = 0; v < width; ++v)
      weights[v] = (0.5 + static_cast<double>(random() >> 11) * 0x1p-53) / std::max(magnitudes[v], kLeast);
    sums.resize(charges.size() / width);
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = of(charges, i);
  }

  std::span<const double> charges(std::span<const double> given) const {
    return weights.size() == 1 ? given : std::span<const double>(sums);
  }
  /// The value of row i of a table (rows, vectors).
  double of(std::span<const double> table, std::size_t i) const {
    if (weights.size() == 1) return table[i];
    double sum = 0;
    for (std::size_t v = 0; v < weights.size(); ++v) sum += weights[v] * table[i * weights.size() + v];
    return sum;
  }
};

void check_lengths(std::span<const double> sources, std::span<const double> charges,
                   std::span<const double> targets, const Field& field, bool gradient) {
  const auto require = [](bool holds, const char* what, std::size_t size, const char* expected) {
    if (!holds)
      throw Error(fmt::format("verify: {}: {} values, expected {}", what, size, expected),
                  "pass what this rank passed to set_points and evaluate, and the field that it received");
  };
  require(sources.size() % 3 == 0, "sources", sources.size(), "three per point");
  require(targets.size() % 3 == 0, "targets", targets.size(), "three per point");
  const auto vectors = static_cast<std::size_t>(field.vectors);
  require(3 * charges.size() == vectors * sources.size(), "charges", charges.size(),
          "one per source and vector");
  require(3 * field.potential.size() == vectors * targets.size(), "potential", field.potential.size(),
          "one per target and vector");
  if (gradient)
    require(field.gradient.size() == vectors * targets.size(), "gradient", field.gradient.size(),
            "three per target and vector, on all ranks or on none");
}

Verification verify_together(const mpi::Comm& comm, const AnyKernel& kernel, std::span<const double> sources,
                             std::span<const double> charges, std::span<const double> targets,
                             const Field& field, Index samples, std::uint64_t seed, ReferenceForm form) {
  const bool gradient = comm.any(!field.gradient.empty());
  const Index fewest = comm.min(samples), most = comm.max(samples);
  const Index least_vectors = comm.min(Index{field.vectors}), most_vectors = comm.max(Index{field.vectors});
  mpi::collectively(comm, [&] {
    if (least_vectors < 1 || least_vectors != most_vectors)
      throw Error(
          fmt::format("verify: fields of {} to {} vectors: it must be one positive number on all ranks",
                      least_vectors, most_vectors));
    if (fewest < 1 || fewest != most)
      throw Error(
          fmt::format("verify: {} to {} samples: it must be one positive number on all ranks", fewest, most));
    check_lengths(sources, charges, targets, field, gradient);
  });
  comm.broadcast(std::span<std::uint64_t>(&seed, 1));
  const Index own = static_cast<Index>(targets.size() / 3), before = comm.exclusive_sum(own);
  const Index population = comm.sum(own);
  const std::vector<Index> chosen = choose(std::min(samples, population), population, seed);
  const std::size_t k = chosen.size();

  const OneVector one(comm, charges, field.vectors, seed);
  // Each rank fills in its own targets; the sum over ranks has all.
  std::vector<double> places(3 * k), errors(k), gradient_errors(gradient ? 3 * k : 0);
  for (std::size_t i = 0; i < k; ++i) {
    const Index here = chosen[i] - before;
    if (here < 0 || here >= own) continue;
    const std::size_t j = static_cast<std::size_t>(here);
    errors[i] = one.of(field.potential, j);
    for (std::size_t c = 0; c < 3; ++c) {
      places[3 * i + c] = targets[3 * j + c];
      if (gradient) gradient_errors[3 * i + c] = one.of(field.gradient, 3 * j + c);
    }
  }
  comm.enter("verify");
  comm.allreduce(std::span<double>(places), MPI_SUM);
  ReferenceSums sums = reference_sums(kernel, places, sources, one.charges(charges), gradient, form);
  for (auto* values :
       {&errors, &gradient_errors, &sums.potential, &sums.scale, &sums.gradient, &sums.gradient_scale})
    comm.allreduce(std::span<double>(*values), MPI_SUM);
  for (std::size_t i = 0; i < errors.size(); ++i) errors[i] -= sums.potential[i];
  for (std::size_t i = 0; i < gradient_errors.size(); ++i) gradient_errors[i] -= sums.gradient[i];

  Verification v;
  v.samples = static_cast<Index>(k);
  v.targets = population;
  v.vectors = field.vectors;
  if (k == 0) return v;
  const std::vector<double> sizes = lengths(errors, 1);
  v.potential = field_error(sizes, sums.potential, sums.scale, population);
  if (gradient)
    v.gradient =
        field_error(lengths(gradient_errors, 3), lengths(sums.gradient, 3), sums.gradient_scale, population);
  const std::size_t worst =
      static_cast<std::size_t>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
  v.worst_target = chosen[worst];
  std::copy_n(places.begin() + static_cast<std::ptrdiff_t>(3 * worst), 3, v.worst_place.begin());
  // The largest error over the root mean square of the reference.
  const double reference = largest(sums.potential);
  v.max = sizes[worst] == 0 ? 0
          : std::isfinite(sizes[worst])
              ? sizes[worst] / (reference *
                                std::sqrt(sum_of_squares(sums.potential, reference) / static_cast<double>(k)))
              : kInfinity;
  if (v.samples < population) v.worse_share = 1 - std::pow(1 - kConfidence, 1 / static_cast<double>(k));
  // Results of reductions may differ between ranks by rounding; the verification must not.
  static_assert(std::is_trivially_copyable_v<Verification>);
  comm.broadcast(std::span<Verification>(&v, 1));
  return v;
}

}  // namespace

Verification verify(MPI_Comm parent, const AnyKernel& kernel, std::span<const double> sources,
                    std::span<const double> charges, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed, ReferenceForm form) {
  const mpi::Comm comm = mpi::Comm::duplicate(parent);
  return mpi::or_end_all(comm, "verify", [&] {
    return verify_together(comm, kernel, sources, charges, targets, field, samples, seed, form);
  });
}

bool reaches(const Verification& verification, int digits) {
  const double wanted = std::pow(10.0, -digits);
  return verification.potential.scaled_l2 < wanted &&
         (!verification.gradient || verification.gradient->scaled_l2 < wanted);
}

ReferenceForm self_check_form(const Parameters& parameters) {
  // The requested digits, or those that the order reaches.
  const int digits = parameters.digits.value_or(parameters.operators.order - 1);
  constexpr int kEstimatedDigits = 3, kSingleDigits = 5, kOneStepDigits = 7;
  return digits <= kEstimatedDigits ? ReferenceForm::estimated
         : digits <= kSingleDigits  ? ReferenceForm::in_single
         : digits <= kOneStepDigits ? ReferenceForm::one_step
                                    : ReferenceForm::in_double;
}

}  // namespace octopole
