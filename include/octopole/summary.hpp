// What a run was and did, over all ranks: the content of the program's table and report.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "octopole/options.hpp"
#include "octopole/phases.hpp"

#pragma GCC visibility push(default)
namespace octopole {

struct MinMeanMax {
  double min = 0, mean = 0, max = 0;
};

/// Of a number that every rank counts; worst_rank is the lowest that has max.
struct CountOverRanks {
  Index min = 0, max = 0, sum = 0;
  int worst_rank = 0;
  double mean = 0;
};

struct Traffic;  // base/traffic.hpp

/// The numbers of one Traffic.
struct TrafficCounts {
  Index bytes_sent = 0, bytes_received = 0;
  Index messages_sent = 0, messages_received = 0;
  Index peers = 0;
  TrafficCounts() = default;
  explicit TrafficCounts(const Traffic& traffic);
  bool operator==(const TrafficCounts&) const = default;
};

/// All exchanges of one rank.
struct RankTraffic {
  std::array<TrafficCounts, kExchanges> exchanges;  ///< of one evaluation
  TrafficCounts evaluation;                         ///< all of these; a peer of several counts once
  std::array<TrafficCounts, kSetupExchanges> setup;
  RankTraffic() = default;
  RankTraffic(const std::array<Traffic, kExchanges>& by_exchange,
              const std::array<Traffic, kSetupExchanges>& of_setup);
  bool operator==(const RankTraffic&) const = default;
};

struct TrafficOverRanks {
  CountOverRanks bytes_sent, bytes_received, messages_sent, messages_received, peers;
};

/// Seconds of an exchange, exposed and in all (in flight: exposed + hidden; see ExchangeSeconds), and for
/// those that overlap with work the share that is hidden behind it, 1 - exposed / in flight of the sums over
/// ranks; 0 where nothing travels between ranks.
struct ExchangeTimes {
  MinMeanMax exposed, in_flight;
  double hidden = 0;
};

/// Up to this number of ranks CommunicationSummary lists each of them.
inline constexpr int kListedRanks = 1024;

struct CommunicationSummary {
  std::array<TrafficOverRanks, kExchanges> exchanges;
  std::array<ExchangeTimes, kExchanges> times;
  TrafficOverRanks evaluation;
  std::array<TrafficOverRanks, kSetupExchanges> setup;
  Index reductions = 0;              ///< Allreduces of an evaluation
  std::vector<RankTraffic> by_rank;  ///< empty for more than kListedRanks ranks
};

/// One candidate and the seconds of one thread that an evaluation of the potential is expected to take.
struct TuningRow {
  double padding = 1;
  int ncrit = 0;
  std::array<double, kPhases> seconds{};
  double total = 0;
};

/// What is decided for a point set, alike on all ranks.
struct Tuning {
  double padding = 1;
  int ncrit = 0;
  Index direct_sources = 0, direct_targets = 0;  ///< of tree::choose_partners, by direct_points
  Index sample = 0;                              ///< points looked at; 0 where nothing was to be chosen
  std::vector<TuningRow> table;  ///< of every padding looked at the best n_crit, and of the chosen one all
};

/// Work of one phase by kind: pairs of points, floating-point operations (M2L by SVD at the rank expected).
struct PhaseWork {
  double pairs = 0, gathers = 0, gemm = 0, transform = 0, sweep = 0;
};

using Work = std::array<PhaseWork, kPhases>;

/// What every rank holds for the sake of all ranks, in bytes.
struct ReplicatedBytes {
  Index partition = 0;   ///< bounds of all parts, for good
  Index coarse = 0;      ///< multipoles of coarse nodes and how many are whose, for good
  Index count_tree = 0;  ///< while the points are divided
  Index shared = 0;      ///< of nodes that ranks share, while the tree is built: keys and counts
  /// Of what lives at the same time, the most: in the set-up, there are no multipoles yet.
  Index largest() const { return partition + std::max({coarse, count_tree, shared}); }
  bool operator==(const ReplicatedBytes&) const = default;
};

/// Bytes of one rank by when they live. The set-up's arrays and what is needed to make them live before the
/// evaluation's; a set-up that is replaced lives until the new one stands.
struct MemoryEstimate {
  Index operators = 0;  ///< translation matrices and transforms, for good
  Index replaced = 0;   ///< a set-up before this one and its evaluations' arrays
  Index set_up = 0;     ///< at most at a time during the set-up, without `replaced`
  Index stays = 0;      ///< of them for as long as the set-up lives
  Index evaluation =
      0;                ///< charges, multipoles, locals, sums, M2L's transforms, message buffers, the results
  Index allocated = 0;  ///< of all these when the estimate was made

