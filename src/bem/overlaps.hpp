// Triangles of a surface that cross or cover each other.
#pragma once

#include <utility>
#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// Whether two triangles have more in common than vertices and an edge of the surface, touching excepted.
/// Neither may be degenerate, nor both have the same vertices.
bool overlap(const Surface& surface, Index a, Index b);

/// All such pairs (lower, higher), ascending; triangles marked in `skip` are left out. At most `limit` are
/// listed, `count` is their number. Threaded.
std::vector<std::pair<Index, Index>> find_overlaps(const Surface& surface, const std::vector<char>& skip,
                                                   std::size_t limit, Index& count);

}  // namespace octopole::bem
