// Summary of a run over all ranks: the content of the program's table and report. Times are in seconds.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

// ---- steps of a set-up and of an evaluation, for which times, bytes and messages are reported.

/// The phases of one evaluation: the eight operators (L2L includes check-to-local), and all exchanges
/// together (listed by Exchange).
enum class Phase : int { p2m, m2m, m2l, l2l, l2p, m2p, p2l, p2p, exchange };
inline constexpr std::size_t kPhases = 9;
inline constexpr std::array<std::string_view, kPhases> kPhaseNames = {"p2m", "m2m", "m2l", "l2l",     "l2p",
                                                                      "m2p", "p2l", "p2p", "exchange"};

/// The stages of a set-up: choice of n_crit and padding; codes and sorting; points to their owners;
/// refinement, balance and the locally essential tree; lists; cost of a second partition by work (weighing
/// leaves, and the first tree and lists); ghosts (with their coordinates); work lists and M2L's schedule.
enum class SetupStage : int { tuning, sort, distribute, tree, lists, load_balance, ghosts, plan };
inline constexpr std::size_t kSetupStages = 8;
inline constexpr std::array<std::string_view, kSetupStages> kSetupStageNames = {
    "tuning", "sort", "distribute", "tree", "lists", "balance", "ghosts", "plan"};

/// The exchanges of one evaluation.
enum class Exchange : int {
  charges,            ///< charges and dipoles to the owners of the sources
  ghost_charges,      ///< those of ghost sources
  ancestors,          ///< multipoles of children to the owner of a shared parent, all levels together
  coarse_multipoles,  ///< multipoles of coarse nodes to all ranks, by one collective
  ghost_multipoles,   ///< ghost multipoles from owners to users
  near_sums,          ///< near field of border leaves summed by other ranks, potential and derivatives
  potential,          ///< potential, with the pressure if requested, back to the caller's distribution
  gradient,           ///< gradient, if requested, back to the caller's distribution
  hessian             ///< Hessian, likewise
};
inline constexpr std::size_t kExchanges = 9;
inline constexpr std::array<std::string_view, kExchanges> kExchangeNames = {
    "charges",   "ghost_charges", "ancestors", "coarse_multipoles", "ghost_multipoles", "near_sums",
    "potential", "gradient",      "hessian"};

/// The exchanges of a set-up whose records follow from the points: points to their owners (per point a Morton
/// code of 8 bytes and coordinates of 24 bytes, two exchanges for the sources and two for distinct targets);
/// keys of nodes that balance splits in other ranks' parts (8 bytes each); records of nodes for the locally
/// essential trees (24 bytes each); requests for the multipoles and sources that a rank needs (16 bytes per
/// node); coordinates of ghost sources (24 bytes each). Numbers of records (8 bytes to every rank) precede
/// all but the last; these, reductions, keys of coarse nodes and the sample of the tuning are not counted
/// here.
enum class SetupExchange : int { points, two_to_one, records, requests, ghost_coordinates };
inline constexpr std::size_t kSetupExchanges = 5;
inline constexpr std::array<std::string_view, kSetupExchanges> kSetupExchangeNames = {
    "points", "balance", "records", "requests", "ghost_coordinates"};

// ---- their statistics over the ranks.

/// Minimum, mean and maximum of a value over the ranks.
struct MinMeanMax {
  double min = 0, mean = 0, max = 0;
};

/// Statistics over the ranks of a count; worst_rank is the lowest rank with the maximum.
struct CountOverRanks {
  Index min = 0, max = 0, sum = 0;
  int worst_rank = 0;
  double mean = 0;
};

/// What one rank sends to other ranks and receives from them; `peers` is the number of these ranks.
struct TrafficCounts {
  Index bytes_sent = 0, bytes_received = 0;
  Index messages_sent = 0, messages_received = 0;
  Index peers = 0;
  bool operator==(const TrafficCounts&) const = default;
};

