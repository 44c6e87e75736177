#include "bem/surface.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "tree/morton.hpp"

namespace octopole::bem {
namespace {

using Cell = std::array<std::int64_t, 3>;

struct CellHash {
  std::size_t operator()(const Cell& cell) const {
    std::uint64_t hash = 0;
    for (const std::int64_t c : cell) {
      hash = (hash ^ static_cast<std::uint64_t>(c)) * 0x9E3779B97F4A7C15u;
      hash ^= hash >> 29;
    }
    return hash;
  }
};

/// Key of a position, equal for equal positions: zeros of both signs are the same.
Cell exact_key(const Point& point) {
  Cell key;
  for (std::size_t d = 0; d < 3; ++d) key[d] = std::bit_cast<std::int64_t>(point[d] == 0 ? 0.0 : point[d]);
  return key;
}

std::vector<std::int32_t> equal_vertices(const std::vector<Point>& vertices) {
  std::unordered_map<Cell, std::int32_t, CellHash> first;
  first.reserve(vertices.size());
  std::vector<std::int32_t> number(vertices.size());
  for (std::size_t v = 0; v < vertices.size(); ++v)
    number[v] = first.try_emplace(exact_key(vertices[v]), static_cast<std::int32_t>(v)).first->second;
  return number;
}

double distance2(const Point& a, const Point& b) {
  double sum = 0;
  for (std::size_t d = 0; d < 3; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
  return sum;
}

/// Uses cells of width `distance`: a vertex within that distance is in the same cell or a neighbour.
std::vector<std::int32_t> close_vertices(const std::vector<Point>& vertices, double distance) {
  morton::Bounds bounds = morton::Bounds::empty();
  for (const Point& p : vertices) bounds.include(p);
  std::unordered_map<Cell, std::vector<std::int32_t>, CellHash> kept;
  std::vector<std::int32_t> number(vertices.size());
  for (std::size_t v = 0; v < vertices.size(); ++v) {
    Cell cell;
    for (std::size_t d = 0; d < 3; ++d)
      cell[d] = static_cast<std::int64_t>(std::floor((vertices[v][d] - bounds.lower[d]) / distance));
    number[v] = static_cast<std::int32_t>(v);
    for (int direction = 0; direction < 27; ++direction) {
      const std::array<int, 3> step = morton::direction_offset(direction);
      const auto place = kept.find({cell[0] + step[0], cell[1] + step[1], cell[2] + step[2]});
      if (place == kept.end()) continue;
      for (const std::int32_t other : place->second)
        if (other < number[v] &&
            distance2(vertices[static_cast<std::size_t>(other)], vertices[v]) <= distance * distance)
          number[v] = other;
    }
    if (number[v] == static_cast<std::int32_t>(v)) kept[cell].push_back(number[v]);
  }
  return number;
}

}  // namespace

void append(Surface& surface, const Surface& other) {
  const auto shift = checked_cast<std::int32_t>(surface.vertices.size(), "number of vertices");
  checked_cast<std::int32_t>(surface.vertices.size() + other.vertices.size(), "number of vertices");
  std::vector<std::int32_t> names;
  for (const std::string& name : other.conductors) {
    auto place = std::find(surface.conductors.begin(), surface.conductors.end(), name);
    if (place == surface.conductors.end()) place = surface.conductors.insert(place, name);
    names.push_back(static_cast<std::int32_t>(place - surface.conductors.begin()));
  }
  surface.vertices.insert(surface.vertices.end(), other.vertices.begin(), other.vertices.end());
  for (const Corners& t : other.triangles)
    surface.triangles.push_back({t[0] + shift, t[1] + shift, t[2] + shift});
  for (const std::int32_t c : other.conductor)
    surface.conductor.push_back(names[static_cast<std::size_t>(c)]);
}

double extent_of(const std::vector<Point>& points) {
  morton::Bounds bounds = morton::Bounds::empty();
  for (const Point& p : points) bounds.include(p);
  return points.empty() ? 0 : std::sqrt(distance2(bounds.lower, bounds.upper));
}

void weld(std::vector<Point>& vertices, std::vector<Corners>& triangles, double distance) {
  const std::vector<std::int32_t> number =
      distance > 0 ? close_vertices(vertices, distance) : equal_vertices(vertices);
  for (Corners& corners : triangles)
    for (std::int32_t& v : corners) v = number[static_cast<std::size_t>(v)];
  drop_unused_vertices(vertices, triangles);
}

void drop_unused_vertices(std::vector<Point>& vertices, std::vector<Corners>& triangles) {
  std::vector<std::int32_t> number(vertices.size(), -1);
  for (const Corners& corners : triangles)
    for (const std::int32_t v : corners) number[static_cast<std::size_t>(v)] = 0;
  std::int32_t next = 0;
  for (std::size_t v = 0; v < vertices.size(); ++v) {
    if (number[v] < 0) continue;
    number[v] = next;
    vertices[static_cast<std::size_t>(next++)] = vertices[v];
  }
  vertices.resize(static_cast<std::size_t>(next));
  for (Corners& corners : triangles)
    for (std::int32_t& v : corners) v = number[static_cast<std::size_t>(v)];
}

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
