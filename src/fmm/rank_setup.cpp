#include "octopole/fmm/rank_setup.hpp"

#include "octopole/operators/surface.hpp"
#include "octopole/parallel/ghosts.hpp"

namespace octopole {

tree::Partners choose_partners(const tree::EssentialTree& tree, const tree::InteractionLists& lists,
                               const Parameters& parameters) {
  const OperatorKey& key = parameters.operators;
  if (!parameters.direct_leaves) return tree::choose_partners(tree, lists, 0, 0);
  return tree::choose_partners(tree, lists, surface_size(key.order), surface_size(key.downward_check_order));
}

std::vector<M2lFftPlan> plan_m2l(const RankLists& lists, const WorkLists& work, const OperatorKey& key) {
  std::vector<M2lFftPlan> plans;
  if (key.m2l != M2lMethod::fft) return plans;
  const SiblingView nodes{lists.lists.near.data(), lists.tree.children.data(), lists.tree.has_source.data(),
                          lists.tree.has_target.data()};
  plans.resize(work.target_nodes.size());
  for (std::size_t level = parallel::kFirstLevel; level < plans.size(); ++level)
    plans[level] = plan_m2l_fft(key.order, static_cast<std::size_t>(key.m2l_precision),
                                work.target_parents[level - 1], nodes);
  return plans;
}

}  // namespace octopole
