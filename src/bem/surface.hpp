// Triangle surface meshes in one process: appended to each other, welded, divided into connected parts.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// A point or a vector.
using Point = std::array<double, 3>;

/// Vertex indices of a triangle, anticlockwise seen from outside.
using Corners = std::array<std::int32_t, 3>;

/// Triangles with shared vertices; each belongs to one conductor.
struct Surface {
  std::vector<Point> vertices;
  std::vector<Corners> triangles;
  std::vector<std::int32_t> conductor;  // (triangles) index in `conductors`
  std::vector<std::string> conductors;  // distinct names

  Index size() const { return static_cast<Index>(triangles.size()); }
  const Point& corner(Index triangle, int c) const {
    return vertices[static_cast<std::size_t>(
        triangles[static_cast<std::size_t>(triangle)][static_cast<std::size_t>(c)])];
  }
};

/// Appends the triangles and conductors of `other`; conductors of the same name are merged.
void append(Surface& surface, const Surface& other);

/// Length of the diagonal of the points' bounding box.
double extent_of(const std::vector<Point>& points);

/// Replaces each vertex within `distance` of an earlier one by the earlier one, and drops vertices of no
/// triangle. 0: merges only equal coordinates.
void weld(std::vector<Point>& vertices, std::vector<Corners>& triangles, double distance);

/// Drops the vertices of no triangle; the others keep their order.
void drop_unused_vertices(std::vector<Point>& vertices, std::vector<Corners>& triangles);

/// Connected parts: triangles are connected by shared vertices.
struct Parts {
  std::int32_t count = 0;
  std::vector<std::int32_t> of_triangle;  // numbered in the order of their first triangles
};
Parts connected_parts(std::size_t vertices, const std::vector<Corners>& triangles);

}  // namespace octopole::bem
#pragma GCC visibility pop
