#include "io/pending_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace octopole {
namespace {

namespace fs = std::filesystem;

Error cannot_write(const std::string& path, const std::string& cause) {
  return Error("cannot write '" + path + "': " + cause);
}

constexpr std::string_view kMark = ".part-";

/// Identifies the boot of this host and the process namespace: process ids are comparable only if it is
/// equal.
std::uint32_t host_mark() {
  std::string identity(256, '\0');
  ::gethostname(identity.data(), identity.size() - 1);
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::string line;
  if (std::getline(boot, line)) identity += line;
  std::error_code absent;
  identity += fs::read_symlink("/proc/self/ns/pid", absent).string();
  std::uint32_t hash = 0x811c9dc5;
  for (const char c : identity) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193;
  return hash;
}

/// A suffix that no other process chooses: host, process id and clock.
std::string unique_suffix() {
  const auto now = std::chrono::system_clock::now().time_since_epoch().count();
  char text[80];
  std::snprintf(text, sizeof text, "%s%x-%lx-%llx", kMark.data(), host_mark(), static_cast<long>(::getpid()),
                static_cast<unsigned long long>(now));
  return text;
}

/// Whether the process that made a temporary file with this suffix (after the mark) has ended: for this host
/// the system is asked, for others it is assumed if the file has not been written to for a day.
bool is_left_behind(const fs::path& file, const std::string& suffix) {
  unsigned host = 0;
  unsigned long process = 0;
  unsigned long long clock = 0;
  int end = 0;
  const bool ours = std::sscanf(suffix.c_str(), "%x-%lx-%llx%n", &host, &process, &clock, &end) == 3 &&
                    end == static_cast<int>(suffix.size());
  if (!ours || process == 0) return false;
  if (host == host_mark()) return ::kill(static_cast<pid_t>(process), 0) != 0 && errno == ESRCH;
  std::error_code absent;
  const auto written = fs::last_write_time(file, absent);
  return !absent && fs::file_time_type::clock::now() - written > std::chrono::hours(24);
}

/// Removes the temporary files for `path` of processes that were killed, so that they do not accumulate.
void remove_left_behind(const fs::path& path) {
  const std::string start = path.filename().string() + std::string(kMark);
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::error_code failed;
  for (fs::directory_iterator at(directory, failed), end; !failed && at != end; at.increment(failed)) {
    const std::string name = at->path().filename().string();
    if (name.compare(0, start.size(), start) == 0 && is_left_behind(at->path(), name.substr(start.size())))
      ::unlink(at->path().c_str());
  }
}

/// A file descriptor, closed with the object.
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

std::string resolved_path(const std::string& path) {
  std::error_code failed;
  const fs::path resolved = fs::weakly_canonical(path, failed);
  return failed ? path : resolved.string();
}

PendingFile::PendingFile(const std::string& path) : path_(resolved_path(path)) {
  if (path.empty()) throw cannot_write(path, "the name is empty");
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  if (fs::is_directory(status)) throw cannot_write(path, "it is a directory");
  if (fs::exists(status) && !fs::is_regular_file(status))
    throw cannot_write(path, "it is not a regular file");
  if (fs::exists(status) && ::access(path_.c_str(), W_OK) != 0)
    throw cannot_write(path, std::strerror(errno));
  remove_left_behind(path_);
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
  // Quotas and limits take effect only when space is allocated; not every file system supports that.
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
