#include "tests/ugly/case.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <type_traits>

#include "cost/option_table.hpp"
#include "octopole/error.hpp"

namespace octopole::ugly {
namespace {

enum Purpose : std::uint64_t {
  kRanks,
  kPoints,
  kOptions,
  kRest,
  kLimits,
  kKernel,
  kVectors,
  kDipoles,
  kKinds,
  kVectorKernel
};

/// Which rank passes each of n points, and the name of this distribution.
std::vector<int> spread(Random& random, std::size_t n, int ranks, std::string& description) {
  std::vector<int> owners(n);
  const int one = random.integer(0, ranks - 1);
  const std::size_t kind = random.below(6);
  static constexpr const char* kNames[] = {"blocks",          "on one rank", "at random",
                                           "on every second", "lopsided",    "in turn backwards"};
  description = kNames[kind];
  for (std::size_t i = 0; i < n; ++i) {
    const int block = static_cast<int>(i * static_cast<std::size_t>(ranks) / n);
    switch (kind) {
      case 1:
        owners[i] = one;
        break;
      case 2:
        owners[i] = random.integer(0, ranks - 1);
        break;
      case 3:
        owners[i] = block / 2 * 2;
        break;
      case 4:
        owners[i] = random.chance(0.9) ? one : block;
        break;
      case 5:
        owners[i] = ranks - 1 - static_cast<int>(i % static_cast<std::size_t>(ranks));
        break;
      default:
        owners[i] = block;
    }
  }
  return owners;
}

void draw_isas(Random& random, Case& c) {
  const std::vector<simd::Isa> isas = simd::available_isas();
  c.isas.assign(static_cast<std::size_t>(c.ranks), isas.back());
  if (random.chance(0.6)) return;
  const bool mixed = random.chance(0.6);
  const simd::Isa all = isas[random.below(isas.size())];
  for (simd::Isa& isa : c.isas) isa = mixed ? isas[random.below(isas.size())] : all;
  c.mixed_isas = std::any_of(c.isas.begin(), c.isas.end(), [&](simd::Isa isa) { return isa != c.isas[0]; });
}

/// Laplace, or Yukawa with a screening length from 100 times to a hundredth of the extent of the points.
AnyKernel draw_kernel(Random& random, const Problem& problem) {
  if (random.chance(0.6)) return Laplace{};
  if (random.chance(0.1)) return Yukawa{0};
  const auto [least, most] = std::minmax_element(problem.sources.begin(), problem.sources.end());
  const double extent = *most > *least ? *most - *least : 1;
  return Yukawa{std::pow(10.0, random.uniform() * 4 - 2) / extent};
}

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double value : values) most = std::max(most, std::abs(value));
  return most;
}

/// Dipoles of random directions whose lengths are charges times a length, up to the largest coordinate.
std::vector<double> draw_dipoles(Random& random, const Problem& problem) {
  std::vector<double> dipoles;
  const double length = largest(problem.sources) * random.decades(-4, 0);
  for (const double charge : problem.charges)
    for (int c = 0; c < 3; ++c) dipoles.push_back(charge * length * random.uniform(-1, 1));
  return dipoles;
}

/// Replaces some kernels by vector kernels, with forces of random directions, where the options allow them.
void draw_vector_kernel(Random& random, Case& c) {
  const bool wanted = random.chance(0.45);
  const AnyKernel kernel =
      random.one_of<AnyKernel>({Stokes{random.decades(-3, 3)},
                                Elasticity{random.decades(-3, 3), random.uniform(-0.9, 0.5)}, BiotSavart{}});
  const Options& options = c.choice.options;
  constexpr double kMost = 1e50;
  const double size = std::max(largest(c.problem.sources), largest(c.problem.targets));
  if (!wanted || c.choice.refused || options.output == Output::potential_gradient_and_hessian ||
      options.source_kind != SourceKind::charges || !(size < kMost && size > 1 / kMost))
    return;
  try {
    resolve(options, kernel.name());
  } catch (const Error&) {
    return;  // more digits than there are for gradients, of which these results are made
  }
  c.kernel = kernel;
  c.charges.clear();
  for (const double charge : c.problem.charges)
    for (int i = 0; i < 3; ++i) c.charges.push_back(charge * random.uniform(-1, 1));
  // Of their own tables, the order is that for one derivative more; an order of the caller's is not, nor is
  // that for the result if its gradient is asked for unannounced.
  if (options.order) c.choice.bound = c.choice.gradient_bound;
  if (options.order || options.output == Output::potential) c.choice.gradient_bound = c.choice.hessian_bound;
}

