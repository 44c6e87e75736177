// Edges of a surface, the pieces that they connect, and the orientation of the pieces.
#pragma once

#include <cstdint>
#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// One side of a triangle, between its vertices low < high.
struct HalfEdge {
  std::int32_t low, high;
  std::int32_t triangle;
  bool forward;         // the triangle traverses it from low to high
  std::int32_t corner;  // corner of the triangle where the edge begins
};

/// Half edges, sorted so that those of one edge are adjacent. Edges from a vertex to itself are omitted.
std::vector<HalfEdge> sorted_edges(const Surface& surface);

/// Calls visit(first, last) for the half edges of each edge.
template <class Visit>
void for_each_edge(const std::vector<HalfEdge>& edges, Visit&& visit) {
  for (std::size_t begin = 0; begin < edges.size();) {
    std::size_t end = begin + 1;
    while (end < edges.size() && edges[end].low == edges[begin].low && edges[end].high == edges[begin].high)
      ++end;
    visit(edges.data() + begin, edges.data() + end);
    begin = end;
  }
}

/// Triangles connected by edges that two of them share, and the flips that orient them consistently.
struct Pieces {
  std::int32_t count = 0;
  std::vector<std::int32_t> of_triangle;
  std::vector<char> turned;  // (triangles) to be flipped to agree with the first triangle of the piece
  std::vector<char> closed;  // (pieces) every edge is shared by two of its triangles
  std::vector<char> orientable;
};
Pieces find_pieces(const Surface& surface, const std::vector<HalfEdge>& edges);

/// Per piece, with `turned` applied: +1 if it is closed, orientable and faces outwards (a cavity: inwards,
/// into the cavity), -1 if it faces the other way, else 0; and the number of pieces inside others of their
/// conductor.
struct Facing {
  std::vector<int> sign;
  Index nested = 0;
};
Facing find_facing(const Surface& surface, const Pieces& pieces);

/// Whether the area is below 1e-10 of the longest edge squared, or a vertex is repeated.
bool is_degenerate(const Surface& surface, Index triangle);

}  // namespace octopole::bem
