#include "io/append_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "octopole/error.hpp"

namespace octopole {
namespace {

Error cannot_append(const std::string& path, const std::string& cause) {
  return Error("cannot append to '" + path + "': " + cause);
}

void check_kind(const std::string& path) {
  if (path.empty()) throw cannot_append(path, "the name is empty");
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::is_directory(status)) throw cannot_append(path, "it is a directory");
}

/// An open file that is closed, and so unlocked, with the object.
class LockedFile {
 public:
  LockedFile(const std::string& path, std::chrono::milliseconds patience)
      : path_(path), descriptor_(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) throw cannot_append(path, std::strerror(errno));
    try {
      // If the file system has no locks, one write with O_APPEND has to suffice.
      lock_descriptor(descriptor_, path, patience);
    } catch (const std::exception& error) {
      ::close(descriptor_);
      throw cannot_append(path, error.what());
    }
  }
  ~LockedFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  void append(std::string text) {
    struct stat before {};
    if (::fstat(descriptor_, &before) != 0) throw cannot_append(path_, std::strerror(errno));
    const bool regular = S_ISREG(before.st_mode);  // not a pipe, which has no size
    char last = '\n';
    if (regular && before.st_size > 0 && ::pread(descriptor_, &last, 1, before.st_size - 1) == 1 &&
        last != '\n')
      text.insert(text.begin(), '\n');
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written == static_cast<ssize_t>(text.size())) return;
    const std::string cause = written < 0 ? std::strerror(errno) : "no room is left for all of it";
    if (written > 0 && regular && ::ftruncate(descriptor_, before.st_size) != 0)
      throw cannot_append(path_, cause + "; a part of the line stays in the file");
    throw cannot_append(path_, cause);
  }

  /// Closes the file: a network file system may report an error of a write only here.
  void close() {
    const int descriptor = descriptor_;
    descriptor_ = -1;
    if (::close(descriptor) != 0) throw cannot_append(path_, std::strerror(errno));
  }

 private:
  std::string path_;
  int descriptor_;
};

}  // namespace

void check_appendable(const std::string& path) {
  check_kind(path);
  if (::access(path.c_str(), W_OK) == 0) return;
  if (errno != ENOENT) throw cannot_append(path, std::strerror(errno));
  std::filesystem::path directory = std::filesystem::path(path).parent_path();
  if (directory.empty()) directory = ".";
  if (::access(directory.c_str(), W_OK | X_OK) != 0) throw cannot_append(path, std::strerror(errno));
}

void append_line(const std::string& path, const std::string& line, std::chrono::milliseconds patience) {
  check_kind(path);
  LockedFile file(path, patience);
  file.append(line + '\n');
  file.close();
}

}  // namespace octopole
