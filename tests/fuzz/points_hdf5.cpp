// Points and charges: HDF5 files of any schema.
#include "io/points_file.hpp"
#include "tests/fuzz/fuzz.hpp"
#include "tests/fuzz/mpi.hpp"
#include "tests/fuzz/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace octopole;
  const mpi::Comm& comm = fuzz::this_process();
  static const std::string path = fuzz::scratch_file(".h5");
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  FuzzedDataProvider input(data, size);
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const char* const names[2][4] = {
      {"/sources/positions", "/sources/charges", "/targets/positions", "/sources/dipoles"},
      {"/particle_data/sources", "/particle_data/source_densities", "/particle_data/targets",
       "/particle_data/dipoles"}};
  const bool other = input.ConsumeBool();
  for (const char* name : names[other ? 1 : 0])
    if (input.ConsumeIntegralInRange<int>(0, 9) > 0) fuzz::write_object(file, name, input);
  if (input.ConsumeIntegralInRange<int>(0, 9) == 0)  // in place of a group
    fuzz::write_object(file, input.ConsumeBool() ? "/sources" : "/targets", input);
  H5Fclose(file);
  fuzz::only_errors([&] {
    const Points points = read_points(comm, path);
    const auto sources = static_cast<std::size_t>(points.source_count),
               vectors = static_cast<std::size_t>(points.vectors);
    if (points.vectors < 1 || points.sources.size() != 3 * sources ||
        points.charges.size() != (points.kind == SourceKind::dipoles ? 0 : sources * vectors) ||
        points.dipoles.size() != (points.kind == SourceKind::charges ? 0 : 3 * sources * vectors) ||
        points.target_positions().size() != 3 * static_cast<std::size_t>(points.target_count))
      std::abort();
  });
  return 0;
}
