// One reader a file format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bem/scanner.hpp"
#include "bem/surface.hpp"

namespace octopole::bem {

/// What a file says.
struct RawMesh {
  std::vector<Point> vertices;
  std::vector<Corners> triangles;
  std::vector<std::int32_t> group;  // (triangles) place in `groups`, or kNoGroup
  std::vector<std::string> groups;  // named in the file, some perhaps without triangles
  bool weld = false;                // vertices are not shared in files of this kind
};
inline constexpr std::int32_t kNoGroup = -1;

RawMesh read_gmsh(Scanner& file);
RawMesh read_obj(Scanner& file);
RawMesh read_stl(Scanner& file);

}  // namespace octopole::bem
