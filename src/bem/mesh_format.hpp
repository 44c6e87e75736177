// Mesh formats by file name extension.
#pragma once

#include <string>

namespace octopole::bem {

enum class MeshFormat { gmsh, obj, stl };

/// Format of the extension ".msh", ".obj" or ".stl", in upper or lower case; throws Error for others.
MeshFormat mesh_format(const std::string& path);

}  // namespace octopole::bem
