// octopole_fuzz_corpus FOLDER: writes the initial inputs of the harnesses, one folder per harness.
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "bem/generate_mesh.hpp"
#include "bem/mesh_file.hpp"
#include "machine_throughput.hpp"
#include "reference_machine.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

std::string folder(const std::string& root, const char* name) {
  std::filesystem::create_directories(root + "/" + name);
  return root + "/" + name + "/";
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace octopole;
  if (argc != 2) return 2;
  const std::string root = argv[1];
  const bem::Surface cube = bem::cube_mesh({.refine = 1}), bus = bem::bus_mesh({.refine = 1});
  for (const char* format : {"msh", "obj", "stl"})
    for (const bool binary : {false, true}) {
      const auto encoding = binary ? bem::MeshEncoding::binary : bem::MeshEncoding::ascii;
      const std::string to = folder(root, format) + (binary ? "binary" : "text");
      bem::write_surface(to + "-cube." + format, cube, encoding);
      bem::write_surface(to + "-bus." + format, bus, encoding);
    }
  write(folder(root, "obj") + "rest.obj",
        "# relative places, polygons, texture\no a\nv 0 0 0\nv 1 0 0\nv 0 1 0\nv 1 1 0\nvt 0 0\nvn 0 0 1\n"
        "usemtl m\ns off\nf -4/1/1 -3/1/1 -1/1/1 -2/1/1\ng b\nf 1//1 2//1 3//1\n");
  write(folder(root, "machine") + "reference.json", app::kReferenceMachine);
  write(folder(root, "throughput") + "reference.json", app::throughput_json(reference_throughput()).dump(1));
  // Arbitrary bytes, of which schema.hpp makes HDF5 objects.
  std::string bytes;
  for (int i = 0; i < 200; ++i) bytes += static_cast<char>(i * 37 + 11);
  write(folder(root, "points_hdf5") + "any", bytes);
  for (const char operators : {0, 1, 2, 3}) {  // which the first byte chooses
    bytes[0] = operators;
    write(folder(root, "operators_hdf5") + "any" + std::to_string(operators), bytes);
  }
  return 0;
}
