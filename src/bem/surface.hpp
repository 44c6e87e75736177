// Triangle surface meshes in one process: what readers and generators make, and checks look at.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// A place in space, or a vector.
using Point = std::array<double, 3>;

/// Vertices of a triangle by number; seen from outside, they go anticlockwise.
using Corners = std::array<std::int32_t, 3>;

/// Triangles with shared vertices, each of one conductor.
struct Surface {
  std::vector<Point> vertices;
  std::vector<Corners> triangles;
  std::vector<std::int32_t> conductor;  // (triangles) place in `conductors`
  std::vector<std::string> conductors;  // names, each once

  Index size() const { return static_cast<Index>(triangles.size()); }
  const Point& corner(Index triangle, int c) const {
    return vertices[static_cast<std::size_t>(
        triangles[static_cast<std::size_t>(triangle)][static_cast<std::size_t>(c)])];
  }
};

}  // namespace octopole::bem
#pragma GCC visibility pop
