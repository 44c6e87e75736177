// Mesh formats by the extension of a file's name.
#pragma once

#include <string>

namespace octopole::bem {

enum class MeshFormat { gmsh, obj, stl };

/// By ".msh", ".obj" or ".stl" in either case; throws Error for others.
MeshFormat mesh_format(const std::string& path);

}  // namespace octopole::bem
