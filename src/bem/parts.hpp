// Connected parts of a surface.
#pragma once

#include <cstdint>
#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// Connected parts: triangles are connected by shared vertices.
struct Parts {
  std::int32_t count = 0;
  std::vector<std::int32_t> of_triangle;  // numbered in the order of their first triangles
};
Parts connected_parts(std::size_t vertices, const std::vector<Corners>& triangles);

}  // namespace octopole::bem
