// Communication over all ranks, for the report's part on communication.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "base/profile.hpp"
#include "fmm/over_ranks.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Whether the exchange is started before work that does not need it, and finished after that work.
constexpr bool overlaps(Exchange exchange) {
  return exchange == Exchange::ghost_charges || exchange == Exchange::ghost_multipoles ||
         exchange == Exchange::near_sums;
}

/// Reduces the traffic and times of all ranks. Collective.
CommunicationSummary summarize_communication(const mpi::Comm& comm, const Profile& profile,
                                             const std::array<Traffic, kSetupExchanges>& setup);

}  // namespace octopole
#pragma GCC visibility pop
