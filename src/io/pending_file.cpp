#include "octopole/io/pending_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace octopole {
namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, const std::string& cause) {
  return Error("cannot write '" + path + "': " + cause);
}

/// The path behind symbolic links.
std::string real_path(const std::string& path) {
  std::error_code ignored;
  const fs::path resolved = fs::weakly_canonical(path, ignored);
  return ignored ? path : resolved.string();
}

/// No other process chooses the same name: process id and clock.
std::string unique_suffix() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  char text[64];
  std::snprintf(text, sizeof text, ".part-%lx-%llx", static_cast<long>(::getpid()),
                static_cast<unsigned long long>(now));
  return text;
}

/// A file descriptor with an owner.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return descriptor_; }
  bool valid() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

}  // namespace

PendingFile::PendingFile(const std::string& path) : path_(real_path(path)) {
  if (path.empty()) throw cannot_write(path, "the name is empty");
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  if (fs::is_directory(status)) throw cannot_write(path, "it is a directory");
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw cannot_write(path, "it is not a regular file");
  if (fs::exists(status) && ::access(path_.c_str(), W_OK) != 0)
    throw cannot_write(path, std::strerror(errno));
  const std::string name = path_ + unique_suffix();
  const Descriptor file(::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) throw cannot_write(path, std::strerror(errno));
  temporary_ = name;
}

PendingFile::~PendingFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void PendingFile::check_room(Index bytes) const {
  std::error_code unknown;
  const fs::space_info space = fs::space(temporary_, unknown);
  if (!unknown && space.available < static_cast<std::uintmax_t>(bytes))
    throw cannot_write(path_, std::strerror(ENOSPC) + std::string(": ") + std::to_string(bytes) +
                                  " bytes are needed, " + std::to_string(space.available) + " are free");
#ifdef __linux__
  // Quotas and limits show only when space is asked for; not every file system can be asked.
  const Descriptor file(::open(temporary_.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file.valid() || (bytes > 0 && ::fallocate(file.get(), 0, 0, bytes) != 0 && errno != EOPNOTSUPP))
    throw cannot_write(path_, std::strerror(errno));
  if (::ftruncate(file.get(), 0) != 0) throw cannot_write(path_, std::strerror(errno));
#endif
}

void PendingFile::commit() {
  const Descriptor file(::open(temporary_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid() || ::fsync(file.get()) != 0) throw cannot_write(path_, std::strerror(errno));
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) throw cannot_write(path_, std::strerror(errno));
  temporary_.clear();
}

void check_writable(const std::string& path) {
  const PendingFile probe(path);
}

void write_text_file(const std::string& path, const std::string& text) {
  PendingFile pending(path);
  {
    const Descriptor file(::open(pending.temporary().c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
    if (!file.valid()) throw cannot_write(path, std::strerror(errno));
    for (std::string_view rest = text; !rest.empty();) {
      const ssize_t written = ::write(file.get(), rest.data(), rest.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw cannot_write(path, std::strerror(errno));
      rest.remove_prefix(static_cast<std::size_t>(written));
    }
  }
  pending.commit();
}

}  // namespace octopole
