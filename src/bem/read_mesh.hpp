// Surface meshes from files: Gmsh, OBJ, STL.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bem/surface.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// What a conductor is. groups: a physical group of Gmsh, an object of OBJ (a group where there are no
/// objects), a solid of an ASCII STL; parts: triangles that hang together by shared vertices; files: all of a
/// file. automatic, for each file: groups where it names any (STL: where it has several solids), else parts.
enum class ConductorRule { automatic, groups, parts, files };
/// "auto", "groups", "parts", "files"; throws Error for another name.
ConductorRule parse_conductor_rule(std::string_view name);

struct ReadOptions {
  ConductorRule conductors = ConductorRule::automatic;
  /// Where not empty: only these conductors, in this order.
  std::vector<std::string> only = {};
  /// Makes one vertex of vertices closer than this part of the file's extent (its box's diagonal); 0: only of
  /// those of equal coordinates in STL, which has no others.
  double weld = 0;
};

/// Reads surfaces, by the extension of each name: .msh (Gmsh 4.1, ASCII or binary), .obj, .stl (ASCII or
/// binary). Conductors keep the order of their first triangles; equal names in several files are one
/// conductor. A part is called by its file without directory and extension, and numbered where the file has
/// several. Vertices in no triangle are dropped. Throws Error with file and line, or byte in binary files,
/// for what cannot be understood, an unknown or empty conductor, and triangles outside of all groups.
Surface read_surface(std::span<const std::string> paths, const ReadOptions& options = {});

/// The same on rank 0; other ranks get an empty surface. Collective, the same Error on all ranks.
Surface read_surface(const mpi::Comm& comm, std::span<const std::string> paths,
                     const ReadOptions& options = {});

}  // namespace octopole::bem
#pragma GCC visibility pop
