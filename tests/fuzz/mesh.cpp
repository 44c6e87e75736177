// Surface meshes: one harness per format, by OCTOPOLE_FUZZ_EXTENSION.
#include "bem/check_surface.hpp"
#include "bem/mesh_file.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octopole;
  static const std::string path = fuzz::scratch_file(OCTOPOLE_FUZZ_EXTENSION);
  fuzz::write(path, data, size);
  fuzz::only_errors([] {
    const std::vector<std::string> paths = {path};
    bem::Surface surface = bem::read_surface(paths);
    if (surface.size() > 1000) return;
    bem::repair_surface(surface);
    bem::require_sound(bem::check_surface(surface));
  });
  return 0;
}
