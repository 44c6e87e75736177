// Targets by leaf of the tree, and who is whose neighbour: a read-only copy for preconditioners.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fmm/setup.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Groups of points: this rank's leaves that have targets, along the Morton curve, then leaves of other ranks
/// that adjoin one of them. Points are numbered in the caller's global order of targets (rank after rank),
/// whichever rank's tree they are in; every target is in exactly one owned leaf of one rank.
struct LeafPoints {
  Index owned = 0;                             // leaves
  std::vector<Index> offsets = {0};            // (leaves + 1) of a leaf's points
  std::vector<Index> numbers;                  // (points)
  std::vector<double> positions;               // (points, 3)
  std::vector<Index> neighbour_offsets = {0};  // (owned + 1)
  std::vector<std::int32_t> neighbours;        // other leaves of the U list that have targets

  Index leaves() const { return static_cast<Index>(offsets.size()) - 1; }
  Index owned_points() const { return offsets[static_cast<std::size_t>(owned)]; }
  std::span<const std::int32_t> neighbours_of(Index leaf) const {
    const auto l = static_cast<std::size_t>(leaf);
    return {neighbours.data() + neighbour_offsets[l],
            static_cast<std::size_t>(neighbour_offsets[l + 1] - neighbour_offsets[l])};
  }
};

/// Copies them out of a set-up; asks the owners of neighbours for their targets. U lists have leaves with
/// sources, so that a leaf without any is nobody's neighbour. Collective.
LeafPoints leaf_points(const mpi::Comm& comm, PointSetup& setup);

/// The coordinates (n, 3) that the caller passed on this rank, as they were, of sources or targets.
/// Collective.
std::vector<double> caller_sources(PointSetup& setup);
std::vector<double> caller_targets(PointSetup& setup);

}  // namespace octopole
#pragma GCC visibility pop
