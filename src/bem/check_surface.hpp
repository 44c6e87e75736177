// Checks and repairs of surfaces.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// degenerate  a triangle with a repeated vertex, or of an area below 1e-10 of its longest edge squared
/// duplicate   a triangle with the vertices of an earlier one
/// open        an edge of only one triangle
/// branching   an edge of more than two triangles
/// disordered  an edge that its two triangles traverse in the same direction: one of them is flipped
/// inside_out  a closed part whose triangles face inwards (a cavity in its conductor: outwards)
/// overlap     two triangles that intersect, or overlap in a plane
enum class Defect : int { degenerate, duplicate, open, branching, disordered, inside_out, overlap };
inline constexpr std::size_t kDefects = 7;
std::string_view defect_name(Defect defect);

struct Finding {
  Index count = 0;
  std::vector<std::string> places;  // the first three: triangle (from 1, as in the surface), conductor, point
};

struct SurfaceReport {
  std::array<Finding, kDefects> findings;
  Index parts = 0;   // connected by edges
  Index nested = 0;  // parts inside another part of the same conductor: cavities, or solids in them

  const Finding& operator[](Defect defect) const { return findings[static_cast<std::size_t>(defect)]; }
  Finding& operator[](Defect defect) { return findings[static_cast<std::size_t>(defect)]; }
  bool sound() const;
  /// "3 open edges: triangle 7 of 'plate' at (0, 1, 2), ..; ..", empty if the surface is sound.
  std::string text() const;
};

struct CheckOptions {
  bool allow_open = false;  // thin sheets: open edges are not a defect
  bool find_overlaps = true;
};

/// Finds all defects, in O(n log n) for surfaces without long, crowded triangles. Threaded. The charge of a
/// conductor does not depend on the orientation of its triangles, but mixed orientations are often a mistake
/// in the mesh.
SurfaceReport check_surface(const Surface& surface, const CheckOptions& options = {});

/// Throws Error with the report's text and advice unless the surface is sound.
void require_sound(const SurfaceReport& report);

/// Numbers of triangles that repair_surface changed.
struct Repairs {
  Index degenerate = 0;  // removed, or repaired by flipping their longest edge
  Index duplicates = 0;  // removed
  Index turned = 0;
  std::string text() const;  // "left out 2 duplicate triangles, reversed 5 triangles", or "nothing"
};

/// Repairs degenerate, duplicate, disordered and inside-out triangles, but not open, branching or overlapping
/// ones (for almost equal vertices see ReadOptions::weld). Check the surface again afterwards.
Repairs repair_surface(Surface& surface);

}  // namespace octopole::bem
#pragma GCC visibility pop
