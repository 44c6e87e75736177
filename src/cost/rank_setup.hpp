// The steps of a set-up without communication, used for real ranks and for planned ones.
#pragma once

#include <vector>

#include "cost/operation_counts.hpp"
#include "octopole/options.hpp"
#include "operators/m2l_fft.hpp"
#include "tree/interaction_lists.hpp"
#include "tree/near_pairs.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// P2P lists for sources = targets, to be paired up.
tree::NearLists near_lists(const tree::EssentialTree& tree, const tree::OperatorLists& operator_lists,
                           Index own_sources, const Parameters& parameters);

/// Chooses the operator of each pair by the parameters (direct_leaves, and direct_points of the surfaces).
tree::OperatorLists choose_operator_lists(const tree::EssentialTree& tree,
                                          const tree::InteractionLists& lists, const Parameters& parameters,
                                          bool targets_are_sources);

/// M2L's schedules by level of the targets; empty for M2L by SVD.
std::vector<M2lSchedule> make_m2l_schedules(const RankLists& lists, const OperatorNodes& operator_nodes,
                                            const OperatorKey& key);

/// How multipoles are sent between the ranks of a run.
tree::MultipoleRule multipole_rule(const Parameters& parameters, int ranks);

}  // namespace octopole
#pragma GCC visibility pop
