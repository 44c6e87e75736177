// HDF5 files with any groups, datasets, links, types, shapes and layouts, as the fuzzer's bytes select.
#pragma once

#include <fuzzer/FuzzedDataProvider.h>
#include <hdf5.h>

#include <algorithm>
#include <string>
#include <vector>

namespace octopole::fuzz {

/// One of several HDF5 types, most of which are wrong everywhere.
inline hid_t draw_type(FuzzedDataProvider& input) {
  const hid_t types[] = {H5T_IEEE_F64LE, H5T_IEEE_F32LE, H5T_IEEE_F64BE,  H5T_STD_I64LE,     H5T_STD_U8LE,
                         H5T_C_S1,       H5T_UNIX_D32LE, H5T_STD_REF_OBJ, H5T_NATIVE_LDOUBLE};
  return types[input.ConsumeIntegralInRange<std::size_t>(0, std::size(types) - 1)];
}

/// A small or a very large number.
inline hsize_t draw_length(FuzzedDataProvider& input) {
  const auto choice = input.ConsumeIntegral<std::uint8_t>();
  return choice < 240 ? choice % 12 : hsize_t{1} << (choice - 210);  // up to 2^45
}

/// Writes a dataset of any kind, or another object, at `name`; nothing where HDF5 refuses it.
inline void write_object(hid_t parent, const std::string& name, FuzzedDataProvider& input) {
  const hid_t links = H5Pcreate(H5P_LINK_CREATE);
  H5Pset_create_intermediate_group(links, 1);
  const auto kind = input.ConsumeIntegralInRange<int>(0, 15);
  if (kind == 0) {
    if (const hid_t group = H5Gcreate2(parent, name.c_str(), links, H5P_DEFAULT, H5P_DEFAULT); group >= 0)
      H5Gclose(group);
  } else if (kind == 1) {
    H5Lcreate_soft(input.ConsumeBool() ? "/nowhere" : name.c_str(), parent, name.c_str(), links, H5P_DEFAULT);
  } else if (kind == 2) {
    H5Lcreate_external("/nowhere.h5", "/x", parent, name.c_str(), links, H5P_DEFAULT);
  } else {
    std::vector<hsize_t> shape;
    for (int rank = kind == 3 ? input.ConsumeIntegralInRange<int>(0, 4) : 1 + kind % 2; rank > 0; --rank)
      shape.push_back(draw_length(input));
    if (shape.size() == 2 && kind > 4) shape[1] = 3;
    const hid_t type = kind > 5 ? H5T_IEEE_F64LE : draw_type(input);
    const hid_t space = shape.empty()
                            ? H5Screate(input.ConsumeBool() ? H5S_SCALAR : H5S_NULL)
                            : H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    const auto layout = input.ConsumeIntegralInRange<int>(0, 3);
    if (layout == 1 && !shape.empty()) {
      std::vector<hsize_t> chunk(shape.size(), 2);
      H5Pset_chunk(creation, static_cast<int>(chunk.size()), chunk.data());
      if (input.ConsumeBool()) H5Pset_deflate(creation, 1);
    } else if (layout == 2) {
      H5Pset_layout(creation, H5D_COMPACT);
    }
    const hid_t dataset = H5Dcreate2(parent, name.c_str(), type, space, links, creation, H5P_DEFAULT);
    hsize_t size = 1;
    for (const hsize_t n : shape) size = std::min(size * n, hsize_t{4096});
    if (dataset >= 0 && size > 0 && size < 4096 && input.ConsumeIntegralInRange<int>(0, 3) > 0) {
      std::vector<double> values(size);
      for (double& value : values)
        value = input.ConsumeBool() ? 0.125 * input.ConsumeIntegral<std::int8_t>()
                                    : input.ConsumeFloatingPoint<double>();
      H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
    }
    if (dataset >= 0) H5Dclose(dataset);
    H5Pclose(creation);
    H5Sclose(space);
  }
  H5Pclose(links);
}

}  // namespace octopole::fuzz
