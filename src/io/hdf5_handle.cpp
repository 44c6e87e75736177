#include "io/hdf5_handle.hpp"

#include <algorithm>

namespace octopole::hdf5 {
namespace {

herr_t take_description(unsigned, const H5E_error2_t* entry, void* text) {
  std::string& cause = *static_cast<std::string*>(text);
  if (cause.empty() && entry->desc) cause = entry->desc;
  return 0;
}

/// The operating system's message, if HDF5 quotes it among file names and addresses; else the text itself.
std::string system_cause(const std::string& text) {
  constexpr std::string_view mark = "error message = '";
  const std::size_t start = text.find(mark);
  if (start == std::string::npos) return text;
  const std::size_t from = start + mark.size();
  return text.substr(from, text.find('\'', from) - from);
}

Handle property_list(hid_t kind) {
  return {H5Pcreate(kind), H5Pclose, "cannot make an HDF5 property list"};
}

Handle dataspace(const std::vector<hsize_t>& shape) {
  return {H5Screate_simple(static_cast<int>(shape.size()), shape.data(), nullptr), H5Sclose,
          "cannot make an HDF5 dataspace"};
}

/// The groups on the path to `path`, outermost first, and `path` itself.
std::vector<std::string> prefixes(const std::string& path) {
  std::vector<std::string> result;
  for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1))
    result.push_back(path.substr(0, end));
  result.push_back(path);
  return result;
}

/// Calls move(memory space, file space, property list, offset in values) for pieces of the rows: MPI-IO and
/// HDF5 store the bytes of one transfer in an int.
template <class Move>
void by_pieces(const Handle& dataset, RowBlock rows, Index columns, const Move& move) {
  constexpr Index kPieceBytes = Index{512} << 20;
  const Index piece = std::max<Index>(1, kPieceBytes / (columns * static_cast<Index>(sizeof(double))));
  const Handle file_space(H5Dget_space(dataset.get()), H5Sclose, "cannot read a dataspace");
  const int rank = H5Sget_simple_extent_ndims(file_space.get());
  hsize_t block[H5S_MAX_RANK], start[H5S_MAX_RANK] = {};
  check(H5Sget_simple_extent_dims(file_space.get(), block, nullptr), "cannot read a shape");
  const Handle transfer = property_list(H5P_DATASET_XFER);
  check(H5Pset_buffer(transfer.get(), std::size_t{4} << 20, nullptr, nullptr), "cannot set HDF5's buffer");
  for (Index done = 0; done < rows.count; done += piece) {
    const Index count = std::min(piece, rows.count - done);
    start[0] = static_cast<hsize_t>(rows.first) + static_cast<hsize_t>(done);
    block[0] = static_cast<hsize_t>(count);
    check(H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start, nullptr, block, nullptr),
          "cannot select rows");
    const Handle memory_space = dataspace(std::vector<hsize_t>(block, block + rank));
    move(memory_space.get(), file_space.get(), transfer.get(), static_cast<std::size_t>(done * columns));
  }
}

Handle open_attribute(hid_t object, const std::string& name, H5T_class_t wanted) {
  Handle attribute(H5Aopen(object, name.c_str(), H5P_DEFAULT), H5Aclose,
                   "attribute '" + name + "' is missing");
  const Handle type(H5Aget_type(attribute.get()), H5Tclose,
                    "cannot read the type of attribute '" + name + "'");
  const Handle space(H5Aget_space(attribute.get()), H5Sclose,
                     "cannot read the shape of attribute '" + name + "'");
  if (H5Tget_class(type.get()) != wanted || H5Sget_simple_extent_npoints(space.get()) != 1)
    throw Error("attribute '" + name + "' is of an unexpected type");
  return attribute;
}

Handle text_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "cannot make a string type");
  check(H5Tset_size(type.get(), H5T_VARIABLE), "cannot make a string type");
  check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "cannot make a string type");
  return type;
}