  /// At most at a time, with kProcessBytes and kHeapShare for what arrays do not explain.
  Index peak() const;
  /// Of it what is still to be allocated.
  Index ahead() const { return peak() - with_heap(allocated); }
  bool operator==(const MemoryEstimate&) const = default;

  static Index with_heap(Index bytes);
};

/// Over all ranks. Seconds are those of the slowest rank by counts, rates and threads: equal on all ranks,
/// never measured.
struct OverfullLeaves {
  Index leaves = 0;          ///< with more than n_crit sources or targets
  Index largest = 0;         ///< maximum sources or targets per leaf, overfull or not
  double pairs = 0;          ///< of points, with a point of an overfull leaf
  double seconds = 0;        ///< of an evaluation, for these pairs; a leaf is one thread's
  double other_seconds = 0;  ///< for all else; where there is no such leaf 0, as is `seconds`
};

/// Mean over the leaves (U, W) or nodes (V, X) that have targets, and the largest; only partners that have
/// sources count.
struct ListSize {
  double mean = 0;
  Index max = 0;
};

struct TreeSummary {
  Index leaves = 0;  ///< of the complete tree, empty ones included
  Index nodes = 0;
  Index occupied_leaves = 0;  ///< with a source or a target
  int levels = 0;             ///< 1 where the root is the only node
  Index largest_leaf = 0;     ///< maximum sources or targets per leaf
  Index overfull_leaves = 0;  ///< more than n_crit points at the maximum level
  ListSize u, v, w, x;
  std::uint64_t hash = 0;  ///< of all leaves, equal whatever the number of ranks
};

/// Largest over mean of the ranks: 1 where all are equal, and where there is nothing.
struct Imbalance {
  std::array<double, kPhases> phases;
  double total = 1;  ///< of the eight operators together
  Imbalance() { phases.fill(1); }
};

/// How evenly the ranks share the evaluation of the potential. Work is counted, and weighed with the rates.
struct BalanceSummary {
  bool moved = false;   ///< a partition by work took the place of the one by points
  Imbalance by_points;  ///< work, under the partition by points
  Imbalance work;       ///< work, under the partition in use
  Imbalance seconds;    ///< of the last evaluation; waiting is in none but the exchange
  double repeated =
      0;  ///< share of the work that is repeated because several ranks hold parts of the same nodes
};

struct Summary {
  Parameters parameters;  ///< n_crit and padding as they were chosen
  Index sources = 0, targets = 0;
  bool targets_are_sources = false;
  int ranks = 1, threads = 1;
  Tuning tuning;
  TreeSummary tree;
  MinMeanMax setup_seconds;                            ///< set_points: tree, lists, ghosts
  std::array<MinMeanMax, kSetupStages> stage_seconds;  ///< of it
  MinMeanMax operators_seconds;                        ///< reading or computing the operators
  MinMeanMax evaluate_seconds;                         ///< the last evaluate
  std::array<MinMeanMax, kPhases> phase_seconds;
  Work work{};                         ///< of one evaluation, all ranks together
  CommunicationSummary communication;  ///< of the set-up and the last evaluate
  BalanceSummary balance;
  ReplicatedBytes replicated;
  OverfullLeaves overfull;
  MemoryEstimate memory_estimate;   ///< of the rank with the largest peak(); where set_points checked it
  Index memory_estimate_total = 0;  ///< peak() of all ranks
  Index peak_rss_bytes_max = 0, peak_rss_bytes_total = 0;
  std::string operators_note;  ///< where the operators came from
};

}  // namespace octopole
#pragma GCC visibility pop
