#include "cost/rank_setup.hpp"

#include "cost/leaf_cost.hpp"
#include "distributed/ghosts.hpp"
#include "operators/surface.hpp"

namespace octopole {

tree::OperatorLists choose_operator_lists(const tree::EssentialTree& tree,
                                          const tree::InteractionLists& lists, const Parameters& parameters,
                                          bool targets_are_sources) {
  const OperatorKey& key = parameters.operators;
  return tree::choose_operator_lists(
      tree, lists, direct_points(parameters, surface_size(key.order), targets_are_sources),
      direct_points(parameters, surface_size(key.downward_check_order), targets_are_sources));
}

tree::NearLists near_lists(const tree::EssentialTree& tree, const tree::OperatorLists& operator_lists,
                           Index own_sources, const Parameters& parameters) {
  const OperatorKey& key = parameters.operators;
  return {tree, operator_lists.p2p, own_sources, key.order == key.downward_check_order,
          parameters.near_form != NearForm::two_floats};
}

std::vector<M2lSchedule> make_m2l_schedules(const RankLists& lists, const OperatorNodes& operator_nodes,
                                            const OperatorKey& key) {
  std::vector<M2lSchedule> schedules;
  if (key.m2l != M2lMethod::fft) return schedules;
  const SiblingView nodes{lists.lists.near.data(), lists.tree.children.data(), lists.tree.has_source.data(),
                          lists.tree.has_target.data()};
  schedules.resize(operator_nodes.target_nodes.size());
  for (std::size_t level = distributed::kFirstLevel; level < schedules.size(); ++level)
    schedules[level] = make_m2l_schedule(key.order, static_cast<std::size_t>(key.m2l_precision),
                                         operator_nodes.target_parents[level - 1], nodes);
  return schedules;
}

tree::MultipoleRule multipole_rule(const Parameters& p, int ranks) {
  return {
      p.options.allgather_threshold.value_or(tree::default_allgather_threshold(ranks, p.multipole_bytes())),
      p.float_wire_multipoles()};
}

}  // namespace octopole