template <class T>
T read_number(hid_t object, const std::string& name, H5T_class_t kind, hid_t type) {
  T value{};
  check(H5Aread(open_attribute(object, name, kind).get(), type, &value),
        "cannot read attribute '" + name + "'");
  return value;
}

}  // namespace

Quiet::Quiet() {
  H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}
Quiet::~Quiet() {
  H5Eset_auto2(H5E_DEFAULT, print_, data_);
}

void fail(const std::string& what) {
  std::string cause;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_description, &cause);
  H5Eclear2(H5E_DEFAULT);
  cause = system_cause(cause);
  throw Error(cause.empty() ? what : what + ": " + cause);
}

Handle file_access() {
  Handle properties = property_list(H5P_FILE_ACCESS);
  check(H5Pset_file_locking(properties.get(), true, true), "cannot set HDF5's file locking");
  return properties;
}

Handle open_serial(const std::string& path, Access access) {
  const unsigned flags = access == Access::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR;
  return {H5Fopen(path.c_str(), flags, file_access().get()), H5Fclose, "cannot open '" + path + "'"};
}

Handle create_serial(const std::string& path, hsize_t user_block) {
  const Handle creation = property_list(H5P_FILE_CREATE);
  check(H5Pset_userblock(creation.get(), user_block), "cannot set the user block");
  return {H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.get(), file_access().get()), H5Fclose,
          "cannot create '" + path + "'"};
}

Handle open_parallel(const mpi::Comm& comm, const std::string& path, Access access) {
  const Handle properties = file_access();
  check(H5Pset_fapl_mpio(properties.get(), comm.handle(), MPI_INFO_NULL), "cannot use MPI-IO");
  const unsigned flags = access == Access::read ? H5F_ACC_RDONLY : H5F_ACC_RDWR;
  Handle file;
  std::string failure;
  try {
    file = Handle(H5Fopen(path.c_str(), flags, properties.get()), H5Fclose,
                  "cannot open '" + path + "' by MPI-IO");
  } catch (const Error& error) {
    failure = error.what();
  }
  const bool opened_anywhere = comm.any(failure.empty());
  if (!opened_anywhere) {
    comm.broadcast(failure);
    throw AgreedError(failure);
  }
  // Ranks that have opened it cannot even close it without this rank.
  if (!failure.empty()) throw Error(failure);
  return file;
}

bool has_object(hid_t file, const std::string& path) {
  for (const std::string& name : prefixes(path))
    if (H5Lexists(file, name.c_str(), H5P_DEFAULT) <= 0 ||
        H5Oexists_by_name(file, name.c_str(), H5P_DEFAULT) <= 0)
      return false;
  return true;
}

bool has_dataset(hid_t file, const std::string& path) {
  if (!has_object(file, path)) return false;
  H5O_info_t info;
  check(H5Oget_info_by_name2(file, path.c_str(), &info, H5O_INFO_BASIC, H5P_DEFAULT),
        "cannot read '" + path + "'");
  return info.type == H5O_TYPE_DATASET;
}

Handle open_dataset(hid_t file, const std::string& dataset) {
  return {H5Dopen2(file, dataset.c_str(), H5P_DEFAULT), H5Dclose, "cannot open dataset '" + dataset + "'"};
}

Handle create_dataset(hid_t file, const std::string& dataset, hid_t type, const std::vector<hsize_t>& shape) {
  const Handle link = property_list(H5P_LINK_CREATE), creation = property_list(H5P_DATASET_CREATE);
  const std::string what = "cannot create dataset '" + dataset + "'";
  check(H5Pset_create_intermediate_group(link.get(), 1), what);
  check(H5Pset_layout(creation.get(), H5D_CONTIGUOUS), what);
  check(H5Pset_alloc_time(creation.get(), H5D_ALLOC_TIME_EARLY), what);
  check(H5Pset_fill_time(creation.get(), H5D_FILL_TIME_NEVER), what);
  check(H5Pset_obj_track_times(creation.get(), false), what);
  const Handle space = dataspace(shape);
  return {H5Dcreate2(file, dataset.c_str(), type, space.get(), link.get(), creation.get(), H5P_DEFAULT),
          H5Dclose, what};
}

