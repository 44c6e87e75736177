#include "io/atomic_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
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
#include <thread>

#include "octopole/error.hpp"

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

/// Whether no process of this host has the number, or one that has ended and whose parent has not asked for
/// its status. Such processes stay where the first process of a container does not do that.
bool has_ended(pid_t process) {
  if (::kill(process, 0) != 0) return errno == ESRCH;
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");  // number (name) state ...
  std::string line;
  std::getline(file, line);
  const std::size_t name_end = line.rfind(") ");
  return name_end != std::string::npos && name_end + 2 < line.size() &&
         (line[name_end + 2] == 'Z' || line[name_end + 2] == 'X');
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
  if (host == host_mark()) return has_ended(static_cast<pid_t>(process));
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

namespace {

/// Another user's file can be locked without write permission, except on NFS.
int open_lock_file(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor >= 0 || errno != EACCES) return descriptor;
  return ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
}

}  // namespace

bool lock_descriptor(int descriptor, const std::string& path, std::chrono::milliseconds patience) {
  using Clock = std::chrono::steady_clock;
  const Clock::time_point deadline = Clock::now() + patience;
  std::chrono::milliseconds pause{1};
  while (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return false;
    if (Clock::now() >= deadline)
      throw Error("another process has kept '" + path + "' locked for " +
                      std::to_string(std::chrono::duration_cast<std::chrono::seconds>(patience).count()) +
                      " s",
                  "find it with lsof or fuser on its host");
    std::this_thread::sleep_for(pause);
    pause = std::min(2 * pause, std::chrono::milliseconds(20));
  }
  return true;
}

FileLock::FileLock(const std::string& path, std::chrono::milliseconds patience) {
  const std::string name = resolved_path(path) + ".lock";
  descriptor_ = open_lock_file(name);
  if (descriptor_ < 0) throw Error("cannot lock '" + path + "': '" + name + "': " + std::strerror(errno));
  try {
    held_ = lock_descriptor(descriptor_, name, patience);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

FileLock::~FileLock() {
  ::close(descriptor_);
}

namespace {

Error cannot_append(const std::string& path, const std::string& cause) {
  return Error("cannot append to '" + path + "': " + cause);
}

void check_kind(const std::string& path) {
  if (path.empty()) throw cannot_append(path, "the name is empty");
  std::error_code ignored;
  const auto status = fs::status(path, ignored);
  if (fs::is_directory(status)) throw cannot_append(path, "it is a directory");
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
    const std::string cause = written < 0 ? std::strerror(errno) : "no space is left for the whole line";
    if (written > 0 && regular && ::ftruncate(descriptor_, before.st_size) != 0)
      throw cannot_append(path_, cause + "; a part of the line remains in the file");
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
  fs::path directory = fs::path(path).parent_path();
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
