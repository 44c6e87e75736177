// What is wrong with a surface, and what can be mended.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// degenerate  a triangle with a vertex twice, or of an area below 1e-10 of its longest edge squared
/// duplicate   a triangle with the vertices of an earlier one
/// open        an edge of one triangle alone
/// branching   an edge of more than two triangles
/// disordered  an edge that its two triangles go along in the same direction: one of them is turned over
/// inside_out  a closed part whose triangles face inwards (of a cavity in its conductor: outwards)
/// overlap     two triangles that cross, or cover each other in a plane
enum class Defect : int { degenerate, duplicate, open, branching, disordered, inside_out, overlap };
inline constexpr std::size_t kDefects = 7;
std::string_view defect_name(Defect defect);

struct Finding {
  Index count = 0;
  std::vector<std::string> places;  // the first three: triangle (from 1, as in the surface), conductor, where
};

struct SurfaceReport {
  std::array<Finding, kDefects> findings;
  Index parts = 0;   // connected by edges
  Index nested = 0;  // parts that lie inside another part of the same conductor: cavities, or solids in them

  const Finding& operator[](Defect defect) const { return findings[static_cast<std::size_t>(defect)]; }
  Finding& operator[](Defect defect) { return findings[static_cast<std::size_t>(defect)]; }
  bool sound() const;
  /// "3 open edges: triangle 7 of 'plate' at (0, 1, 2), ..; ..", empty where it is sound.
  std::string text() const;
};

struct CheckOptions {
  bool allow_open = false;  // thin sheets: open edges are no defect
  bool find_overlaps = true;
};

/// Looks for all defects, in O(n log n) for surfaces without long crowded triangles. Threaded. The charge of
/// a conductor does not depend on which way its triangles face, but what faces both ways is often not what
/// was meant.
SurfaceReport check_surface(const Surface& surface, const CheckOptions& options = {});

/// Throws Error with the report's text and what to do, unless it is sound.
void require_sound(const SurfaceReport& report);

/// What repair_surface did, in triangles.
struct Repairs {
  Index degenerate = 0;  // left out, or their longest edge swapped with its neighbour's
  Index duplicates = 0;  // left out
  Index turned = 0;
  std::string text() const;  // "left out 2 duplicate triangles, turned 5 triangles over", or "nothing"
};

/// Mends degenerate, duplicate, disordered and inside-out triangles; open, branching and overlapping ones
/// stay (vertices that are almost equal: see ReadOptions::weld). Check again afterwards.
Repairs repair_surface(Surface& surface);

}  // namespace octopole::bem
#pragma GCC visibility pop
