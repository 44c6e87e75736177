#include "cost/rank_setup.hpp"

#include "cost/work.hpp"
#include "distributed/ghosts.hpp"
#include "operators/surface.hpp"

namespace octopole {

Index direct_points(const Parameters& parameters, Index surface, bool same) {
  if (!parameters.direct_leaves) return 0;
  Work work{};  // of one pair each
  work[static_cast<std::size_t>(Phase::p2p)].pairs = work[static_cast<std::size_t>(Phase::m2p)].pairs = 1;
  const auto seconds = seconds_of(work, parameters, parameters.rates, same);
  return static_cast<Index>(static_cast<double>(surface) * seconds[static_cast<std::size_t>(Phase::m2p)] /
                            seconds[static_cast<std::size_t>(Phase::p2p)]);
}

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

}  // namespace octopole