std::vector<hsize_t> shape_of(const Handle& dataset, const std::string& name) {
  const Handle space(H5Dget_space(dataset.get()), H5Sclose, "cannot read the shape of '" + name + "'");
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0) fail("cannot read the shape of '" + name + "'");
  std::vector<hsize_t> shape(static_cast<std::size_t>(rank));
  if (rank > 0) H5Sget_simple_extent_dims(space.get(), shape.data(), nullptr);
  return shape;
}

void check_stored(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& shape,
                  std::size_t bytes) {
  // HDF5's filters expand a byte to 1032 bytes at most (deflate).
  constexpr double kLargestRatio = 1100;
  const Handle creation(H5Dget_create_plist(dataset.get()), H5Pclose, "cannot read the layout of " + name);
  const double ratio = H5Pget_nfilters(creation.get()) > 0 ? kLargestRatio : 1;
  const hsize_t stored = H5Dget_storage_size(dataset.get());
  double wanted = static_cast<double>(bytes);
  for (const hsize_t n : shape) wanted *= static_cast<double>(n);
  if (wanted > ratio * static_cast<double>(stored))
    throw Error(name + " is truncated: the file has " + std::to_string(stored) + " bytes of it");
}

void read_rows(const Handle& dataset, const std::string& name, RowBlock rows, Index columns, double* values) {
  by_pieces(dataset, rows, columns, [&](hid_t memory, hid_t file, hid_t transfer, std::size_t offset) {
    check(H5Dread(dataset.get(), H5T_NATIVE_DOUBLE, memory, file, transfer, values + offset),
          "cannot read dataset '" + name + "'");
  });
}

void write_rows(const Handle& dataset, const std::string& name, RowBlock rows, Index columns,
                const double* values) {
  by_pieces(dataset, rows, columns, [&](hid_t memory, hid_t file, hid_t transfer, std::size_t offset) {
    check(H5Dwrite(dataset.get(), H5T_NATIVE_DOUBLE, memory, file, transfer, values + offset),
          "cannot write dataset '" + name + "'");
  });
}

void write_attribute(hid_t object, const Attribute& attribute) {
  const std::string& name = attribute.first;
  const auto& value = attribute.second;
  const std::string what = "cannot write attribute '" + name + "'";
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose, what);
  const auto write = [&](hid_t file_type, hid_t memory_type, const void* data) {
    const Handle handle(H5Acreate2(object, name.c_str(), file_type, space.get(), H5P_DEFAULT, H5P_DEFAULT),
                        H5Aclose, what);
    check(H5Awrite(handle.get(), memory_type, data), what);
  };
  if (const auto* text = std::get_if<std::string>(&value)) {
    const Handle type = text_type();
    const char* characters = text->c_str();
    write(type.get(), type.get(), &characters);
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    write(H5T_STD_I64LE, H5T_NATIVE_INT64, integer);
  } else {
    write(H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &std::get<double>(value));
  }
}

template <>
std::string read_attribute<std::string>(hid_t object, const std::string& name) {
  const Handle attribute = open_attribute(object, name, H5T_STRING), type = text_type();
  char* characters = nullptr;
  check(H5Aread(attribute.get(), type.get(), &characters), "cannot read attribute '" + name + "'");
  std::string text = characters ? characters : "";
  H5free_memory(characters);
  return text;
}

template <>
std::int64_t read_attribute<std::int64_t>(hid_t object, const std::string& name) {
  return read_number<std::int64_t>(object, name, H5T_INTEGER, H5T_NATIVE_INT64);
}

template <>
double read_attribute<double>(hid_t object, const std::string& name) {
  return read_number<double>(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE);
}

}  // namespace octopole::hdf5
