// HDF5 with owners and exceptions: what the files of this room have in common.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>
#include <vector>

#include "io/points_file.hpp"

namespace octopole::hdf5 {

/// Keeps HDF5 from printing its error stack, for the life of the object.
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

/// Calls fail(what) where an HDF5 function has returned an error.
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
  /// Closes it now and tells the success.
  herr_t reset() { return id_ >= 0 ? close_(std::exchange(id_, -1)) : 0; }

 private:
  hid_t id_ = -1;
  herr_t (*close_)(hid_t) = nullptr;
};

enum class Access { read, write };

/// More bytes than HDF5's own records take in one of our files.
inline constexpr Index kMetadataRoom = Index{1} << 16;

/// File access properties: without insisting on file locks where the file system has none.
Handle file_access();
/// Opens or creates (empties) a file on this process alone.
Handle open_serial(const std::string& path, Access access);
Handle create_serial(const std::string& path, hsize_t user_block = 0);
/// Opens an existing file by MPI-IO. Collective, and so is closing it; raw data is then read and written
/// independently. Throws AgreedError where no rank can open it, and Error on the ranks that cannot where some
/// can.
Handle open_parallel(const mpi::Comm& comm, const std::string& path, Access access);

/// Whether `path` names a dataset; groups on the way may be absent.
bool has_dataset(hid_t file, const std::string& path);
/// Whether `path` names anything; groups on the way may be absent.
bool has_object(hid_t file, const std::string& path);
Handle open_dataset(hid_t file, const std::string& dataset);
/// Creates a contiguous dataset with its space allotted at once but not filled, and the groups on the way.
/// Nothing in the file depends on the time.
Handle create_dataset(hid_t file, const std::string& dataset, hid_t type, const std::vector<hsize_t>& shape);
std::vector<hsize_t> shape_of(const Handle& dataset, const std::string& name);
/// Throws Error where the file cannot hold numbers of `bytes` bytes in this shape: before memory is taken for
/// them. A dataset that was announced and never written is none either.
void check_stored(const Handle& dataset, const std::string& name, const std::vector<hsize_t>& shape,
                  std::size_t bytes);

/// Moves rows [first, first + count) of a dataset (rank 1 or 2, `columns` numbers a row) between file and
/// memory.
void read_rows(const Handle& dataset, const std::string& name, RowBlock rows, Index columns, double* values);
void write_rows(const Handle& dataset, const std::string& name, RowBlock rows, Index columns,
                const double* values);

void write_attribute(hid_t object, const Attribute& attribute);
/// An attribute of the alternative's type; fails where it is missing or of another kind.
template <class T>
T read_attribute(hid_t object, const std::string& name);
template <>
std::string read_attribute<std::string>(hid_t object, const std::string& name);
template <>
std::int64_t read_attribute<std::int64_t>(hid_t object, const std::string& name);
template <>
double read_attribute<double>(hid_t object, const std::string& name);

}  // namespace octopole::hdf5
