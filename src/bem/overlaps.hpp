// Triangles of a surface that intersect or overlap.
#pragma once

#include <utility>
#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// Whether two triangles intersect or overlap outside common vertices and a common edge; touching does not
/// count. Neither may be degenerate, nor may both have the same vertices.
bool overlap(const Surface& surface, Index a, Index b);

/// Finds all such pairs (lower, higher), ascending, except of triangles marked in `skip`. Lists at most
/// `limit` pairs; `count` is the number of all. Threaded.
std::vector<std::pair<Index, Index>> find_overlaps(const Surface& surface, const std::vector<char>& skip,
                                                   std::size_t limit, Index& count);

}  // namespace octopole::bem
