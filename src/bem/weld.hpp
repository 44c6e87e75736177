// Vertices at the same place made one.
#pragma once

#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// Length of the diagonal of the points' box.
double extent_of(const std::vector<Point>& points);

/// Replaces each vertex within `distance` of an earlier one by it, and drops the vertices that no triangle
/// has. 0: only those of equal coordinates.
void weld(std::vector<Point>& vertices, std::vector<Corners>& triangles, double distance);

/// Drops the vertices that no triangle has; the others keep their order.
void drop_unused_vertices(std::vector<Point>& vertices, std::vector<Corners>& triangles);

}  // namespace octopole::bem
