#include "octopole/fmm/verify.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <unordered_set>

#include "octopole/kernels/direct.hpp"

namespace octopole {
namespace {

// Floyd's sampling without repetition, ascending; the same on all ranks.
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

// Without overflow or underflow of the squares.
double root_mean_square(std::span<const double> values) {
  const double scale = largest(values);
  if (!(scale > 0) || !std::isfinite(scale)) return scale;
  double sum = 0;
  for (double v : values) sum += (v / scale) * (v / scale);
  return scale * std::sqrt(sum / static_cast<double>(values.size()));
}

// Infinite where any difference is not finite.
double relative_l2(std::span<const double> values, std::span<const double> reference) {
  std::vector<double> differences(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    differences[i] = values[i] - reference[i];
    if (!std::isfinite(differences[i])) return std::numeric_limits<double>::infinity();
  }
  const double difference = root_mean_square(differences);
  return difference == 0 ? 0 : difference / root_mean_square(reference);
}

}  // namespace

Verification verify(const mpi::Comm& comm, const Laplace& kernel, std::span<const double> sources,
                    std::span<const double> charges, std::span<const double> targets, const Field& field,
                    Index samples, std::uint64_t seed) {
  const bool gradient = comm.any(!field.gradient.empty());
  const Index own = static_cast<Index>(targets.size() / 3), before = comm.exclusive_sum(own);
  const Index population = comm.sum(own);
  const std::vector<Index> chosen = choose(std::min(samples, population), population, seed);
  const std::size_t k = chosen.size();

  // Each rank fills in what it holds; the sum over ranks is everyone's.
  std::vector<double> places(3 * k), potential(k), potential_gradient(gradient ? 3 * k : 0);
  for (std::size_t i = 0; i < k; ++i) {
    const Index here = chosen[i] - before;
    if (here < 0 || here >= own) continue;
    const std::size_t j = static_cast<std::size_t>(here);
    potential[i] = field.potential[j];
    for (std::size_t c = 0; c < 3; ++c) {
      places[3 * i + c] = targets[3 * j + c];
      if (gradient) potential_gradient[3 * i + c] = field.gradient[3 * j + c];
    }
  }
  std::vector<double> reference(k), reference_gradient(potential_gradient.size());
  for (auto* values : {&places, &potential, &potential_gradient})
    comm.allreduce(std::span<double>(*values), MPI_SUM);
  direct_sum(kernel, places, sources, charges, reference, reference_gradient);
  for (auto* values : {&reference, &reference_gradient}) comm.allreduce(std::span<double>(*values), MPI_SUM);

  Verification v;
  v.samples = static_cast<Index>(k);
  v.relative_l2 = relative_l2(potential, reference);
  if (gradient) v.gradient_relative_l2 = relative_l2(potential_gradient, reference_gradient);
  const double rms = root_mean_square(reference);
  double worst = -1;
  for (std::size_t i = 0; i < k; ++i) {
    double difference = std::abs(potential[i] - reference[i]);
    if (!std::isfinite(difference)) difference = std::numeric_limits<double>::infinity();
    if (difference <= worst) continue;
    worst = difference;
    v.worst_target = chosen[i];
    std::copy_n(places.begin() + static_cast<std::ptrdiff_t>(3 * i), 3, v.worst_place.begin());
  }
  v.max = worst > 0 ? worst / rms : 0;
  return v;
}

}  // namespace octopole
