#include "bem/parts.hpp"

#include <numeric>

namespace octopole::bem {

Parts connected_parts(std::size_t vertices, const std::vector<Corners>& triangles) {
  // Union-find over vertices, with path halving.
  std::vector<std::int32_t> parent(vertices);
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](std::int32_t v) {
    while (parent[static_cast<std::size_t>(v)] != v) {
      std::int32_t& up = parent[static_cast<std::size_t>(v)];
      up = parent[static_cast<std::size_t>(up)];
      v = up;
    }
    return v;
  };
  for (const Corners& t : triangles)
    for (int c = 1; c < 3; ++c) {
      const std::int32_t a = root(t[0]), b = root(t[static_cast<std::size_t>(c)]);
      if (a != b) parent[static_cast<std::size_t>(a > b ? a : b)] = a > b ? b : a;
    }
  Parts parts;
  std::vector<std::int32_t> number(vertices, -1);
  for (const Corners& t : triangles) {
    std::int32_t& part = number[static_cast<std::size_t>(root(t[0]))];
    if (part < 0) part = parts.count++;
    parts.of_triangle.push_back(part);
  }
  return parts;
}

}  // namespace octopole::bem
