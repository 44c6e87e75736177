// Surface meshes in files: Gmsh, OBJ, STL.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bem/surface.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// What makes a conductor. groups: a physical group of Gmsh, an object of OBJ (a group where there are no
/// objects), a solid of an ASCII STL; parts: triangles connected by shared vertices; files: a whole file.
/// automatic, per file: groups if it names any (STL: if it has several solids), else parts.
enum class ConductorRule { automatic, groups, parts, files };
/// Parses "auto", "groups", "parts" or "files"; throws Error for another name.
ConductorRule parse_conductor_rule(std::string_view name);

struct ReadOptions {
  ConductorRule conductors = ConductorRule::automatic;
  /// If not empty: only these conductors, in this order.
  std::vector<std::string> only = {};
  /// Merges vertices closer than this fraction of the file's extent (its bounding box's diagonal). 0: only
  /// equal coordinates, and only in STL, which shares no vertices.
  double weld = 0;
};

/// Reads surfaces in the format of each extension: .msh (Gmsh 4.1, ASCII or binary), .obj, .stl (ASCII or
/// binary). Conductors keep the order of their first triangles; equal names in several files are one
/// conductor. A part is named after its file, without directory and extension, and numbered if the file has
/// several. Vertices of no triangle are dropped. Throws Error, with file and line or byte (binary files)
/// where possible, for input that cannot be parsed, an unknown or empty conductor, and triangles outside all
/// groups.
Surface read_surface(std::span<const std::string> paths, const ReadOptions& options = {});

/// Reads the same on rank 0; other ranks get an empty surface. Collective; throws the same Error on all
/// ranks.
Surface read_surface(const mpi::Comm& comm, std::span<const std::string> paths,
                     const ReadOptions& options = {});

enum class MeshEncoding { binary, ascii };

/// Writes the surface, completely or not at all, in the format of the extension: .msh (Gmsh 4.1; conductors
/// are physical groups), .obj (always text; conductors are objects), .stl (ASCII: conductors are solids;
/// binary: no conductors, coordinates of 7 digits). The other formats keep coordinates bit for bit. Not
/// collective. Throws Error for another extension and if the file cannot be written.
void write_surface(const std::string& path, const Surface& surface,
                   MeshEncoding encoding = MeshEncoding::binary);

}  // namespace octopole::bem
#pragma GCC visibility pop
