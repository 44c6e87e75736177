// Edges of a surface, the parts that they join, and which way those face.
#pragma once

#include <cstdint>
#include <vector>

#include "bem/surface.hpp"

namespace octopole::bem {

/// One side of a triangle, from its vertex low to high or back.
struct HalfEdge {
  std::int32_t low, high;
  std::int32_t triangle;
  bool forward;         // the triangle goes from low to high
  std::int32_t corner;  // of the triangle, where the edge begins
};

/// Half edges, those of one edge next to each other. Edges from a vertex to itself are left out.
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

/// Triangles joined by edges that two of them share, and how they must be turned to go the same way around.
struct Pieces {
  std::int32_t count = 0;
  std::vector<std::int32_t> of_triangle;
  std::vector<char> turned;  // (triangles) against the first triangle of the piece
  std::vector<char> closed;  // (pieces) every edge is shared by two triangles of it
  std::vector<char> orientable;
};
Pieces find_pieces(const Surface& surface, const std::vector<HalfEdge>& edges);

/// For each closed and orientable piece +1 where it faces outwards (a cavity: into it), -1 where not, others
/// 0, with `turned` applied; and how many pieces lie in others of their conductor.
struct Facing {
  std::vector<int> sign;
  Index nested = 0;
};
Facing find_facing(const Surface& surface, const Pieces& pieces);

/// Area below 1e-10 of the longest edge squared, or a vertex twice.
bool is_degenerate(const Surface& surface, Index triangle);

}  // namespace octopole::bem
