#include "cost/leaf_cost.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cost/option_table.hpp"

namespace octopole {
namespace {

/// Number of sources or of targets of a leaf in this rank's part, whichever is larger.
Index points_of(const tree::EssentialTree& tree, NodeIndex leaf) {
  return std::max(tree.source_count[at(leaf)], tree.target_end[at(leaf)] - tree.target_begin[at(leaf)]);
}

/// Pairs closer than LeafFramePoints::min_separation are summed in double, at this share of the throughput of
/// other pairs in double without gradient: 4e4 coincident points took 2.7 s at 3 and 6 digits, with and
/// without gradient.
constexpr double kCloseShare = 0.15;
constexpr int kCloseCellLevels = 5;  // cells are 1/32 of a leaf wide

/// Number of pairs of a leaf's sources in the same small cell, according to their codes.
double close_pairs(tree::NodeKey leaf, std::span<const morton::Code> sources) {
  const int shift = 3 * std::max(0, morton::kDepth - leaf.level() - kCloseCellLevels);
  auto next = std::lower_bound(sources.begin(), sources.end(), leaf.first_code());
  const auto end = std::lower_bound(next, sources.end(), leaf.end_code());
  double pairs = 0;
  while (next != end) {
    const auto cell = std::upper_bound(
        next, end, *next, [shift](morton::Code a, morton::Code b) { return a >> shift < b >> shift; });
    pairs += static_cast<double>(cell - next) * static_cast<double>(cell - next);
    next = cell;
  }
  return pairs;
}

/// Seconds of one thread for close pairs; 0 if they cost no more than others.
double seconds_of_close(double pairs, const Parameters& parameters) {
  if (parameters.near_form == NearForm::two_floats) return 0;
  Parameters in_double = parameters;
  in_double.near_precision = in_double.operators.precision = Precision::double_precision;
  in_double.near_form = NearForm::two_floats;
  in_double.options.output = Output::potential;
  OperationCounts counts;
  counts.near_pairs = pairs;
  return total(predict_seconds(counts, in_double, true)) / kCloseShare;
}

}  // namespace

morton::Code place_of(tree::NodeKey node, tree::CodeRange range) {
  return std::max(node.first_code(), range.first);
}

std::vector<double> leaf_seconds(const RankLists& lists, tree::CodeRange range,
                                 std::span<const tree::NodeKey> leaves,
                                 std::span<const OperationCounts> by_node, double families_in,
                                 const Parameters& parameters, bool targets_are_sources) {
  double families_out = 0;
  for (const OperationCounts& counts : by_node) families_out += counts.families_out;
  std::vector<double> seconds(leaves.size(), 0);
  for (NodeIndex node = 0; node < lists.tree.size(); ++node) {
    OperationCounts counts = by_node[at(node)];
    if (counts == OperationCounts{}) continue;
    if (families_out > 0) counts.families_in = counts.families_out * families_in / families_out;
    const morton::Code place = place_of(lists.tree.keys[at(node)], range);
    const auto leaf =
        std::upper_bound(leaves.begin(), leaves.end(), place,
                         [](morton::Code code, tree::NodeKey key) { return code < key.first_code(); }) -
        leaves.begin() - 1;
    seconds[static_cast<std::size_t>(leaf)] +=
        total(predict_seconds(counts, parameters, targets_are_sources));
  }
  return seconds;
}

Index direct_points(const Parameters& parameters, Index surface, bool targets_are_sources) {
  if (!parameters.options.direct_leaves) return 0;
  OperationsByPhase operations{};  // of one pair each
  operations[static_cast<std::size_t>(Phase::p2p)].pairs = 1;
  operations[static_cast<std::size_t>(Phase::m2p)].pairs = 1;
  const auto seconds = seconds_of(operations, parameters, parameters.throughput, targets_are_sources);
  return static_cast<Index>(static_cast<double>(surface) * seconds[static_cast<std::size_t>(Phase::m2p)] /
                            seconds[static_cast<std::size_t>(Phase::p2p)]);
}

bool is_absurd(const OverfullLeaves& overfull) {
  return overfull.seconds > kOverfullSeconds && overfull.seconds > kOverfullShare * overfull.other_seconds;
}

OverfullLeaves find_overfull(const mpi::Comm& comm, const RankLists& lists,
                             std::span<const std::uint8_t> ends, const tree::Partition& partition,
                             std::span<const morton::Code> own_sources, Index ncrit,
                             const Parameters& parameters, bool targets_are_sources, int threads) {
  const tree::EssentialTree& tree = lists.tree;
  const tree::CodeRange range = partition.range(comm.rank());
  OverfullLeaves overfull;
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    if (!tree.leaf[at(node)] || !range.overlaps(tree.keys[at(node)])) continue;
    overfull.leaves += points_of(tree, node) > ncrit;
    overfull.largest = std::max(overfull.largest, points_of(tree, node));
  }
  overfull.largest = comm.max(overfull.largest);
  if (overfull.largest <= ncrit) return overfull;
  overfull.leaves = comm.sum(overfull.leaves);

