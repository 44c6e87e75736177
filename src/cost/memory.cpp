#include "cost/memory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/machine.hpp"
#include "cost/rank_setup.hpp"
#include "kernels/any_kernel.hpp"
#include "operators/surface.hpp"
#include "operators/views.hpp"
#include "tree/interaction_lists.hpp"

namespace octopole {
namespace {

template <class... Vectors>
Index bytes_of(const Vectors&... vectors) {
  return (Index{0} + ... + static_cast<Index>(vectors.size() * sizeof(typename Vectors::value_type)));
}

Index list_bytes(const tree::NodeLists& lists) {
  return bytes_of(lists.offsets, lists.items);
}

Index level_bytes(const std::vector<std::vector<NodeIndex>>& levels) {
  Index bytes = 0;
  for (const auto& level : levels) bytes += bytes_of(level);
  return bytes;
}

constexpr Index kCode = sizeof(morton::Code), kOrder = sizeof(PointIndex), kPlace = 3 * sizeof(double),
                kRow = sizeof(Index), kNumber = sizeof(double);
constexpr Index kSortEntry = 16;                      // per point in each of two arrays of tree/morton
constexpr Index kNearBytes = 27 * sizeof(NodeIndex);  // neighbours of a node
constexpr Index kNoLists = 8 * sizeof(Index);         // offsets of a node's empty lists

Index item_bytes(const tree::NodeLists& lists) {
  return static_cast<Index>(lists.items.size() * sizeof(NodeIndex));
}

/// Bytes per node in the essential tree's arrays, with its owner, its three flags and its box.
Index node_bytes() {
  return static_cast<Index>(sizeof(tree::NodeKey) + 9 * sizeof(NodeIndex) + 3 + sizeof(std::int32_t) +
                            sizeof(morton::Anchor) + 5 * sizeof(Index) + sizeof(Box));
}

/// Number of nodes of the largest level with check potentials.
Index widest_level(const tree::EssentialTree& tree) {
  Index widest = 0;
  for (int level = tree::kFirstLevel; level < tree.levels(); ++level)
    widest = std::max<Index>(widest, tree.level_begin[static_cast<std::size_t>(level) + 1] -
                                         tree.level_begin[static_cast<std::size_t>(level)]);
  return widest;
}

/// Bytes of strengths and sums of points.
Index point_values(const PointNumbers& n, const Parameters& parameters) {
  const bool rounded = n.targets_are_sources && parameters.near_form != NearForm::two_floats &&
                       parameters.operators.precision == Precision::double_precision;
  const Index bytes = static_cast<Index>(parameters.operators.precision) +
                      (rounded ? static_cast<Index>(sizeof(float)) : 0);  // of a strength
  return parameters.vectors_per_pass() *
         (bytes * parameters.strength_parts() * (n.sources + n.ghost_sources) +
          kNumber * (n.targets + (n.targets_are_sources ? n.ghost_sources : 0)) * n.results);
}

/// Bytes of multipoles, locals and check potentials.
Index node_values(const tree::EssentialTree& tree, const Parameters& parameters) {
  const OperatorKey& key = parameters.operators;
  return parameters.columns_per_pass() * static_cast<Index>(key.precision) *
         (2 * tree.size() * surface_size(key.order) +
          widest_level(tree) * surface_size(key.downward_check_order));
}

/// Bytes of orders in both directions and coordinates.
Index point_arrays(const PointNumbers& n, const Parameters& parameters) {
  const Index sources = n.sources + n.ghost_sources;
  Index bytes = (n.caller_sources + n.sources) * kOrder + sources * kPlace;
  if (!n.targets_are_sources)
    bytes += n.caller_targets * kOrder + n.targets * (kOrder + kPlace);
  else if (parameters.near_form != NearForm::two_floats)
    bytes += sources * static_cast<Index>(3 * sizeof(float));
  return bytes;
}

/// Expected rows of M2L's workspace at the level that needs most: from the target parents whose children have
/// locals, and the families whose multipoles they may need.
Index expected_rows(const RankLists& lists, const OperatorNodes& operator_nodes, const OperatorKey& key) {
  Index rows = 0;
  const tree::EssentialTree& tree = lists.tree;
  for (std::size_t level = tree::kFirstLevel; level < operator_nodes.target_nodes.size(); ++level) {
    const auto targets = static_cast<Index>(operator_nodes.target_parents[level - 1].size());
    if (targets == 0) continue;
    Index sources = 0;
    for (NodeIndex node = tree.level_begin[level - 1]; node < tree.level_begin[level]; ++node)
      sources += !tree.leaf[at(node)] && tree.has_source[at(node)];
    rows = std::max(rows, expected_m2l_fft_rows(key.order, static_cast<std::size_t>(key.m2l_precision),
                                                targets, sources));
  }
  return rows;
}

Index workspace_bytes(const Parameters& parameters, Index rows, int threads) {
  const OperatorKey& key = parameters.operators;
  if (key.m2l != M2lMethod::fft) return 0;
  return m2l_fft_workspace_bytes(key.order, static_cast<std::size_t>(key.m2l_precision), rows, threads,
                                 parameters.moments());
}

/// By MemoryStage.
constexpr std::array<std::string_view, 4> kWhen = {
    "before the points are sorted (a lower bound)", "after the tree is built (a lower bound)",
    "after the lists are built", "after the set-up is complete"};

/// Bytes that one rank will allocate under one bound.
struct Claim {
  std::uint64_t group;
  Index ahead;
};

std::string advice(const Parameters& parameters, bool limited) {
  std::string text = limited ? "use more ranks or a higher limit" : "use more nodes or fewer ranks per node";
  if (parameters.operators.precision == Precision::double_precision) text += ", single precision";
  text += ", fewer digits, or a larger ncrit";
  if (!limited) text += "; Options::memory_limit and --memory-limit set another limit, or none";
  return text;
}

}  // namespace

RankMemory rank_memory(const RankLists& lists, const OperatorNodes& operator_nodes,
                       std::span<const M2lSchedule> schedules, const PointNumbers& numbers,
                       const Parameters& parameters, int ranks) {
  const tree::EssentialTree& tree = lists.tree;
  const OperatorKey& key = parameters.operators;
  RankMemory memory;
  memory.points = point_arrays(numbers, parameters);

  memory.tree = bytes_of(tree.keys, tree.level_begin, tree.parent, tree.children, tree.leaf, tree.has_source,
                         tree.has_target, tree.owner, tree.anchors, tree.source_count, tree.source_begin,
                         tree.source_end, tree.target_begin, tree.target_end) +
                tree.size() * static_cast<Index>(sizeof(Box));

  memory.lists = bytes_of(lists.lists.near) + list_bytes(lists.lists.u) +
                 (key.m2l == M2lMethod::fft ? bytes_of(lists.lists.v.offsets) : list_bytes(lists.lists.v)) +
                 list_bytes(lists.lists.w) + list_bytes(lists.lists.x) +
                 (numbers.targets_are_sources ? 2 : 1) * list_bytes(lists.operator_lists.p2p) +
                 list_bytes(lists.operator_lists.m2p) + list_bytes(lists.operator_lists.p2l) +
                 bytes_of(operator_nodes.source_leaves, operator_nodes.target_ends, operator_nodes.w_leaves,
                          operator_nodes.interior_leaves, operator_nodes.boundary_leaves) +
                 level_bytes(operator_nodes.source_parents) + level_bytes(operator_nodes.target_nodes) +
                 level_bytes(operator_nodes.target_parents) + level_bytes(operator_nodes.x_nodes);
  for (const M2lSchedule& schedule : schedules)
    memory.lists += bytes_of(schedule.blocks, schedule.target_children, schedule.source_children,
                             schedule.pair_target, schedule.pair_source, schedule.pair_end);

  memory.values = point_values(numbers, parameters) + node_values(tree, parameters);
  memory.partition = kCode * (ranks + 1);
  return memory;
}

ReplicatedBytes replicated_bytes(const tree::Partition& partition, Index coarse_nodes, Index count_tree,
                                 const Parameters& parameters) {
  constexpr Index kPlaceAndCount = 2 * sizeof(int);  // per rank, for MPI_Allgatherv
  const bool collective =
      multipole_rule(parameters, partition.ranks()).allgather_threshold < partition.ranks();
  return {bytes_of(partition.bounds),
          collective ? coarse_nodes * parameters.multipole_bytes() + kPlaceAndCount * partition.ranks() : 0,
          count_tree,
          static_cast<Index>(tree::shared_keys(partition).size() *
                             (sizeof(tree::NodeKey) + sizeof(tree::Count)))};
}

Index MemoryEstimate::with_heap(Index bytes) {
  return bytes + static_cast<Index>(kHeapShare * static_cast<double>(bytes));
}

Index MemoryEstimate::peak() const {
  return kProcessBytes +
         with_heap(operators + std::max({replaced + set_up, replaced + stays, stays + evaluation}));
}

Index operator_bytes(const OperatorKey& key) {
  const Index n = surface_size(key.order), up = surface_size(key.check_order),
              down = surface_size(key.downward_check_order), p = key.order;
  const Index matrices = static_cast<Index>(key.precision) * n * (up + down + 4 * n);
  return matrices + (key.m2l == M2lMethod::fft
                         ? static_cast<Index>(key.m2l_precision) * 686 * p * p * p
                         : static_cast<Index>(key.precision) * 16 * (n / 7) * (n + down));
}

Index operator_scratch_bytes(const OperatorKey& key) {
  return 4 * kNumber * surface_size(key.order) *
         surface_size(std::max(key.check_order, key.downward_check_order));
}

MovedRecords expected_ghost_records(Index ghost_sources, Index ghost_multipoles, bool targets_are_sources) {
  MovedRecords moved;
  moved.ghost_sources = 2 * ghost_sources;
  moved.multipoles = 2 * ghost_multipoles;
  moved.near_sums = targets_are_sources ? ghost_sources : 0;
  return moved;
}

MemoryEstimate estimate_memory(const MemoryNeeds& needs, const Parameters& parameters, int ranks,
                               MemoryStage stage) {
  const PointNumbers& n = needs.points;
  const RankMemory& memory = needs.memory;
  const MovedRecords& moved = needs.moved;
  const bool shared = ranks > 1;  // points are sent to other ranks and sorted there
  const Index targets = n.targets_are_sources ? 0 : n.targets,
              caller_targets = n.targets_are_sources ? 0 : n.caller_targets,
              callers = n.caller_sources + caller_targets, owned = n.sources + targets,
              results = n.targets_are_sources ? n.caller_sources : caller_targets;
  const Index vectors = parameters.vectors_per_pass(),
              strength_bytes =
                  static_cast<Index>(parameters.operators.precision) * parameters.strength_parts();
  const Index widest_result = n.results == 1    ? 1  // that is returned at a time
                              : n.results <= 4  ? (parameters.pressure() ? 4 : 3)
                              : n.results <= 10 ? 6
                                                : 9;

  // Codes and orders of the caller's points; then codes of the owned points, with several ranks also their
  // order.
  const Index sorting = 2 * kSortEntry + kOrder, kept = kCode + kOrder;
  const Index sort = std::max((kCode + sorting) * n.caller_sources,
                              kept * n.caller_sources + (kCode + sorting) * caller_targets);
  const Index arriving = kCode + (shared ? sorting + kOrder : 0), arrived = kCode + (shared ? kOrder : 0);
  const Index distribute =
      kept * callers + std::max(arriving * n.sources, arrived * n.sources + arriving * targets);
  const Index codes = kept * callers + arrived * owned;

  const Index items = memory.lists + needs.v_bytes;
  const Index grouping =
      static_cast<Index>(sizeof(tree::NodeKey) + 3 * sizeof(Index));  // before the tree's arrays exist
  const Index tree = codes + memory.tree + grouping * needs.nodes;
  const Index weighing = shared && parameters.options.load_balance == LoadBalance::work
                             ? static_cast<Index>(sizeof(OperationCounts)) * needs.nodes
                             : 0;
  const Index lists = codes + memory.tree + items + std::max(needs.v_bytes, weighing);

  const Index structure = memory.tree + items, orders = kOrder * (callers + (shared ? owned : 0));
  const Index coordinates = kOrder * callers + arrived * owned + structure + kPlace * (owned + targets) +
                            kPlace * std::max(moved.sources, moved.targets);
  const Index all_sources = n.sources + n.ghost_sources;
  const Index ghosts = orders + structure + kPlace * (targets + 2 * all_sources + moved.ghost_sources);

  MemoryEstimate estimate;
  const Index rows = kRow * (moved.ghost_sources + moved.multipoles + moved.near_sums);
  estimate.stays = memory.points + memory.tree + memory.lists + memory.partition + rows +
                   kPlace * moved.ghost_sources;  // buffers that were allocated for coordinates
  estimate.set_up =
      std::max({sort, distribute, tree, lists, coordinates, ghosts, estimate.stays + needs.v_bytes});
  estimate.evaluation =
      memory.values + needs.m2l_workspace + parameters.multipole_bytes() * moved.multipoles +
      vectors *
          (kNumber * n.results * moved.near_sums +
           std::max(strength_bytes * moved.sources,
                    kNumber * widest_result * (n.targets_are_sources ? moved.sources : moved.targets))) +
      std::max(Index{0}, vectors * strength_bytes - kPlace) * moved.ghost_sources +
      kNumber * n.results * parameters.options.vectors * results;
  switch (stage) {
    case MemoryStage::points:
      break;
    case MemoryStage::tree:
      estimate.allocated = codes + memory.tree;
      break;
    case MemoryStage::lists:
      estimate.allocated = codes + structure;
      break;
    case MemoryStage::plan:
      estimate.allocated = estimate.stays;
      break;
  }
  return estimate;
}

MemoryNeeds needs_of_points(const PointNumbers& callers, Index sources, Index targets,
                            const Parameters& parameters, int ranks) {
  MemoryNeeds needs;
  needs.points = callers;
  needs.points.sources = sources / ranks;
  needs.points.targets = (callers.targets_are_sources ? sources : targets) / ranks;
  needs.memory.points = point_arrays(needs.points, parameters);
  needs.memory.values = point_values(needs.points, parameters);
  needs.memory.partition = kCode * (ranks + 1);
  return needs;
}

MemoryNeeds needs_of_tree(const PointNumbers& points, const MovedRecords& moved,
                          const tree::EssentialTree& tree, const Parameters& parameters, int ranks) {
  MemoryNeeds needs;
  needs.points = points;
  needs.moved = moved;
  needs.nodes = tree.size();
  needs.memory.points = point_arrays(points, parameters);
  needs.memory.tree = needs.nodes * node_bytes();
  needs.memory.lists = needs.nodes * (kNearBytes + kNoLists);
  needs.memory.values = point_values(points, parameters) + node_values(tree, parameters);
  needs.memory.partition = kCode * (ranks + 1);
  return needs;
}

MemoryNeeds needs_of_lists(const PointNumbers& points, const MovedRecords& moved, const RankLists& lists,
                           std::span<const std::uint8_t> ends, const tree::Partition& partition,
                           const Parameters& parameters, int threads) {
  const OperatorKey& key = parameters.operators;
  MemoryNeeds needs;
  needs.points = points;
  needs.moved = moved;
  needs.nodes = lists.tree.size();
  if (partition.ranks() > 1) {
    const tree::MultipoleRule rule = multipole_rule(parameters, partition.ranks());
    const tree::GhostNeeds ghosts = tree::find_ghost_needs(
        lists.tree, lists.rank, lists.lists.v, lists.operator_lists,
        tree::find_coarse(lists.tree, partition, rule.allgather_threshold), rule.float_wire);
    for (const NodeIndex leaf : ghosts.sources)
      needs.points.ghost_sources += lists.tree.source_count[at(leaf)];
    needs.moved =
        expected_ghost_records(needs.points.ghost_sources,
                               static_cast<Index>(ghosts.multipoles.size() + 2 * ghosts.double_wire.size()),
                               points.targets_are_sources);
    needs.moved.sources = moved.sources;
    needs.moved.targets = moved.targets;
  }
  const OperatorNodes operator_nodes = make_operator_nodes(lists, ends, points.sources);
  needs.memory = rank_memory(lists, operator_nodes, {}, needs.points, parameters, partition.ranks());
  if (key.m2l == M2lMethod::fft) {
    needs.v_bytes = item_bytes(lists.lists.v);
    for (const auto& parents : operator_nodes.target_parents)
      needs.memory.lists += kM2lScheduleBytes * static_cast<Index>(parents.size());
    needs.m2l_workspace = workspace_bytes(parameters, expected_rows(lists, operator_nodes, key), threads);
  }
  return needs;
}

MemoryCheck::MemoryCheck(const mpi::Comm& comm, const Parameters& parameters, std::string root)
    : comm_(comm), given_(parameters), parameters_(parameters), root_(std::move(root)) {
#ifndef OCTOPOLE_SMPI  // under SMPI, all virtual ranks are in one process on one real node
  if (!parameters.options.memory_limit) node_ = comm.on_node();
#endif
}

void MemoryCheck::require_for_operators() {
  MemoryEstimate estimate;
  estimate.operators = operator_bytes(parameters_.operators);
  estimate.set_up = comm_.is_root() ? operator_scratch_bytes(parameters_.operators) : 0;
  require(estimate, "before the operators are computed");
}

void MemoryCheck::begin(Index replaced) {
  parameters_ = given_;
  estimate_ = {};
  estimate_.operators = operator_bytes(parameters_.operators);
  estimate_.replaced = replaced;
  level_scratch_ = 0;
}

void MemoryCheck::expect_operator_sets(int sets) {
  estimate_.operators = sets * operator_bytes(parameters_.operators);
  const bool makes_some = !is_scale_free(parameters_.operators) && comm_.rank() < sets;
  level_scratch_ = makes_some ? operator_scratch_bytes(parameters_.operators) : 0;
}

MemoryNeeds MemoryCheck::needs_of(Index sources, Index targets, bool targets_are_sources) const {
  std::array<Index, 2> of_all = {sources, targets};
  comm_.allreduce(std::span<Index>(of_all), MPI_SUM);
  PointNumbers callers;
  callers.caller_sources = sources;
  callers.caller_targets = targets_are_sources ? sources : targets;
  callers.targets_are_sources = targets_are_sources;
  callers.results = parameters_.result_parts();
  return needs_of_points(callers, of_all[0], of_all[1], parameters_, comm_.size());
}

void MemoryCheck::require_for_points(Index sources, Index targets, bool targets_are_sources) {
  require(needs_of(sources, targets, targets_are_sources), MemoryStage::points);
}

void MemoryCheck::require_before_reading(Index sources, Index targets, bool targets_are_sources) {
  if (parameters_.options.memory_limit) return;
  MemoryEstimate estimate = estimate_memory(needs_of(sources, targets, targets_are_sources), parameters_,
                                            comm_.size(), MemoryStage::points);
  estimate.operators = operator_bytes(parameters_.operators);
  estimate.set_up += static_cast<Index>(sizeof(double)) *
                     ((3 + parameters_.strength_parts() * parameters_.options.vectors) * sources +
                      (targets_are_sources ? 0 : 3 * targets));
  require(estimate, "before the points are read (a lower bound)");
}

void MemoryCheck::require(const MemoryNeeds& needs, MemoryStage stage) {
  MemoryEstimate estimate = estimate_memory(needs, parameters_, comm_.size(), stage);
  estimate.operators = estimate_.operators;
  estimate.replaced = estimate_.replaced;
  estimate.allocated += estimate.operators + estimate.replaced;
  estimate.set_up = std::max({estimate.set_up, estimate_.set_up, estimate.stays + level_scratch_});
  estimate_ = estimate;
  needs_ = needs;
  require(estimate, kWhen[static_cast<std::size_t>(stage)]);
}

void MemoryCheck::require_for_evaluation(SourceKind kind, Output output, int vectors) {
  Parameters more = parameters_;
  more.options.vectors = std::max(vectors, parameters_.options.vectors);
  more.options.output = output;
  if (more.result_parts() < parameters_.result_parts()) more.options.output = parameters_.options.output;
  more.options.source_kind = std::max(kind, parameters_.options.source_kind);
  if (more.options.vectors == parameters_.options.vectors &&
      more.result_parts() == parameters_.result_parts() &&
      more.strength_parts() == parameters_.strength_parts())
    return;
  MemoryNeeds needs = needs_;
  needs.points.results = more.result_parts();
  needs.memory.values = (needs.memory.values - point_values(needs_.points, parameters_)) /
                            parameters_.vectors_per_pass() * more.vectors_per_pass() +
                        point_values(needs.points, more);
  MemoryEstimate estimate = estimate_memory(needs, more, comm_.size(), MemoryStage::plan);
  estimate.operators = estimate_.operators;
  estimate.allocated += estimate.operators;
  require(estimate, vectors > parameters_.options.vectors
                        ? fmt::format("for {} vectors of charges", vectors)
                        : fmt::format("for {} numbers per source and {} per target", more.strength_parts(),
                                      more.result_parts()));
  parameters_ = more;
  needs_ = needs;
}

void MemoryCheck::require(const MemoryEstimate& estimate, std::string_view when) {
  Shortage mine;
  if (parameters_.options.memory_limit)
    mine = beyond_limit(estimate);
  else if (node_)
    mine = beyond_node(estimate);
  const mpi::ValueAndRank worst = comm_.max_with_rank(std::array{mine.bytes})[0];
  if (!(worst.value > 0)) return;
  comm_.broadcast(mine.message, worst.rank);
  throw AgreedError(fmt::format("not enough memory, as estimated {}: {}", when, mine.message));
}

MemoryCheck::Shortage MemoryCheck::beyond_limit(const MemoryEstimate& estimate) const {
  const Index limit = *parameters_.options.memory_limit;
  if (limit == kNoMemoryLimit || estimate.peak() <= limit) return {};
  return {estimate.peak() - limit,
          fmt::format("rank {} needs {}, and its limit is {} ({})", comm_.rank(),
                      human_bytes(estimate.peak()), human_bytes(limit), advice(parameters_, true))};
}

MemoryCheck::Shortage MemoryCheck::beyond_node(const MemoryEstimate& estimate) const {
  const std::vector<MemoryBound> bounds = memory_bounds(root_);
  const Index ahead = std::max(Index{0}, estimate.ahead());
  std::vector<Claim> mine;
  mine.reserve(bounds.size());
  for (const MemoryBound& bound : bounds) mine.push_back({bound.group, ahead});
  const std::vector<Claim> all = node_->gather_all(std::span<const Claim>(mine));
  Shortage worst;
  for (const MemoryBound& bound : bounds) {
    Index needed = ahead, ranks = 1;
    if (bound.group != 0) {
      needed = ranks = 0;
      for (const Claim& claim : all)
        if (claim.group == bound.group) {
          needed += claim.ahead;
          ++ranks;
        }
    }
    if (needed - bound.available <= worst.bytes) continue;
    worst = {
        needed - bound.available,
        fmt::format(
            "{} {} on {} {} {} more, rank {} alone {} of {} in total; of the {} of {}, {} are left ({})",
            ranks, ranks == 1 ? "rank" : "ranks", host_name(), ranks == 1 ? "needs" : "need",
            human_bytes(needed), comm_.rank(), human_bytes(ahead), human_bytes(estimate.peak()),
            human_bytes(bound.limit), bound.name, human_bytes(bound.available), advice(parameters_, false))};
  }
  return worst;
}

}  // namespace octopole
