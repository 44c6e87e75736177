// Operator databases: an intact file, in which the fuzzer deletes or replaces up to three objects.
#include "io/operator_file.hpp"
#include "octopole/kernels.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mpi.hpp"
#include "tests/fuzz/schema.hpp"

namespace {

octopole::OperatorKey key() {
  octopole::OperatorKey key;
  key.kernel = octopole::Laplace::name;
  key.order = key.check_order = key.downward_check_order = 2;
  key.pinv_tolerance = octopole::effective_pinv_tolerance(key);
  return key;
}

const std::string& intact() {
  static const std::string path = [] {
    std::string name = octopole::fuzz::scratch_file("-intact.h5");
    octopole::OperatorSet<double> set = octopole::make_operators<octopole::Laplace, double>({}, key());
    octopole::OperatorFile<double>(name).save(set);
    return name;
  }();
  return path;
}

void collect(hid_t file, std::vector<std::string>& names) {
  H5Ovisit2(
      file, H5_INDEX_NAME, H5_ITER_NATIVE,
      [](hid_t, const char* name, const H5O_info_t*, void* to) -> herr_t {
        static_cast<std::vector<std::string>*>(to)->emplace_back(name);
        return 0;
      },
      &names, H5O_INFO_BASIC);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octopole;
  fuzz::this_process();
  static const std::string path = fuzz::scratch_file(".h5");
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  std::filesystem::copy_file(intact(), path, std::filesystem::copy_options::overwrite_existing);
  FuzzedDataProvider input(data, size);
  bool changed = false;
  if (const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT); file >= 0) {
    std::vector<std::string> names;
    collect(file, names);
    for (int steps = input.ConsumeIntegralInRange<int>(0, 3); steps > 0; --steps) {
      const std::string name = names[input.ConsumeIntegralInRange<std::size_t>(0, names.size() - 1)];
      if (name != ".") H5Ldelete(file, name.c_str(), H5P_DEFAULT);
      if (input.ConsumeBool()) fuzz::write_object(file, name, input);
      changed = true;
    }
    H5Fclose(file);
  }
  fuzz::only_errors([&] {
    OperatorFile<double> database(path);
    OperatorSet<double> set;
    std::string reason;
    const bool loaded = database.load(key(), set, reason);
    if (!changed && !loaded) std::abort();
    if (!loaded && reason.empty()) std::abort();
  });
  return 0;
}
