// Rates from a file, as --rates reads them.
#include "machine_rates.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mpi.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octopole;
  static const std::string path = fuzz::scratch_file(".json");
  fuzz::write(path, data, size);
  fuzz::only_errors([] { app::machine_rates(fuzz::this_process(), path); });
  return 0;
}
