// Writes surface meshes to files.
#pragma once

#include <string>

#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

enum class MeshEncoding { binary, ascii };

/// Writes the surface, completely or not at all, in the format of the extension: .msh (Gmsh 4.1; conductors
/// are physical groups), .obj (always text; conductors are objects), .stl (ASCII: conductors are solids;
/// binary: no conductors, coordinates of 7 digits). The other formats keep coordinates bit for bit. Not
/// collective. Throws Error for another extension and if the file cannot be written.
void write_surface(const std::string& path, const Surface& surface,
                   MeshEncoding encoding = MeshEncoding::binary);

}  // namespace octopole::bem
#pragma GCC visibility pop
