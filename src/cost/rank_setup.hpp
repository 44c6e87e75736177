// The steps of a set-up that need no other rank: the same for a real rank and for one that is only planned.
#pragma once

#include <vector>

#include "cost/work_lists.hpp"
#include "octopole/options.hpp"
#include "operators/m2l_fft.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Points of a leaf up to which its W and X pairs are summed directly, a surface of so many points being the
/// alternative: as many as P2P sums in the time of that, by the rates. `same`: the targets are the sources.
Index direct_points(const Parameters& parameters, Index surface, bool same);

/// P2P partners of targets that are sources, for pairs of them.
tree::NearPartners near_partners(const tree::EssentialTree& tree, const tree::Partners& partners,
                                 Index own_sources, const Parameters& parameters);

/// Partners as the parameters want them (direct_leaves and direct_points of the surfaces).
tree::Partners choose_partners(const tree::EssentialTree& tree, const tree::InteractionLists& lists,
                               const Parameters& parameters, bool same);

/// M2L's plans by level of the targets; empty for M2L by SVD.
std::vector<M2lFftPlan> plan_m2l(const RankLists& lists, const WorkLists& work, const OperatorKey& key);

}  // namespace octopole
#pragma GCC visibility pop
