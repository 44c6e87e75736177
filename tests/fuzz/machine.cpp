// Machine files of `octopole plan`.
#include "machine_file.hpp"
#include "tests/fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octopole;
  static const std::string path = fuzz::scratch_file(".json");
  fuzz::write(path, data, size);
  fuzz::only_errors([] { app::read_machine(path); });
  return 0;
}