  const OperatorNodes operator_nodes =
      make_operator_nodes(lists, ends, static_cast<Index>(own_sources.size()));
  const auto seconds = [&](const OperationCounts& counts) {
    return total(predict_seconds(counts, parameters, targets_are_sources));
  };
  OperationCounts near;  // of pairs with a point of an overfull leaf
  double in_all = 0, costliest = 0;
  for (const auto* leaves : {&operator_nodes.interior_leaves, &operator_nodes.boundary_leaves})
    for (const NodeIndex leaf : *leaves) {
      const bool full = points_of(tree, leaf) > ncrit;
      OperationCounts row;
      for (const NodeIndex other : lists.operator_lists.p2p.of(leaf))
        if (full || tree.source_count[at(other)] > ncrit)
          row.near_gathers += static_cast<double>(tree.source_count[at(other)]);
      row.near_pairs =
          row.near_gathers * static_cast<double>(tree.target_end[at(leaf)] - tree.target_begin[at(leaf)]);
      near += row;
      const double of_row =
          seconds(row) + (full && targets_are_sources
                              ? seconds_of_close(close_pairs(tree.keys[at(leaf)], own_sources), parameters)
                              : 0);
      in_all += of_row;
      costliest = std::max(costliest, of_row);
    }
  const double others = std::max(
      0.0, seconds(count_operations(lists, operator_nodes, {}, parameters.operators)) - seconds(near));
  std::array<double, 2> slowest = {std::max(in_all / threads, costliest), others / threads};
  comm.allreduce(std::span<double>(slowest), MPI_MAX);
  overfull.pairs = comm.sum(near.near_pairs);
  overfull.seconds = slowest[0];
  overfull.other_seconds = slowest[1];
  return overfull;
}

std::string describe(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit) {
  return fmt::format(
      "{} at the maximum level {} {} more than ncrit = {} points, up to {} (many points coincide or nearly "
      "so): an "
      "evaluation takes about {:.3g} s for their {:.3g} pairs and {:.3g} s for everything else",
      overfull.leaves == 1 ? fmt::format("1 leaf") : fmt::format("{} leaves", overfull.leaves),
      parameters.options.max_level, overfull.leaves == 1 ? "holds" : "hold", ncrit, overfull.largest,
      overfull.seconds, overfull.pairs, overfull.other_seconds);
}

void refuse_absurd(const OverfullLeaves& overfull, const Parameters& parameters, int ncrit) {
  if (parameters.options.allow_overfull_leaves || !is_absurd(overfull)) return;
  throw AgreedError(
      describe(overfull, parameters, ncrit),
      fmt::format(
          "merge coincident sources into one with the sum of their charges{} or set "
          "Options::allow_overfull_leaves (--allow-overfull-leaves)",
          parameters.options.max_level < kLargestLevel ? ", allow a deeper tree by max_level," : ","));
}

}  // namespace octopole
