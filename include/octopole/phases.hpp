// What a set-up and an evaluation are made of: the steps that times, bytes and messages are given for.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// The phases of one evaluation: the eight operators, check-to-local within L2L, and the exchanges (all of
/// them together: Exchange).
enum class Phase : int { p2m, m2m, m2l, l2l, l2p, m2p, p2l, p2p, exchange };
inline constexpr std::size_t kPhases = 9;
inline constexpr std::array<std::string_view, kPhases> kPhaseNames = {"p2m", "m2m", "m2l", "l2l",     "l2p",
                                                                      "m2p", "p2l", "p2p", "exchange"};

/// The stages of a set-up: choice of n_crit and padding, codes and sorting, points to their owners,
/// refinement and balance and the locally essential tree, lists, what a second partition by work costs
/// (weighing leaves, and the first tree and lists), ghosts (with their coordinates), work lists and M2L's
/// plan.
enum class SetupStage : int { tuning, sort, distribute, tree, lists, balance, ghosts, plan };
inline constexpr std::size_t kSetupStages = 8;
inline constexpr std::array<std::string_view, kSetupStages> kSetupStageNames = {
    "tuning", "sort", "distribute", "tree", "lists", "balance", "ghosts", "plan"};

/// The exchanges of one evaluation: charges to the owners of the sources; charges of ghost sources;
/// multipoles of children to the owner of a parent that ranks share (all levels together); multipoles of
/// coarse nodes to all ranks, by one collective; ghost multipoles from owners to users; what other ranks have
/// summed of the near field of leaves at the border, potential and gradient together; potential and gradient
/// (where it is asked for) back to the caller's distribution.
enum class Exchange : int {
  charges,
  ghost_charges,
  ancestors,
  coarse_multipoles,
  ghost_multipoles,
  near_sums,
  potential,
  gradient
};
inline constexpr std::size_t kExchanges = 8;
inline constexpr std::array<std::string_view, kExchanges> kExchangeNames = {
    "charges",          "ghost_charges", "ancestors", "coarse_multipoles",
    "ghost_multipoles", "near_sums",     "potential", "gradient"};

/// The exchanges of a set-up whose records follow from the points: points to their owners (a Morton code of 8
/// bytes and 24 bytes of coordinates each, two exchanges for the sources and two for distinct targets); keys
/// of nodes that balance splits in other ranks' parts (8 bytes each); records of nodes for the locally
/// essential trees (24 bytes each); requests for the multipoles and sources that a rank needs (16 bytes per
/// node); coordinates of ghost sources (24 bytes each). Numbers of records (8 bytes to every rank) precede
/// all but the last; they, reductions, keys of coarse nodes and what tuning looks at are not counted here.
enum class SetupExchange : int { points, balance, records, requests, ghost_coordinates };
inline constexpr std::size_t kSetupExchanges = 5;
inline constexpr std::array<std::string_view, kSetupExchanges> kSetupExchangeNames = {
    "points", "balance", "records", "requests", "ghost_coordinates"};

}  // namespace octopole
#pragma GCC visibility pop