/// Traffic of one rank, by exchange.
struct RankTraffic {
  std::array<TrafficCounts, kExchanges> exchanges;  ///< of one evaluation, by Exchange
  TrafficCounts evaluation;  ///< all of these together; a peer of several exchanges counts once
  std::array<TrafficCounts, kSetupExchanges> setup;  ///< of the set-up, by SetupExchange
  bool operator==(const RankTraffic&) const = default;
};

/// TrafficCounts over the ranks.
struct TrafficOverRanks {
  CountOverRanks bytes_sent, bytes_received, messages_sent, messages_received, peers;
};

/// Seconds of an exchange: exposed, and in flight (exposed + hidden). For exchanges that
/// overlap with work, `hidden` is the share hidden behind it, 1 - exposed / in_flight of the sums over ranks;
/// 0 for others and if nothing is sent between ranks.
struct ExchangeTimes {
  MinMeanMax exposed, in_flight;
  double hidden = 0;
};

/// Maximum number of ranks for which CommunicationSummary lists each of them.
inline constexpr int kListedRanks = 1024;

/// Communication of the last evaluation and of the set-up.
struct CommunicationSummary {
  std::array<TrafficOverRanks, kExchanges> exchanges;   ///< of one evaluation, by Exchange
  std::array<ExchangeTimes, kExchanges> times;          ///< of the last evaluation, by Exchange
  TrafficOverRanks evaluation;                          ///< all exchanges of one evaluation
  std::array<TrafficOverRanks, kSetupExchanges> setup;  ///< of the set-up, by SetupExchange
  Index reductions = 0;                                 ///< Allreduces per evaluation
  std::vector<RankTraffic> by_rank;                     ///< by rank; empty for more than kListedRanks ranks
};

/// A candidate of the tuning, with the expected seconds of one thread per evaluation of Options::output.
struct TuningRow {
  double padding = 1;
  int ncrit = 0;
  std::array<double, kPhases> seconds{};  ///< by Phase
  double total = 0;                       ///< sum of `seconds`
};

/// The choices made for a point set, equal on all ranks.
struct Tuning {
  double padding = 1;
  int ncrit = 0;
  Index direct_sources = 0;      ///< P2P replaces M2P from leaves with at most this number of sources
  Index direct_targets = 0;      ///< P2P replaces P2L to leaves with at most this number of targets
  Index sample = 0;              ///< number of points sampled; 0 if there was nothing to choose
  std::vector<TuningRow> table;  ///< the best n_crit of every padding tried, then all of the chosen padding
};

/// Operations of one phase by OperationKind: numbers of pairs and gathers, and floating-point operations (M2L
/// by SVD at its expected rank).
struct PhaseOperations {
  double pairs = 0, gathers = 0, gemm = 0, transform = 0, sweep = 0;
};

/// Operations by Phase.
using OperationsByPhase = std::array<PhaseOperations, kPhases>;

/// Bytes of data that every rank holds for all ranks.
struct ReplicatedBytes {
  Index partition = 0;   ///< bounds of all parts; permanent
  Index coarse = 0;      ///< multipoles of coarse nodes, and their numbers by rank; permanent
  Index count_tree = 0;  ///< while the points are divided among the ranks
  Index shared = 0;      ///< keys and counts of nodes that ranks share; while the tree is built
  /// Maximum of the bytes that are held at the same time: during the set-up there are no multipoles yet.
  Index largest() const { return partition + std::max({coarse, count_tree, shared}); }
  bool operator==(const ReplicatedBytes&) const = default;
};

/// Estimated bytes of one rank, by lifetime. The set-up's arrays and the temporaries that build them precede
/// the evaluation's arrays; a replaced set-up is freed when the new one is complete.
struct MemoryEstimate {
  Index operators = 0;   ///< translation matrices and transforms; permanent
  Index replaced = 0;    ///< the previous set-up, while the new one is built
  Index set_up = 0;      ///< maximum during the set-up, without `replaced`
  Index stays = 0;       ///< the part of it that is kept with the set-up
  Index evaluation = 0;  ///< charges, multipoles, locals, sums, M2L's transforms, message buffers, results
  Index allocated = 0;   ///< the part of all these that was allocated when the estimate was made

