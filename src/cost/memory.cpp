#include "cost/memory.hpp"
#include "cost/multipole_rule.hpp"

#include <algorithm>

#include "operators/surface.hpp"
#include "operators/views.hpp"
#include "tree/ghost_needs.hpp"

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

}  // namespace

RankMemory rank_memory(const RankLists& lists, const WorkLists& work, std::span<const M2lFftPlan> plans,
                       const PointNumbers& numbers, const Parameters& parameters, int ranks) {
  const tree::EssentialTree& tree = lists.tree;
  const OperatorKey& key = parameters.operators;
  RankMemory memory;
  constexpr Index kOrder = sizeof(PointIndex), kPlace = 3 * sizeof(double), kLocalPlace = 3 * sizeof(float);
  const Index all_sources = numbers.sources + numbers.ghost_sources;
  memory.points = (numbers.caller_sources + numbers.sources) * kOrder + all_sources * kPlace;
  if (!numbers.same)
    memory.points += numbers.caller_targets * kOrder + numbers.targets * (kOrder + kPlace);
  else if (parameters.near_form != NearForm::two_floats)
    memory.points += all_sources * kLocalPlace;

  memory.tree = bytes_of(tree.keys, tree.level_begin, tree.parent, tree.children, tree.leaf, tree.has_source,
                         tree.has_target, tree.owner, tree.anchors, tree.source_count, tree.source_begin,
                         tree.source_end, tree.target_begin, tree.target_end) +
                tree.size() * static_cast<Index>(sizeof(Box));

  memory.lists = bytes_of(lists.lists.near) + list_bytes(lists.lists.u) +
                 (key.m2l == M2lMethod::fft ? bytes_of(lists.lists.v.offsets) : list_bytes(lists.lists.v)) +
                 list_bytes(lists.lists.w) + list_bytes(lists.lists.x) +
                 (numbers.same ? 2 : 1) * list_bytes(lists.partners.p2p) + list_bytes(lists.partners.m2p) +
                 list_bytes(lists.partners.p2l) +
                 bytes_of(work.source_leaves, work.target_ends, work.w_leaves, work.interior_leaves,
                          work.boundary_leaves) +
                 level_bytes(work.source_parents) + level_bytes(work.target_nodes) +
                 level_bytes(work.target_parents) + level_bytes(work.x_nodes);
  for (const M2lFftPlan& plan : plans)
    memory.lists += bytes_of(plan.blocks, plan.target_children, plan.source_children, plan.pair_target,
                             plan.pair_source, plan.pair_end);

  const Index real = static_cast<Index>(key.precision);
  Index widest = 0;  // nodes of the largest level with check potentials
  for (std::size_t level = tree::kFirstLevel; level < work.target_nodes.size(); ++level)
    widest = std::max<Index>(widest, tree.level_begin[level + 1] - tree.level_begin[level]);
  memory.values =
      real * (numbers.sources + numbers.ghost_sources + 2 * tree.size() * surface_size(key.order) +
              widest * surface_size(key.downward_check_order)) +
      static_cast<Index>(sizeof(double)) * (numbers.targets + (numbers.same ? numbers.ghost_sources : 0)) *
          (numbers.gradient ? 4 : 1);
  memory.partition = static_cast<Index>(sizeof(morton::Code)) * (ranks + 1);
  return memory;
}

ReplicatedBytes replicated_bytes(const tree::Partition& partition, Index coarse_nodes, Index count_tree,
                                 const Parameters& parameters) {
  constexpr Index kPlaceAndCount = 2 * sizeof(int);  // per rank, for MPI_Allgatherv
  const bool collective = multipole_rule(parameters, partition.ranks()).coarse_users < partition.ranks();
  return {bytes_of(partition.bounds),
          collective ? coarse_nodes * parameters.multipole_bytes() + kPlaceAndCount * partition.ranks() : 0,
          count_tree,
          static_cast<Index>(tree::shared_keys(partition).size() *
                             (sizeof(tree::NodeKey) + sizeof(tree::Count)))};
}

}  // namespace octopole
