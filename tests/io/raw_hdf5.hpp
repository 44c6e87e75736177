// Writes HDF5 files of any shape and type, valid or not, for tests of the readers.
#pragma once

#include <hdf5.h>

#include <string>
#include <vector>

namespace octopole::test {

/// A dataset to be written: `values` are converted to the file type.
struct RawDataset {
  std::string name;
  std::vector<hsize_t> shape;
  std::vector<double> values;
  hid_t type = H5T_IEEE_F64LE;
  hsize_t chunk_rows = 0;  // 0: contiguous
};

/// Writes the file from one process.
inline void write_raw(const std::string& path, const std::vector<RawDataset>& datasets) {
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  for (const RawDataset& d : datasets) {
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (d.chunk_rows > 0) {
      std::vector<hsize_t> chunk = d.shape;
      chunk[0] = d.chunk_rows;
      H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
      H5Pset_deflate(creation, 4);
    }
    const hid_t space = H5Screate_simple(static_cast<int>(d.shape.size()), d.shape.data(), nullptr);
    const hid_t dataset = H5Dcreate2(file, d.name.c_str(), d.type, space, links, creation, H5P_DEFAULT);
    if (!d.values.empty())
      H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, d.values.data());
    H5Dclose(dataset);
    H5Sclose(space);
    H5Pclose(creation);
  }
  H5Pclose(links);
  H5Fclose(file);
}

}  // namespace octopole::test
