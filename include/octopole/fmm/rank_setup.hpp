// The steps of a set-up that need no other rank: the same for a real rank and for one that is only planned.
#pragma once

#include <vector>

#include "octopole/fmm/options.hpp"
#include "octopole/fmm/work_lists.hpp"
#include "octopole/operators/m2l_fft.hpp"

namespace octopole {

/// Partners as the parameters want them (direct_leaves and the surfaces' sizes).
tree::Partners choose_partners(const tree::EssentialTree& tree, const tree::InteractionLists& lists,
                               const Parameters& parameters);

/// M2L's plans by level of the targets; empty for M2L by SVD.
std::vector<M2lFftPlan> plan_m2l(const RankLists& lists, const WorkLists& work, const OperatorKey& key);

}  // namespace octopole
