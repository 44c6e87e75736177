// Triangle surface meshes in one process, made by readers and generators.
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

}  // namespace octopole::bem
#pragma GCC visibility pop
