// One random case: a pure function of a seed, a number and the maximum number of ranks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "octopole/kernels.hpp"
#include "simd/isa.hpp"
#include "tests/ugly/options.hpp"
#include "tests/ugly/points.hpp"

namespace octopole::ugly {

/// Invalid input on one rank (no_sources: on all), which all ranks must refuse. The last three are valid on a
/// single rank.
enum class BadInput {
  none,
  no_sources,
  nan_position,
  infinite_charge,
  charge_missing,
  coordinate_missing,
  other_option,
  other_overload,
  other_output,
  count
};

/// What an Fmm has done before it gets the problem.
enum class History { none, other_points, other_charges, moved, count };

struct Case {
  int ranks = 1;
  std::vector<int> threads;     // (ranks)
  std::vector<simd::Isa> isas;  // (ranks) some possibly below the best of the machine
  bool mixed_isas = false;
  Choice choice;
  Problem problem;
  AnyKernel kernel = Laplace{};
  std::vector<double> charges;                // (n, components of the kernel)
  std::vector<int> source_rank, target_rank;  // which rank passes each point; equal where sources = targets
  SourceKind kind = SourceKind::charges;
  std::vector<double> dipoles;  // (n, 3); empty if there are none
  Output output = Output::potential;
  int vectors = 1, judged = 0;  // of strengths; the one that the problem's strengths are
  History history = History::none;
  BadInput bad_input = BadInput::none;
  int bad_rank = 0;
  std::string_view other_option;  // which option differs there
  bool unequal_throughput = false;
  std::string description;
};

/// The number of ranks of a case, without drawing the case.
int ranks_of_case(std::uint64_t seed, std::uint64_t number, int most_ranks);

/// The options that `rank` passes.
Options options_of(const Case& c, int rank);

Case draw_case(std::uint64_t seed, std::uint64_t number, int most_ranks);

/// The options of cost/option_table.hpp to which none of the seed's first 1,000 cases that are not to be
/// refused gives another value than the default, as text; empty: all of them are drawn.
std::string options_never_drawn(std::uint64_t seed);

/// Indices of the points that `rank` passes, and their values, `width` per point.
std::vector<std::size_t> places_of(const std::vector<int>& owners, int rank);
std::vector<double> part_of(const std::vector<double>& values, std::size_t width,
                            const std::vector<std::size_t>& places);

}  // namespace octopole::ugly
