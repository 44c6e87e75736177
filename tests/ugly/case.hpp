// One ugly problem: a pure function of a seed, a number and how many ranks there may be.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simd/isa.hpp"
#include "tests/ugly/options.hpp"
#include "tests/ugly/points.hpp"

namespace octopole::ugly {

/// What is wrong with the call on one rank, which all ranks must refuse. The last three are not wrong where
/// that rank is alone.
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

/// What an Fmm did before it meets the problem.
enum class History { none, other_points, other_charges, moved, count };

struct Case {
  int ranks = 1;
  std::vector<int> threads;     // (ranks)
  std::vector<simd::Isa> isas;  // (ranks) some perhaps worse than the machine has
  bool mixed_isas = false;
  Choice choice;
  Problem problem;
  std::vector<int> source_rank, target_rank;  // who passes each point: the same where targets are sources
  bool gradient = false;
  History history = History::none;
  BadInput bad_input = BadInput::none;
  int bad_rank = 0;
  int other_option = 0;  // which one differs there
  bool unequal_rates = false;
  std::string description;
};

/// The ranks of a case, without the case.
int ranks_of_case(std::uint64_t seed, std::uint64_t number, int most_ranks);

/// The options as `rank` passes them.
Options options_of(const Case& c, int rank);

Case draw_case(std::uint64_t seed, std::uint64_t number, int most_ranks);

/// The places of the points that `rank` passes, and their values, `width` a point.
std::vector<std::size_t> places_of(const std::vector<int>& owners, int rank);
std::vector<double> part_of(const std::vector<double>& values, std::size_t width,
                            const std::vector<std::size_t>& places);

}  // namespace octopole::ugly
