#include "bem/mesh_format.hpp"

#include <algorithm>
#include <filesystem>

#include "octopole/error.hpp"

namespace octopole::bem {

MeshFormat mesh_format(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  if (extension == ".msh") return MeshFormat::gmsh;
  if (extension == ".obj") return MeshFormat::obj;
  if (extension == ".stl") return MeshFormat::stl;
  throw Error("'" + path + "' is not named like a mesh file", "meshes end in .msh (Gmsh 4.1), .obj or .stl");
}

}  // namespace octopole::bem
