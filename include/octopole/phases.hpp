// Steps of a set-up and of an evaluation, for which times, bytes and messages are reported.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#pragma GCC visibility push(default)
namespace octopole {

/// The phases of one evaluation: the eight operators (L2L includes check-to-local), and all exchanges
/// together (listed by Exchange).
enum class Phase : int { p2m, m2m, m2l, l2l, l2p, m2p, p2l, p2p, exchange };
inline constexpr std::size_t kPhases = 9;
inline constexpr std::array<std::string_view, kPhases> kPhaseNames = {"p2m", "m2m", "m2l", "l2l",     "l2p",
                                                                      "m2p", "p2l", "p2p", "exchange"};

/// The stages of a set-up: choice of n_crit and padding; codes and sorting; points to their owners;
/// refinement, balance and the locally essential tree; lists; cost of a second partition by work (weighing
/// leaves, and the first tree and lists); ghosts (with their coordinates); work lists and M2L's schedule.
enum class SetupStage : int { tuning, sort, distribute, tree, lists, balance, ghosts, plan };
inline constexpr std::size_t kSetupStages = 8;
inline constexpr std::array<std::string_view, kSetupStages> kSetupStageNames = {
    "tuning", "sort", "distribute", "tree", "lists", "balance", "ghosts", "plan"};

/// The exchanges of one evaluation.
enum class Exchange : int {
  charges,            ///< charges to the owners of the sources
  ghost_charges,      ///< charges of ghost sources
  ancestors,          ///< multipoles of children to the owner of a shared parent, all levels together
  coarse_multipoles,  ///< multipoles of coarse nodes to all ranks, by one collective
  ghost_multipoles,   ///< ghost multipoles from owners to users
  near_sums,          ///< near field of border leaves summed by other ranks, potential and gradient
  potential,          ///< potential back to the caller's distribution
  gradient            ///< gradient, if requested, back to the caller's distribution
};
inline constexpr std::size_t kExchanges = 8;
inline constexpr std::array<std::string_view, kExchanges> kExchangeNames = {
    "charges",          "ghost_charges", "ancestors", "coarse_multipoles",
    "ghost_multipoles", "near_sums",     "potential", "gradient"};

/// The exchanges of a set-up whose records follow from the points: points to their owners (per point a Morton
/// code of 8 bytes and coordinates of 24 bytes, two exchanges for the sources and two for distinct targets);
/// keys of nodes that balance splits in other ranks' parts (8 bytes each); records of nodes for the locally
/// essential trees (24 bytes each); requests for the multipoles and sources that a rank needs (16 bytes per
/// node); coordinates of ghost sources (24 bytes each). Numbers of records (8 bytes to every rank) precede
/// all but the last; these, reductions, keys of coarse nodes and the sample of the tuning are not counted
/// here.
enum class SetupExchange : int { points, balance, records, requests, ghost_coordinates };
inline constexpr std::size_t kSetupExchanges = 5;
inline constexpr std::array<std::string_view, kSetupExchanges> kSetupExchangeNames = {
    "points", "balance", "records", "requests", "ghost_coordinates"};

}  // namespace octopole
#pragma GCC visibility pop
