// What travelled, over all ranks: the content of the report's part on communication.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "fmm/over_ranks.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Exchanges that are started before work which does not need them and finished after it.
constexpr bool overlaps(Exchange exchange) {
  return exchange == Exchange::ghost_charges || exchange == Exchange::ghost_multipoles ||
         exchange == Exchange::near_sums;
}

/// Collective.
CommunicationSummary summarize_communication(const mpi::Comm& comm, const Profile& profile,
                                             const std::array<Traffic, kSetupExchanges>& setup);

}  // namespace octopole
#pragma GCC visibility pop
