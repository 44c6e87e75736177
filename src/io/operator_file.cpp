#include "io/operator_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "io/atomic_file.hpp"
#include "io/hdf5_handle.hpp"
#include "octopole/files.hpp"

namespace octopole {
namespace {

namespace fs = std::filesystem;

/// The first bytes of every database, in HDF5's user block, which identify even a damaged one.
constexpr std::string_view kSignature = "octopole operators\n";
constexpr hsize_t kUserBlock = 512;
constexpr const char* kChecksum = "checksum";

enum class State { absent, database, foreign };

State state_of(const std::string& path) {
  std::error_code failed;
  const fs::file_status status = fs::status(path, failed);
  if (status.type() == fs::file_type::not_found) return State::absent;
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error("cannot read the operator database '" + path + "': " + std::strerror(errno));
  if (fs::is_regular_file(status) && fs::file_size(path, failed) == 0) return State::absent;
  std::string start(kSignature.size(), '\0');
  file.read(start.data(), static_cast<std::streamsize>(start.size()));
  return start == kSignature ? State::database : State::foreign;
}

State checked_state_of(const std::string& path) {
  const State state = state_of(path);
  if (state == State::foreign)
    throw Error("'" + path + "' is not an operator database of octopole",
                "it is left as it is; name another file for the operators");
  return state;
}

/// FNV-1a over 64-bit words (the last one padded with zeros), four words side by side for speed; includes
/// each stored array's name and size.
class Checksum {
 public:
  void add(const void* data, std::size_t bytes) {
    const auto* from = static_cast<const unsigned char*>(data);
    std::uint64_t lanes[4] = {value_, value_ + 1, value_ + 2, value_ + 3};
    std::size_t done = 0;
    for (; done + 32 <= bytes; done += 32)
      for (std::size_t lane = 0; lane < 4; ++lane) {
        std::uint64_t word;
        std::memcpy(&word, from + done + 8 * lane, 8);
        lanes[lane] = mix(lanes[lane], word);
      }
    for (const std::uint64_t lane : lanes) value_ = mix(value_, lane);
    for (; done < bytes; done += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, from + done, std::min<std::size_t>(8, bytes - done));
      value_ = mix(value_, word);
    }
  }
  template <class Real>
  void add(const std::string& name, const AlignedVector<Real>& array) {
    const std::uint64_t size = array.size();
    add(name.data(), name.size());
    add(&size, sizeof size);
    add(array.data(), array.size() * sizeof(Real));
  }
  std::int64_t value() const { return static_cast<std::int64_t>(value_); }

 private:
  static std::uint64_t mix(std::uint64_t value, std::uint64_t word) {
    value = (value ^ word) * 0x100000001b3;
    return value ^ value >> 32;
  }
  std::uint64_t value_ = 0xcbf29ce484222325;
};

/// The key as attributes: a stored set must agree with all of them. The structured binding does not compile
/// if a member is missing here.
std::vector<Attribute> attributes_of(const OperatorKey& key) {
  [[maybe_unused]] const auto& [kernel, kernel_parameters, order, check_order, downward_check_order,
                                inner_radius, outer_radius, outer_grading, pinv_tolerance, precision,
                                m2l_precision, m2l, svd_tolerance, svd_rank] = key;
  return {{"format", std::int64_t{kOperatorFormat}},
          {"kernel", std::string(key.kernel)},
          {"kernel_parameters", fmt::format("{}", fmt::join(key.kernel_parameters, " "))},
          {"order", std::int64_t{key.order}},
          {"check_order", std::int64_t{key.check_order}},
          {"downward_check_order", std::int64_t{key.downward_check_order}},
          {"inner_radius", key.inner_radius},
          {"outer_radius", key.outer_radius},
          {"outer_grading", key.outer_grading},
          {"pinv_tolerance", key.pinv_tolerance},
          {"precision_bytes", static_cast<std::int64_t>(key.precision)},
          {"m2l_precision_bytes", static_cast<std::int64_t>(key.m2l_precision)},
          {"m2l", std::string(key.m2l == M2lMethod::fft ? "fft" : "svd")},
          {"svd_tolerance", key.svd_tolerance},
          {"svd_rank", std::int64_t{key.svd_rank}}};
}

bool agrees(hid_t group, const Attribute& wanted) {
  return std::visit(
      [&](const auto& value) {
        return hdf5::read_attribute<std::decay_t<decltype(value)>>(group, wanted.first) == value;
      },
      wanted.second);
}

/// Name of the group of a key: readable, and unique by a hash of the whole key.
std::string group_of(const OperatorKey& key) {
  Checksum hash;
  for (const auto& [name, value] : attributes_of(key)) {
    hash.add(name.data(), name.size());
    if (const auto* text = std::get_if<std::string>(&value))
      hash.add(text->data(), text->size());
    else
      std::visit([&](const auto& number) { hash.add(&number, sizeof number); }, value);
  }
  char text[32];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash.value()));
  return "/" + std::string(key.kernel) + "-order" + std::to_string(key.order) +
         (key.m2l == M2lMethod::fft ? "-fft-" : "-svd-") + text;
}

template <class Real>
hid_t memory_type() {
  return sizeof(Real) == 4 ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
}
template <class Real>
hid_t file_type() {
  return sizeof(Real) == 4 ? H5T_IEEE_F32LE : H5T_IEEE_F64LE;
}

