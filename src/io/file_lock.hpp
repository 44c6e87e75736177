// Advisory locks between processes that write the same file.
#pragma once

#include <chrono>
#include <string>

#pragma GCC visibility push(default)
namespace octopole {

/// How long a process waits for another one that writes the same file.
inline constexpr std::chrono::seconds kLockPatience{60};

/// Locks an open file for this process alone; closing it unlocks. The system unlocks what a process holds
/// that dies, on other hosts of a network file system, too. True where it is locked, false where the file
/// system has no locks (some parallel ones, by their mount options). Throws Error where another process holds
/// the lock all the time; `path` is for the message.
bool lock_descriptor(int descriptor, const std::string& path,
                     std::chrono::milliseconds patience = kLockPatience);

/// Exclusive right to replace a file, among processes that ask for it alike; held from construction to the
/// end of the object. What is locked is an empty file beside it, `<path>.lock`, which stays: the file itself
/// is another one after each replacement, and removing a lock's file would let two processes hold one each.
class FileLock {
 public:
  /// Waits for other holders, at most for `patience`. Throws Error where one holds it longer, or the lock's
  /// file cannot be made. A symbolic link at `path` is followed.
  explicit FileLock(const std::string& path, std::chrono::milliseconds patience = kLockPatience);
  ~FileLock();
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;

  /// False where the file system has no locks: then nobody else is kept out.
  bool held() const { return held_; }

 private:
  int descriptor_;
  bool held_ = false;
};

}  // namespace octopole
#pragma GCC visibility pop
