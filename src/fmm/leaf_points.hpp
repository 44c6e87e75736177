// Targets by leaf of the tree, and the leaves' neighbours: a read-only copy for preconditioners.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fmm/set_points.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Groups of points: this rank's leaves that have targets, along the Morton curve, then leaves of other ranks
/// that are adjacent to one of them. Points have numbers in the caller's global order of targets (rank after
/// rank), whichever rank owns them; every target is in exactly one owned leaf of one rank.
struct LeafPoints {
  Index owned = 0;                             // leaves
  std::vector<Index> offsets = {0};            // (leaves + 1): where points of a leaf begin
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

/// Copies the leaves from a set-up, and requests the targets of neighbours from their owners. Only leaves
/// with sources are in U lists, so a leaf without sources is not a neighbour of any. Collective.
LeafPoints leaf_points(const mpi::Comm& comm, PointSetup& setup);

/// The coordinates (n, 3) of sources or targets that the caller passed on this rank, unchanged. Collective.
std::vector<double> caller_sources(PointSetup& setup);
std::vector<double> caller_targets(PointSetup& setup);

}  // namespace octopole
#pragma GCC visibility pop
