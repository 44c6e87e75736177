// Throughput from a file, as --throughput reads it.
#include "machine_throughput.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mpi.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octopole;
  static const std::string path = fuzz::scratch_file(".json");
  fuzz::write(path, data, size);
  fuzz::only_errors([] { app::machine_throughput(fuzz::this_process(), path); });
  return 0;
}
