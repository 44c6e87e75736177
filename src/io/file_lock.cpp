#include "io/file_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "io/pending_file.hpp"
#include "octopole/error.hpp"

namespace octopole {
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
                  "see which one by lsof or fuser, on the host where it runs");
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

}  // namespace octopole
