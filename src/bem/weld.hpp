// Merging of vertices at the same position.
#pragma once

#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// Length of the diagonal of the points' bounding box.
double extent_of(const std::vector<Point>& points);

/// Replaces each vertex within `distance` of an earlier one by the earlier one, and drops vertices of no
/// triangle. 0: merges only equal coordinates.
void weld(std::vector<Point>& vertices, std::vector<Corners>& triangles, double distance);

/// Drops the vertices of no triangle; the others keep their order.
void drop_unused_vertices(std::vector<Point>& vertices, std::vector<Corners>& triangles);

}  // namespace octopole::bem