/// Reads and checks the arrays of a group; throws Error if anything is not as it was written.
template <class Real>
void read_arrays(hid_t group, OperatorSet<Real>& set) {
  Checksum checksum;
  set.for_each_array([&]<class T>(const std::string& name, AlignedVector<T>& array) {
    const hdf5::Handle dataset = hdf5::open_dataset(group, name);
    const std::vector<hsize_t> shape = hdf5::shape_of(dataset, name);
    if (shape.size() != 1) throw Error("array '" + name + "' has the wrong shape");
    if (shape[0] * sizeof(T) > H5Dget_storage_size(dataset.get()))
      throw Error("array '" + name + "' is truncated");
    array.resize(shape[0]);
    hdf5::check(H5Dread(dataset.get(), memory_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.data()),
                "cannot read array '" + name + "'");
    checksum.add(name, array);
  });
  if (checksum.value() != hdf5::read_attribute<std::int64_t>(group, kChecksum))
    throw Error("the checksum does not match");
  adopt_arrays(set);
}

template <class Real>
void write_arrays(hid_t file, OperatorSet<Real>& set) {
  const std::string name = group_of(set.key());
  if (hdf5::has_object(file, name))
    hdf5::check(H5Ldelete(file, name.c_str(), H5P_DEFAULT), "cannot replace " + name);
  const hdf5::Handle group(H5Gcreate2(file, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT), H5Gclose,
                           "cannot create group " + name);
  for (const Attribute& attribute : attributes_of(set.key())) hdf5::write_attribute(group.get(), attribute);
  Checksum checksum;
  set.for_each_array([&]<class T>(const std::string& array_name, AlignedVector<T>& array) {
    const hdf5::Handle dataset =
        hdf5::create_dataset(group.get(), array_name, file_type<T>(), {array.size()});
    if (!array.empty())
      hdf5::check(H5Dwrite(dataset.get(), memory_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, array.data()),
                  "cannot write array '" + array_name + "'");
    checksum.add(array_name, array);
  });
  hdf5::write_attribute(group.get(), {kChecksum, checksum.value()});
}

template <class Real>
Index bytes_of(OperatorSet<Real>& set) {
  Index bytes = hdf5::kMetadataRoom;
  set.for_each_array([&]<class T>(const std::string&, const AlignedVector<T>& array) {
    bytes += static_cast<Index>(array.size() * sizeof(T));
  });
  return bytes;
}

Index bytes_on_disk(const std::string& path) {
  std::error_code absent;
  const std::uintmax_t bytes = fs::file_size(path, absent);
  return absent ? 0 : static_cast<Index>(bytes);
}

/// Opens a database at `path` to add to: a copy of `existing` if that can be opened, else a new one. An
/// existing file that cannot be read may be intact, and is not replaced.
hdf5::Handle open_copy(const std::string& existing, const std::string& path) {
  if (checked_state_of(existing) == State::database) {
    fs::copy_file(existing, path, fs::copy_options::overwrite_existing);
    try {
      return hdf5::open_serial(path, hdf5::Access::write);
    } catch (const std::exception&) {
      // Damaged: nothing of it can be kept.
    }
  }
  return hdf5::create_serial(path, kUserBlock);
}

void sign(const std::string& path) {
  std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
  file.write(kSignature.data(), static_cast<std::streamsize>(kSignature.size()));
  file.close();
  if (!file) throw Error("cannot write '" + path + "': " + std::strerror(errno));
}

}  // namespace

template <class Real>
bool OperatorFile<Real>::load(const OperatorKey& key, OperatorSet<Real>& set, std::string& reason) {
  const hdf5::Quiet quiet;
  reason.clear();
  if (checked_state_of(path_) == State::absent) return false;
  try {
    const hdf5::Handle file = hdf5::open_serial(path_, hdf5::Access::read);
    const std::string name = group_of(key);
    if (!hdf5::has_object(file.get(), name)) {
      reason = "'" + path_ + "' has no operators for these parameters yet";
      return false;
    }
    const hdf5::Handle group(H5Gopen2(file.get(), name.c_str(), H5P_DEFAULT), H5Gclose,
                             "cannot open group " + name);
    for (const Attribute& attribute : attributes_of(key))
      if (!agrees(group.get(), attribute)) throw Error("attribute '" + attribute.first + "' disagrees");
    OperatorSet<Real> stored = lay_out_operators<Real>(key);
    read_arrays(group.get(), stored);
    set = std::move(stored);
    return true;
  } catch (const std::exception& error) {
    reason = "those in '" + path_ + "' are damaged: " + error.what();
    return false;
  }
}

template <class Real>
void OperatorFile<Real>::save(OperatorSet<Real>& set) {
  const hdf5::Quiet quiet;
  checked_state_of(path_);
  try {
    // From copying to renaming no other process may replace the file: its additions would be lost.
    const FileLock lock(path_, patience_);
    OperatorSet<Real> stored;
    std::string reason;
    if (load(set.key(), stored, reason)) return;  // another process has added it in the meantime
    PendingFile pending(path_);
    pending.check_room(bytes_of(set) + bytes_on_disk(path_));
    hdf5::Handle file = open_copy(path_, pending.temporary());
    write_arrays(file.get(), set);
    hdf5::check(file.reset(), "the file could not be completed");
    sign(pending.temporary());
    pending.commit();
  } catch (const std::exception& error) {
    throw Error("cannot store operators in '" + path_ + "': " + error.what());
  }
}

template class OperatorFile<float>;
template class OperatorFile<double>;

struct OperatorDatabase::Files {
  OperatorFile<double> in_double;
  OperatorFile<float> in_single;
};

OperatorDatabase::OperatorDatabase(const std::string& path)
    : files_(new Files{OperatorFile<double>(path), OperatorFile<float>(path)}) {}
OperatorDatabase::~OperatorDatabase() = default;
OperatorDatabase::OperatorDatabase(OperatorDatabase&&) noexcept = default;
OperatorDatabase& OperatorDatabase::operator=(OperatorDatabase&&) noexcept = default;

OperatorStores OperatorDatabase::stores() const {
  return {&files_->in_double, &files_->in_single};
}

}  // namespace octopole
