// One reader per file format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bem/scanner.hpp"
#include "bem/surface.hpp"

namespace octopole::bem {

/// Contents of a mesh file.
struct RawMesh {
  std::vector<Point> vertices;
  std::vector<Corners> triangles;
  std::vector<std::int32_t> group;  // (triangles) index in `groups`, or kNoGroup
  std::vector<std::string> groups;  // names in the file; some may have no triangles
  bool weld = false;                // this format does not share vertices
};
inline constexpr std::int32_t kNoGroup = -1;

RawMesh read_gmsh(Scanner& file);
RawMesh read_obj(Scanner& file);
RawMesh read_stl(Scanner& file);

}  // namespace octopole::bem
