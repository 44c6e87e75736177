#include "cost/rank_setup.hpp"

#include "cost/leaf_cost.hpp"
#include "distributed/ghosts.hpp"
#include "operators/surface.hpp"

namespace octopole {

tree::Partners choose_partners(const tree::EssentialTree& tree, const tree::InteractionLists& lists,
                               const Parameters& parameters, bool same) {
  const OperatorKey& key = parameters.operators;
  return tree::choose_partners(tree, lists, direct_points(parameters, surface_size(key.order), same),
                               direct_points(parameters, surface_size(key.downward_check_order), same));
}

tree::NearPartners near_partners(const tree::EssentialTree& tree, const tree::Partners& partners,
                                 Index own_sources, const Parameters& parameters) {
  const OperatorKey& key = parameters.operators;
  return {tree, partners.p2p, own_sources, key.order == key.downward_check_order,
          parameters.near_form != NearForm::two_floats};
}

std::vector<M2lFftPlan> plan_m2l(const RankLists& lists, const WorkLists& work, const OperatorKey& key) {
  std::vector<M2lFftPlan> plans;
  if (key.m2l != M2lMethod::fft) return plans;
  const SiblingView nodes{lists.lists.near.data(), lists.tree.children.data(), lists.tree.has_source.data(),
                          lists.tree.has_target.data()};
  plans.resize(work.target_nodes.size());
  for (std::size_t level = distributed::kFirstLevel; level < plans.size(); ++level)
    plans[level] = plan_m2l_fft(key.order, static_cast<std::size_t>(key.m2l_precision),
                                work.target_parents[level - 1], nodes);
  return plans;
}

tree::MultipoleRule multipole_rule(const Parameters& p, int ranks) {
  return {p.coarse_users.value_or(tree::default_coarse_users(ranks, p.multipole_bytes())),
          p.narrow_multipoles()};
}

}  // namespace octopole