/// The output of a vector kernel: mostly what the options say, for Stokes also the pressure.
Output draw_vector_output(Random& random, const Case& c) {
  const bool gradient = c.choice.options.output != Output::potential;
  if (random.chance(0.1) != gradient) return Output::potential_and_gradient;
  return c.kernel.has_pressure() && random.chance(0.4) ? Output::potential_and_pressure : Output::potential;
}

/// Mostly what the options say; not in units of length in which the derivatives of dipoles over- or
/// underflow.
void draw_kind_and_output(Random& random, Case& c) {
  const Options& options = c.choice.options;
  constexpr double kMost = 1e50;
  const double size = std::max(largest(c.problem.sources), largest(c.problem.targets));
  const bool usual = size < kMost && size > 1 / kMost;
  c.kind = random.chance(0.9) ? options.source_kind : SourceKind::charges_and_dipoles;
  const bool few_digits = c.choice.bound >= 1e-5;
  if (!usual || !(c.problem.targets_are_sources || few_digits)) c.kind = SourceKind::charges;
  if (c.kind != SourceKind::charges) c.dipoles = draw_dipoles(random, c.problem);
  if (c.output == Output::potential) return;
  c.output = usual && random.chance(options.output == Output::potential_gradient_and_hessian ? 0.9 : 0.1)
                 ? Output::potential_gradient_and_hessian
                 : Output::potential_and_gradient;
}

Choice draw_choice(std::uint64_t seed, std::uint64_t number) {
  Random options(seed, number, kOptions), limits(seed, number, kLimits), kinds(seed, number, kKinds);
  return draw_options(options, limits, kinds);
}

std::vector<std::string_view> option_names() {
  std::vector<std::string_view> names;
  for_each_option([&](const OptionInfo& info, auto) { names.push_back(info.name); });
  return names;
}

/// Another value of an option, not necessarily one that goes with the others.
template <class T>
T another(const OptionInfo& info, const T& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return !value;
  } else if constexpr (std::is_enum_v<T>) {
    return Choices<T>::values[value == Choices<T>::values[0] ? 1 : 0];
  } else {
    const T least = static_cast<T>(info.least);
    return value != least ? least : least + 1;
  }
}
template <class T>
std::optional<T> another(const OptionInfo& info, const std::optional<T>& value) {
  return another(info, value.value_or(T{}));
}

}  // namespace

int ranks_of_case(std::uint64_t seed, std::uint64_t number, int most_ranks) {
  Random random(seed, number, kRanks);
  const double which = random.uniform();
  const int ranks = which < 0.2    ? 1
                    : which < 0.55 ? random.integer(2, 3)
                    : which < 0.85 ? random.integer(4, 7)
                                   : random.integer(8, 13);
  return (ranks - 1) % most_ranks + 1;
}

