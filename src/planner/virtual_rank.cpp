#include "planner/virtual_rank.hpp"

#include <algorithm>

#include "cost/leaf_cost.hpp"
#include "operators/operator_set.hpp"
#include "operators/surface.hpp"

namespace octopole {
namespace {

constexpr Index kDoubleWireRecords = 2;  // of floats, as in row_exchange.hpp

using tree::Code;
using tree::NodeKey;

/// The nodes that the rank shares with others, with their counts over all ranks.
tree::SharedNodes shared_nodes(tree::NodeCounts& counts, const tree::Partition& partition, int rank) {
  tree::SharedNodes shared;
  const tree::CodeRange range = partition.range(rank);
  if (range.first >= range.end) return shared;
  for (int level = 0; level < morton::kDepth; ++level) {
    const NodeKey first = NodeKey::containing(range.first, level),
                  last = NodeKey::containing(range.end - 1, level);
    if (partition.is_shared(first)) shared.keys.push_back(first);
    if (last != first && partition.is_shared(last)) shared.keys.push_back(last);
  }
  for (const NodeKey key : shared.keys) shared.counts.push_back(counts.count(key));
  return shared;
}

/// Number of P2P pairs that evaluate.cpp sums before ghosts arrive: those of interior leaves, or with
/// symmetric pairs all of this rank's (from which the caller subtracts those in rows that wait).
double inside_pairs(const RankLists& lists, const OperatorNodes& operator_nodes, Index own_sources,
                    bool symmetric) {
  double pairs = 0;
  const auto add = [&](NodeIndex leaf) {
    double around = 0;
    for (const NodeIndex other : lists.operator_lists.p2p.of(leaf))
      if (lists.tree.source_end[at(other)] <= own_sources)
        around += static_cast<double>(lists.tree.source_count[at(other)]);
    pairs +=
        around * static_cast<double>(lists.tree.target_end[at(leaf)] - lists.tree.target_begin[at(leaf)]);
  };
  for (const NodeIndex leaf : operator_nodes.interior_leaves) add(leaf);
  if (symmetric)
    for (const NodeIndex leaf : operator_nodes.boundary_leaves) add(leaf);
  return pairs;
}

std::vector<PeerCount> as_peers(const std::map<int, Index>& counts) {
  std::vector<PeerCount> peers;
  peers.reserve(counts.size());
  for (const auto& [rank, count] : counts) peers.push_back({rank, count});
  return peers;
}

}  // namespace

std::size_t multipole_bytes(const Parameters& parameters, bool ghosts) {
  const bool float_wire = ghosts && parameters.float_wire_multipoles();
  return static_cast<std::size_t>(parameters.options.vectors * parameters.columns *
                                  surface_size(parameters.operators.order)) *
         (float_wire ? sizeof(float) : static_cast<std::size_t>(parameters.operators.precision));
}

VirtualRank::VirtualRank(const ForecastRequest& request, const tree::Partition& partition, int rank)
    : request_(request),
      partition_(partition),
      rank_(rank),
      counts_(request.points, request.parameters.ncrit, request.parameters.options.max_level),
      part_(tree::find_part(counts_, partition, rank, request.parameters.options.two_to_one)) {
  tree_ = build_tree(tree::Keep::needed);
  lists_ = tree::build_lists(tree_);
  operator_lists_ =
      choose_operator_lists(tree_, lists_, request.parameters, request.points.targets_are_sources());
  ends = find_ends(lists());
}

tree::EssentialTree VirtualRank::build_tree(tree::Keep keep) {
  const std::span<const Code> sources = part_.sources,
                              targets = request_.points.targets_are_sources() ? sources : part_.targets;
  const tree::SharedNodes shared = shared_nodes(counts_, partition_, rank_);
  return tree::build_essential_tree({shared, partition_, rank_, part_.splits, sources, targets}, part_.ghosts,
                                    keep);
}

Index VirtualRank::targets_in(NodeKey node, int rank) {
  const tree::CodeRange range = partition_.range(rank);
  const Code first = std::max(range.first, node.first_code()), end = std::min(range.end, node.end_code());
  return first < end ? counts_.before(end).targets - counts_.before(first).targets : 0;
}

bool VirtualRank::counts_here(NodeKey node) {
  const auto [first, last] = partition_.holders(node);
  for (int rank = first; rank <= last; ++rank) {
    if (rank == rank_) return true;
    if (targets_in(node, rank) > 0) return false;
  }
  return false;
}

GhostPeers VirtualRank::place_ghosts() {
  const tree::MultipoleRule rule = multipole_rule(request_.parameters, partition_.ranks());
  const tree::GhostNeeds needs =
      tree::find_ghost_needs(tree_, rank_, lists_.v, operator_lists_,
                             tree::find_coarse(tree_, partition_, rule.allgather_threshold), rule.float_wire);
  ghost_sources_ = distributed::place_ghosts(needs.sources, part_.points.sources, tree_);
  ghost_multipoles_ = static_cast<Index>(needs.multipoles.size()) +
                      kDoubleWireRecords * static_cast<Index>(needs.double_wire.size());
  std::map<int, Index> multipoles, points, requests;
  for (const NodeIndex node : needs.multipoles) ++multipoles[tree_.owner[at(node)]];
  for (const NodeIndex node : needs.double_wire) multipoles[tree_.owner[at(node)]] += kDoubleWireRecords;
  for (const NodeIndex leaf : needs.sources) points[tree_.owner[at(leaf)]] += tree_.source_count[at(leaf)];
  for (const auto* nodes : {&needs.multipoles, &needs.double_wire, &needs.sources})
    for (const NodeIndex node : *nodes) ++requests[tree_.owner[at(node)]];
  return {as_peers(multipoles), as_peers(points), as_peers(requests)};
}

const std::vector<int>& VirtualRank::users_of(NodeKey key) {
  const auto [known, is_new] = users_.try_emplace(key);
  if (!is_new) return known->second;
  const auto [first, last] = partition_.holders(key);
  for (int rank = first; rank <= last; ++rank)
    if (first == last || targets_in(key, rank) > 0) known->second.push_back(rank);
  return known->second;
}

GhostPeers VirtualRank::asked_of_it() {
  // A rank has no lists for a shared node that it owns without having points in it; here they are needed.
  bool blind = false;
  for (NodeIndex node = 0; node < tree_.size(); ++node)
    blind |= tree_.owner[at(node)] == rank_ && tree_.has_source[at(node)] && !tree_.has_target[at(node)];
  if (!blind) return asked_of(tree_, lists_);
  tree::EssentialTree seeing = build_tree(tree::Keep::all);
  const tree::CodeRange range = partition_.range(rank_);
  for (NodeIndex node = 0; node < seeing.size(); ++node)
    seeing.has_target[at(node)] |= range.overlaps(seeing.keys[at(node)]);
  return asked_of(seeing, tree::build_lists(seeing));
}

GhostPeers VirtualRank::asked_of(const tree::EssentialTree& tree, const tree::InteractionLists& own_lists) {
  const tree::MultipoleRule rule = multipole_rule(request_.parameters, partition_.ranks());
  const std::vector<std::uint8_t> coarse = tree::find_coarse(tree, partition_, rule.allgather_threshold);
  std::vector<std::uint8_t> inside(tree.keys.size());  // nodes that no other rank has a part of
  for (std::size_t node = 0; node < inside.size(); ++node)
    inside[node] = tree.owner[node] == rank_ && !partition_.is_shared(tree.keys[node]);
  const Parameters& parameters = request_.parameters;
  const Index few = direct_points(parameters, surface_size(parameters.operators.order),
                                  request_.points.targets_are_sources());
  std::map<int, Index> multipoles, points, requests;
  std::map<int, bool> askers;  // ranks that need a node's multipole, and whether not only for M2L
  const auto ask = [&](std::span<const NodeIndex> list, bool double_wire) {
    for (const NodeIndex node : list) {
      if (inside[at(node)]) continue;
      for (const int rank : users_of(tree.keys[at(node)]))
        if (rank != rank_) askers[rank] |= double_wire;
    }
  };
  for (NodeIndex node = 0; node < tree.size(); ++node) {
    if (tree.owner[at(node)] != rank_ || !tree.has_source[at(node)]) continue;
    // As in choose_operator_lists: W pairs with leaves of few sources are summed directly.
    const bool direct = tree.leaf[at(node)] && tree.source_count[at(node)] <= few;
    if (!coarse[at(node)] || rule.float_wire) {
      if (!coarse[at(node)]) ask(own_lists.v.of(node), false);
      if (!direct) ask(own_lists.x.of(node), rule.float_wire);
      for (const auto& [rank, double_wire] : askers) {
        multipoles[rank] += double_wire ? kDoubleWireRecords : 1;
        ++requests[rank];
      }
      askers.clear();
    }
    if (!tree.leaf[at(node)]) continue;
    ask(own_lists.u.of(node), false);
    ask(own_lists.w.of(node), false);
    if (direct) ask(own_lists.x.of(node), false);
    for (const auto& [rank, double_wire] : askers) {
      points[rank] += tree.source_count[at(node)];
      ++requests[rank];
    }
    askers.clear();
  }
  return {as_peers(multipoles), as_peers(points), as_peers(requests)};
}

BorderPeers VirtualRank::border() const {
  const auto count = [&](const tree::LeavesByRank& leaves) {
    std::vector<PeerCount> peers;
    for (const auto& [rank, nodes] : leaves) {
      peers.push_back({rank, 0});
      for (const NodeIndex leaf : nodes) peers.back().count += tree_.source_count[at(leaf)];
    }
    return peers;
  };
  const tree::BorderLeaves leaves =
      tree::find_border_leaves(near_lists(tree_, operator_lists_, part_.points.sources, request_.parameters));
  return {count(leaves.sent), count(leaves.received)};
}

MemoryEstimate VirtualRank::estimate(const PointNumbers& numbers, const RankMemory& memory,
                                     std::span<const M2lSchedule> schedules) const {
  const Parameters& parameters = request_.parameters;
  const OperatorKey& key = parameters.operators;
  MemoryNeeds needs;
  needs.points = numbers;
  needs.memory = memory;
  needs.nodes = tree_.size();
  needs.moved = expected_ghost_records(ghost_sources_, ghost_multipoles_, numbers.targets_are_sources);
  if (partition_.ranks() > 1 && request_.callers == Callers::scattered) {
    needs.moved.sources = numbers.caller_sources + numbers.sources;
    if (!numbers.targets_are_sources) needs.moved.targets = numbers.caller_targets + numbers.targets;
  }
  Index rows = 0;
  for (const M2lSchedule& schedule : schedules) rows = std::max(rows, schedule.largest_rows);
  if (key.m2l == M2lMethod::fft) {
    needs.v_bytes = static_cast<Index>(lists_.v.items.size() * sizeof(NodeIndex));
    needs.m2l_workspace = m2l_fft_workspace_bytes(key.order, static_cast<std::size_t>(key.m2l_precision),
                                                  rows, request_.threads, parameters.moments());
  }
  MemoryEstimate estimate = estimate_memory(needs, parameters, partition_.ranks(), MemoryStage::lists);
  // Of the levels of this rank's tree, which may be fewer than those of all.
  estimate.operators = operator_sets(key, tree::kFirstLevel, tree_.levels()) * operator_bytes(key);
  return estimate;
}

RankForecast VirtualRank::count(Traffic& ancestors) {
  const OperatorKey& key = request_.parameters.operators;
  RankForecast forecast;
  forecast.rank = rank_;
  forecast.sources = part_.points.sources;
  forecast.targets = part_.points.targets;
  forecast.leaves = static_cast<Index>(part_.leaves.size());
  forecast.nodes = tree_.size();
  const tree::CodeRange range = partition_.range(rank_);
  for (const NodeKey node : tree_.keys) forecast.ghost_nodes += !range.overlaps(node);
  forecast.ghost_sources = ghost_sources_;
  const OperatorNodes operator_nodes = make_operator_nodes(lists(), ends, forecast.sources);
  const std::vector<M2lSchedule> m2l = make_m2l_schedules(lists(), operator_nodes, key);
  forecast.operations = count_operations(lists(), operator_nodes, m2l, key);
  const Index callers = Index{partition_.ranks()};  // blocks of about equal numbers of points
  const tree::Count all = request_.points.root().count();
  const PointNumbers numbers{all.sources / callers,
                             all.targets / callers,
                             forecast.sources,
                             forecast.targets,
                             ghost_sources_,
                             request_.points.targets_are_sources(),
                             request_.parameters.result_parts()};
  forecast.memory =
      rank_memory(lists(), operator_nodes, m2l, numbers, request_.parameters, partition_.ranks());
  forecast.estimate = estimate(numbers, forecast.memory, m2l);
  forecast.near_inside =
      inside_pairs(lists(), operator_nodes, forecast.sources, request_.points.targets_are_sources());
  if (request_.points.targets_are_sources())
    forecast.near_inside -=
        tree::waiting_pairs(near_lists(tree_, operator_lists_, forecast.sources, request_.parameters));
  const std::size_t row = multipole_bytes(request_.parameters, false);
  std::map<int, std::pair<std::vector<PeerCount>, std::vector<PeerCount>>> steps;
  const distributed::AncestorRows rows = distributed::find_ancestor_rows(tree_, rank_);
  for (const auto& [level, ranks] : rows.send)
    for (const auto& [peer, nodes] : ranks)
      steps[level].first.push_back({peer, static_cast<Index>(nodes.size())});
  for (const auto& [level, ranks] : rows.receive)
    for (const auto& [peer, nodes] : ranks)
      steps[level].second.push_back({peer, static_cast<Index>(nodes.size())});
  for (const auto& [level, both] : steps) {
    const Traffic traffic = traffic_of(rank_, both.first, both.second, row);
    forecast.ancestor_steps.emplace_back(level, counts_of(traffic));
    ancestors += traffic;
  }
  return forecast;
}

}  // namespace octopole
