// Advisory locks between processes that write the same file.
#pragma once

#include <chrono>
#include <string>

#pragma GCC visibility push(default)
namespace octopole {

/// Maximum time that a process waits for another one that writes the same file.
inline constexpr std::chrono::seconds kLockPatience{60};

/// Locks an open file exclusively; closing it unlocks. The system releases the locks of a process that ends,
/// also on other hosts of a network file system. Returns true if it is locked, false if the file system has
/// no locks (some parallel ones, by their mount options). Throws Error if another process holds the lock for
/// `patience`; `path` is for the message.
bool lock_descriptor(int descriptor, const std::string& path,
                     std::chrono::milliseconds patience = kLockPatience);

/// Exclusive right to replace a file, among processes that use this class; held for the lifetime of the
/// object. It locks an empty file beside it, `<path>.lock`, which is not removed: the file itself is a
/// different one after each replacement, and if lock files were removed two processes could hold one each.
class FileLock {
 public:
  /// Waits for other holders, at most for `patience`. Throws Error if one holds it longer, or the lock file
  /// cannot be created. A symbolic link at `path` is followed.
  explicit FileLock(const std::string& path, std::chrono::milliseconds patience = kLockPatience);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False if the file system has no locks: then other processes are not excluded.
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace octopole
#pragma GCC visibility pop
