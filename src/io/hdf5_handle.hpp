// HDF5 with owned identifiers and exceptions: common to all files of this module.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>
#include <vector>

#include "io/points_file.hpp"

namespace octopole::hdf5 {

/// Keeps HDF5 from printing its error stack, for the lifetime of the object.
class Quiet {
 public:
  Quiet();
  ~Quiet();
  Quiet(const Quiet&) = delete;
  Quiet& operator=(const Quiet&) = delete;

 private:
  H5E_auto2_t print_ = nullptr;
  void* data_ = nullptr;
};

/// Throws Error with `what` and the innermost cause on HDF5's error stack.
[[noreturn]] void fail(const std::string& what);

/// Calls fail(what) if an HDF5 function has returned an error.
inline void check(herr_t code, const std::string& what) {
  if (code < 0) fail(what);
}

/// An HDF5 identifier, closed with the object.
class Handle {
 public:
  Handle() = default;
  /// Calls fail(what) for an invalid identifier.
  Handle(hid_t id, herr_t (*close)(hid_t), const std::string& what) : id_(id), close_(close) {
    if (id < 0) fail(what);
  }
  ~Handle() { reset(); }
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  hid_t get() const { return id_; }
  /// Closes it now and returns HDF5's result.
  herr_t reset() { return id_ >= 0 ? close_(std::exchange(id_, -1)) : 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

enum class Access { read, write };

/// Upper bound of the bytes of HDF5's metadata in one of our files.
inline constexpr Index kMetadataRoom = Index{1} << 16;

/// File access properties: uses file locks only if the file system has them.
Handle file_access();
/// Opens a file, or creates (empties) it, on this process only.
Handle open_serial(const std::string& path, Access access);
Handle create_serial(const std::string& path, hsize_t user_block = 0);
/// Opens an existing file by MPI-IO. Collective, as is closing it; raw data is then read and written
/// independently. Throws AgreedError if no rank can open it; if only some can, Error on those that cannot.
Handle open_parallel(const mpi::Comm& comm, const std::string& path, Access access);

/// Whether `path` names a dataset; its groups may be missing.
bool has_dataset(hid_t file, const std::string& path);
/// Whether `path` names anything; its groups may be missing.
bool has_object(hid_t file, const std::string& path);
Handle open_dataset(hid_t file, const std::string& dataset);
/// Creates a contiguous dataset, with its space allocated at once but not filled, and its groups. Nothing in
/// the file depends on the time.
Handle create_dataset(hid_t file, const std::string& dataset, hid_t type, const std::vector<hsize_t>& shape);
std::vector<hsize_t> shape_of(const Handle& dataset, const std::string& name);
/// Throws Error if the file is too short to hold numbers of `bytes` bytes in this shape, before memory is
/// allocated for them; also if the dataset was declared and never written.
void check_stored(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& shape,
                  std::size_t bytes);

/// Transfers rows [first, first + count) of a dataset (of any rank, `columns` numbers per row) between file
/// and memory.
void read_rows(const Handle& dataset, const std::string& name, RowBlock rows, Index columns, double* values);
void write_rows(const Handle& dataset, const std::string& name, RowBlock rows, Index columns,
                const double* values);

void write_attribute(hid_t object, const Attribute& attribute);
/// Value of an attribute of type T, one of the alternatives of Attribute; throws Error if it is missing or
/// has another type.
template <class T>
T read_attribute(hid_t object, const std::string& name);
template <>
std::string read_attribute<std::string>(hid_t object, const std::string& name);
template <>
std::int64_t read_attribute<std::int64_t>(hid_t object, const std::string& name);
template <>
double read_attribute<double>(hid_t object, const std::string& name);

}  // namespace octopole::hdf5
