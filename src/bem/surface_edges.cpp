#include "bem/surface_edges.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>

#include "bem/box_tree.hpp"
#include "bem/panel_integrals.hpp"

namespace octopole::bem {
namespace {

Point minus(const Point& a, const Point& b) {
  return {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
}
double dot(const Point& a, const Point& b) {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
double triple(const Point& a, const Point& b, const Point& c) {
  return a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) +
         a[2] * (b[0] * c[1] - b[1] * c[0]);
}

/// Signed solid angle of a triangle (Van Oosterom and Strackee 1983).
double solid_angle(const Point& a, const Point& b, const Point& c) {
  const double ra = std::sqrt(dot(a, a)), rb = std::sqrt(dot(b, b)), rc = std::sqrt(dot(c, c));
  return 2 * std::atan2(triple(a, b, c), ra * rb * rc + dot(a, b) * rc + dot(b, c) * ra + dot(c, a) * rb);
}

struct Piece {
  std::vector<std::int32_t> triangles;
  Box box;
  std::int32_t conductor = 0;
};

}  // namespace

std::vector<HalfEdge> sorted_edges(const Surface& surface) {
  std::vector<HalfEdge> edges;
  edges.reserve(3 * surface.triangles.size());
  for (std::size_t t = 0; t < surface.triangles.size(); ++t)
    for (std::size_t c = 0; c < 3; ++c) {
      const std::int32_t from = surface.triangles[t][c], to = surface.triangles[t][(c + 1) % 3];
      if (from != to)
        edges.push_back({std::min(from, to), std::max(from, to), static_cast<std::int32_t>(t), from < to,
                         static_cast<std::int32_t>(c)});
    }
  std::sort(edges.begin(), edges.end(), [](const HalfEdge& a, const HalfEdge& b) {
    return std::tie(a.low, a.high, a.triangle, a.corner) < std::tie(b.low, b.high, b.triangle, b.corner);
  });
  return edges;
}

Pieces find_pieces(const Surface& surface, const std::vector<HalfEdge>& edges) {
  const std::size_t n = surface.triangles.size();
  struct Neighbour {
    std::int32_t triangle = -1;
    bool opposite = false;  // traverses the edge in the opposite direction, as required
  };
  std::vector<std::array<Neighbour, 3>> neighbours(n);
  for_each_edge(edges, [&](const HalfEdge* first, const HalfEdge* last) {
    if (last - first != 2 || first[0].triangle == first[1].triangle) return;
    const bool opposite = first[0].forward != first[1].forward;
    for (int side = 0; side < 2; ++side)
      neighbours[static_cast<std::size_t>(first[side].triangle)]
                [static_cast<std::size_t>(first[side].corner)] = {first[1 - side].triangle, opposite};
  });
  Pieces pieces;
  pieces.of_triangle.assign(n, -1);
  pieces.turned.assign(n, 0);
  std::vector<std::int32_t> open;
  for (std::size_t start = 0; start < n; ++start) {
    if (pieces.of_triangle[start] >= 0) continue;
    const std::int32_t piece = pieces.count++;
    char closed = 1, orientable = 1;
    pieces.of_triangle[start] = piece;
    open.assign(1, static_cast<std::int32_t>(start));
    while (!open.empty()) {
      const auto t = static_cast<std::size_t>(open.back());
      open.pop_back();
      for (const Neighbour& next : neighbours[t]) {
        if (next.triangle < 0) {
          closed = 0;
          continue;
        }
        const auto other = static_cast<std::size_t>(next.triangle);
        const char turned = pieces.turned[t] ^ static_cast<char>(!next.opposite);
        if (pieces.of_triangle[other] < 0) {
          pieces.of_triangle[other] = piece;
          pieces.turned[other] = turned;
          open.push_back(next.triangle);
        } else if (pieces.turned[other] != turned) {
          orientable = 0;
        }
      }
    }
    pieces.closed.push_back(closed);
    pieces.orientable.push_back(orientable);
  }
  return pieces;
}

Facing find_facing(const Surface& surface, const Pieces& pieces) {
  std::vector<Piece> all(static_cast<std::size_t>(pieces.count));
  for (std::size_t t = 0; t < surface.triangles.size(); ++t) {
    Piece& piece = all[static_cast<std::size_t>(pieces.of_triangle[t])];
    piece.triangles.push_back(static_cast<std::int32_t>(t));
    piece.conductor = surface.conductor[t];
    for (int c = 0; c < 3; ++c) piece.box.include(surface.corner(static_cast<Index>(t), c).data(), 0);
  }
  const auto has_volume = [&](std::size_t p) { return pieces.closed[p] != 0 && pieces.orientable[p] != 0; };
  const auto sum_over = [&](const Piece& piece, const Point& origin, auto&& term) {
    double sum = 0;
    for (const std::int32_t t : piece.triangles) {
      const double value = term(minus(surface.corner(t, 0), origin), minus(surface.corner(t, 1), origin),
                                minus(surface.corner(t, 2), origin));
      sum += pieces.turned[static_cast<std::size_t>(t)] ? -value : value;
    }
    return sum;
  };

  Facing facing;
  facing.sign.assign(all.size(), 0);
  for (std::size_t p = 0; p < all.size(); ++p) {
    if (!has_volume(p)) continue;
    const Point& corner = surface.corner(all[p].triangles[0], 0);
    int depth = 0;
    for (std::size_t q = 0; q < all.size(); ++q) {
      if (q == p || all[q].conductor != all[p].conductor || !has_volume(q) ||
          !all[q].box.holds(corner.data()))
        continue;
      const double angle = sum_over(all[q], corner, solid_angle);
      if (std::abs(angle) > 2 * std::numbers::pi) ++depth;
    }
    if (depth > 0) ++facing.nested;
    const double volume = sum_over(all[p], corner, triple);
    facing.sign[p] = (volume < 0) == (depth % 2 == 1) ? 1 : -1;
  }
  return facing;
}

bool is_degenerate(const Surface& surface, Index triangle) {
  const Corners& v = surface.triangles[static_cast<std::size_t>(triangle)];
  if (v[0] == v[1] || v[1] == v[2] || v[2] == v[0]) return true;
  double corners[9];
  for (int c = 0; c < 3; ++c) std::copy_n(surface.corner(triangle, c).data(), 3, corners + 3 * c);
  const double diameter = panel_diameter(corners);
  return !(panel_area(corners) > 1e-10 * diameter * diameter);
}

}  // namespace octopole::bem