Case draw_case(std::uint64_t seed, std::uint64_t number, int most_ranks) {
  Case c;
  c.ranks = ranks_of_case(seed, number, most_ranks);
  Random points(seed, number, kPoints), random(seed, number, kRest);
  c.problem = draw_problem(points);
  c.choice = draw_choice(seed, number);
  Random kernels(seed, number, kKernel);
  c.kernel = draw_kernel(kernels, c.problem);
  c.charges = c.problem.charges;
  Random vector_kernels(seed, number, kVectorKernel);
  draw_vector_kernel(vector_kernels, c);
  Random vectors(seed, number, kVectors);
  c.vectors = vectors.chance(0.8) ? std::max(1, c.choice.options.vectors) : vectors.integer(1, 9);
  c.judged = vectors.integer(0, c.vectors - 1);

  const int few = random.integer(1, 3);
  const bool unequal = random.chance(0.5);
  for (int r = 0; r < c.ranks; ++r) c.threads.push_back(unequal ? random.integer(1, 3) : few);
  draw_isas(random, c);
  std::string source_spread, target_spread;
  c.source_rank = spread(random, c.problem.charges.size(), c.ranks, source_spread);
  c.target_rank = c.source_rank;
  if (!c.problem.targets_are_sources)
    c.target_rank = spread(random, c.problem.targets.size() / 3, c.ranks, target_spread);
  if (random.chance(0.1) != (c.choice.options.output != Output::potential))
    c.output = Output::potential_and_gradient;
  Random dipoles(seed, number, kDipoles);
  if (c.kernel.components() > 1)
    c.output = draw_vector_output(dipoles, c);
  else
    draw_kind_and_output(dipoles, c);
  if (random.chance(0.3))
    c.history = static_cast<History>(random.below(static_cast<std::size_t>(History::count)));
  if (random.chance(0.06))
    c.bad_input = static_cast<BadInput>(random.below(static_cast<std::size_t>(BadInput::count)));
  if (c.bad_input >= BadInput::other_option && c.ranks == 1) c.bad_input = BadInput::none;
  const std::vector<std::string_view> names = option_names();
  c.other_option = names[random.below(names.size())];
  c.unequal_throughput = c.choice.options.throughput && !c.choice.refused && random.chance(0.5);
  if (c.unequal_throughput) c.choice.same_on_one_rank = false;
  c.bad_rank = c.source_rank[random.below(c.source_rank.size())];

  static constexpr const char* kHistories[] = {"", ", after other points", ", after other charges",
                                               ", moved"};
  static constexpr const char* kBadInputs[] = {"",
                                               ", no sources",
                                               ", a position NaN",
                                               ", an infinite charge",
                                               ", a charge missing",
                                               ", a coordinate missing",
                                               ", on a rank another ",
                                               ", another overload on a rank",
                                               ", another output on a rank"};
  std::vector<std::string_view> isas;
  for (const simd::Isa isa : c.isas) isas.push_back(simd::isa_name(isa));
  c.description = fmt::format(
      "{} {:.3g}, vector {} of {}, {} ranks, threads {}, {}; {}; {}{}{}{}{}{}{};{}", c.kernel.name(),
      c.kernel.parameters()[0], c.judged + 1, c.vectors, c.ranks, fmt::join(c.threads, " "),
      c.mixed_isas ? fmt::format("{}", fmt::join(isas, " ")) : std::string(isas[0]), c.problem.description,
      source_spread, target_spread.empty() ? "" : ", targets ", target_spread,
      fmt::format(", {} of {}", Choices<Output>::name(c.output), Choices<SourceKind>::name(c.kind)),
      kHistories[static_cast<std::size_t>(c.history)], kBadInputs[static_cast<std::size_t>(c.bad_input)],
      c.bad_input == BadInput::other_option ? c.other_option : "",
      c.choice.description + (c.unequal_throughput ? " of each rank's own" : ""));
  return c;
}

Options options_of(const Case& c, int rank) {
  Options o = c.choice.options;
  if (c.unequal_throughput)
    for (const auto& [name, row] : o.throughput->rows())
      for (double& rate : *row) rate *= 1 + 0.3 * rank;
  if (c.bad_input != BadInput::other_option || rank != c.bad_rank) return o;
  for_each_option([&](const OptionInfo& info, auto member) {
    if (info.name == c.other_option) o.*member = another(info, o.*member);
  });
  return o;
}

std::string options_never_drawn(std::uint64_t seed) {
  std::vector<std::string_view> missing = option_names();
  const Options usual;
  for (std::uint64_t number = 0; number < 1000 && !missing.empty(); ++number) {
    const Choice choice = draw_choice(seed, number);
    if (choice.refused) continue;
    for_each_option([&](const OptionInfo& info, auto member) {
      if (choice.options.*member != usual.*member) std::erase(missing, info.name);
    });
  }
  return fmt::format("{}", fmt::join(missing, ", "));
}

std::vector<std::size_t> places_of(const std::vector<int>& owners, int rank) {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < owners.size(); ++i)
    if (owners[i] == rank) places.push_back(i);
  return places;
}

std::vector<double> part_of(const std::vector<double>& values, std::size_t width,
                            const std::vector<std::size_t>& places) {
  std::vector<double> part;
  for (const std::size_t i : places)
    part.insert(part.end(), values.begin() + static_cast<std::ptrdiff_t>(width * i),
                values.begin() + static_cast<std::ptrdiff_t>(width * (i + 1)));
  return part;
}

}  // namespace octopole::ugly
