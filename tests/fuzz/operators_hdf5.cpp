// Operator databases: an intact file, for M2L by FFT or SVD in double or single precision, in which the
// fuzzer deletes or replaces up to three objects.
#include "io/operator_file.hpp"
#include "octopole/kernels.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mpi.hpp"
#include "tests/fuzz/schema.hpp"

namespace {

template <class Real>
octopole::OperatorKey key(octopole::M2lMethod m2l) {
  octopole::OperatorKey key;
  key.kernel = octopole::Laplace::name;
  key.order = key.check_order = key.downward_check_order = 2;
  key.precision = sizeof(Real) == sizeof(float) ? octopole::Precision::single_precision
                                                : octopole::Precision::double_precision;
  key.m2l_precision = key.precision;
  key.m2l = m2l;
  if (m2l == octopole::M2lMethod::svd) key.svd_tolerance = 1e-3;
  key.pinv_tolerance = octopole::effective_pinv_tolerance(key);
  return key;
}

/// A file with the operators of `key`, made once for each name.
template <class Real>
std::string make_intact(const octopole::OperatorKey& key, const std::string& name) {
  std::string path = octopole::fuzz::scratch_file(name);
  octopole::OperatorSet<Real> set = octopole::make_operators<Real>(octopole::Laplace{}, key);
  octopole::OperatorFile<Real>(path).save(set);
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

/// Reads the intact file of `key` with the changes that the fuzzer selects.
template <class Real>
void read_changed(const std::string& intact, const octopole::OperatorKey& key, FuzzedDataProvider& input) {
  using namespace octopole;
  static const std::string path = fuzz::scratch_file(".h5");
  std::filesystem::copy_file(intact, path, std::filesystem::copy_options::overwrite_existing);
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
    OperatorFile<Real> database(path);
    OperatorSet<Real> set;
    std::string reason;
    const bool loaded = database.load(key, set, reason);
    if (!changed && !loaded) std::abort();
    if (!loaded && reason.empty()) std::abort();
  });
}

template <class Real>
void read_changed_of(octopole::M2lMethod m2l, FuzzedDataProvider& input) {
  static const std::string of_fft =
      make_intact<Real>(key<Real>(octopole::M2lMethod::fft), "-fft" + std::to_string(sizeof(Real)) + ".h5");
  static const std::string of_svd =
      make_intact<Real>(key<Real>(octopole::M2lMethod::svd), "-svd" + std::to_string(sizeof(Real)) + ".h5");
  read_changed<Real>(m2l == octopole::M2lMethod::fft ? of_fft : of_svd, key<Real>(m2l), input);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using octopole::M2lMethod;
  octopole::fuzz::this_process();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  // The changes are read from the end of the input; its first byte chooses the operators.
  const unsigned choice = size > 0 ? data[0] % 4U : 0;
  const M2lMethod m2l = choice < 2 ? M2lMethod::fft : M2lMethod::svd;
  FuzzedDataProvider input(data, size);
  if (choice % 2 == 0)
    read_changed_of<double>(m2l, input);
  else
    read_changed_of<float>(m2l, input);
  return 0;
}
