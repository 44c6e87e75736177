// Surface meshes to files.
#pragma once

#include <string>

#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

enum class MeshEncoding { binary, ascii };

/// Writes the surface by the extension of the name, all of it or nothing: .msh (Gmsh 4.1, conductors are
/// physical groups), .obj (text in any case, conductors are objects), .stl (in ASCII conductors are solids;
/// binary has none, and coordinates of 7 digits). Others keep coordinates to the bit. Not collective. Throws
/// Error for another extension and where the file cannot be written.
void write_surface(const std::string& path, const Surface& surface,
                   MeshEncoding encoding = MeshEncoding::binary);

}  // namespace octopole::bem
#pragma GCC visibility pop