  /// Maximum held at the same time, plus kProcessBytes and kHeapShare for what arrays do not explain.
  Index peak() const;
  /// The part of peak() that is still to be allocated.
  Index ahead() const { return peak() - with_heap(allocated); }
  bool operator==(const MemoryEstimate&) const = default;

  /// `bytes` of arrays plus kHeapShare of them.
  static Index with_heap(Index bytes);
};

/// Leaves with more than n_crit points, over all ranks. Seconds are estimates for the slowest rank, from
/// counts, throughput and threads: equal on all ranks, never measured.
struct OverfullLeaves {
  Index leaves = 0;          ///< leaves with more than n_crit sources or targets
  Index largest = 0;         ///< maximum number of sources or targets per leaf, overfull or not
  double pairs = 0;          ///< pairs of points of which one is in an overfull leaf
  double seconds = 0;        ///< of an evaluation, for these pairs; a leaf is summed by one thread
  double other_seconds = 0;  ///< of an evaluation, for all other work; 0, as `seconds`, without such leaves
};

/// Length of an interaction list: mean over the leaves (U, W) or nodes (V, X) that have targets, and maximum.
/// Only nodes that have sources count.
struct ListSize {
  double mean = 0;
  Index max = 0;
};

/// The tree over all ranks.
struct TreeSummary {
  Index leaves = 0;  ///< of the complete tree, empty ones included
  Index nodes = 0;
  Index occupied_leaves = 0;  ///< leaves with a source or a target
  int levels = 0;             ///< number of levels: 1 if the root is the only node
  Index largest_leaf = 0;     ///< maximum number of sources or targets per leaf
  Index overfull_leaves = 0;  ///< leaves (at the maximum level) with more than n_crit sources or targets
  ListSize u, v, w, x;        ///< of the four interaction lists
  std::uint64_t hash = 0;     ///< of all leaves; independent of the number of ranks
};

/// Maximum over mean of the ranks: 1 if all are equal, or all are zero.
struct Imbalance {
  std::array<double, kPhases> phases;  ///< by Phase
  double total = 1;                    ///< of the sum over the eight operators
  Imbalance() { phases.fill(1); }
};

/// How evenly the ranks share an evaluation. Work is counted, and weighted by the throughput.
struct LoadBalanceSummary {
  bool moved = false;   ///< whether a partition by work replaced the one by points
  Imbalance by_points;  ///< work, under the partition by points
  Imbalance work;       ///< work, under the partition in use
  Imbalance seconds;    ///< of the last evaluation; time spent waiting is in Phase::exchange only
  double repeated = 0;  ///< share of work repeated because several ranks hold parts of the same nodes
};

/// Summary of an Fmm over all ranks.
struct Summary {
  Parameters parameters;           ///< with the chosen n_crit and padding
  Index sources = 0, targets = 0;  ///< numbers of points
  bool targets_are_sources = false;
  int ranks = 1, threads = 1;  ///< threads: maximum per rank
  Tuning tuning;
  TreeSummary tree;
  MinMeanMax setup_seconds;                            ///< of the last set_points
  std::array<MinMeanMax, kSetupStages> stage_seconds;  ///< its stages, by SetupStage
  MinMeanMax operators_seconds;                        ///< of reading or computing the operators
  MinMeanMax evaluate_seconds;                         ///< of the last evaluate
  std::array<MinMeanMax, kPhases> phase_seconds;       ///< its phases, by Phase
  OperationsByPhase operations{};                      ///< of one evaluation, all ranks together
  CommunicationSummary communication;                  ///< of the set-up and the last evaluate
  LoadBalanceSummary load_balance;
  ReplicatedBytes replicated;
  OverfullLeaves overfull;
  MemoryEstimate memory_estimate;   ///< of the rank with the largest peak(); if set_points checked it
  Index memory_estimate_total = 0;  ///< sum of peak() over all ranks
  Index peak_rss_bytes_max = 0, peak_rss_bytes_total = 0;  ///< peak resident memory of the processes so far
  std::string operators_note;  ///< where the operators came from, and whether they were stored
};

}  // namespace octopole
#pragma GCC visibility pop
