// Files written as a whole or not at all: replaced by renaming, appended to line by line, locked by their
// writers.
#pragma once

#include <chrono>
#include <string>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The absolute path with symbolic links resolved; `path` itself if that fails.
std::string resolved_path(const std::string& path);

/// A temporary file beside `path` that replaces it on commit(); without commit() it is removed with the
/// object, and `path` is untouched. Not collective: one process owns the file.
class PendingFile {
 public:
  /// Creates the empty temporary file, and removes those that killed processes have left for the same `path`:
  /// at once for processes of this host, a day after the last write for those of other hosts. Throws Error if
  /// `path` cannot be written: no such directory, no permission, or not a regular file. A symbolic link at
  /// `path` is followed.
  explicit PendingFile(const std::string& path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  /// Path of the temporary file.
  const std::string& temporary() const { return temporary_; }

  /// Empties the temporary file, and throws Error if the system reports that this number of bytes will not
  /// fit. HDF5 1.10 does not survive a full disk: its last write of a file fails, and the program crashes
  /// when it ends.
  void check_room(Index bytes) const;

  /// Writes the temporary file to disk (fsync) and renames it. Throws Error if the system refuses.
  void commit();

 private:
  std::string path_, temporary_;
};

/// Throws the Error that PendingFile would throw, so that a long computation does not end without a place for
/// its result.
void check_writable(const std::string& path);

/// Replaces the file by `text`, or throws Error and leaves it unchanged.
void write_text_file(const std::string& path, const std::string& text);

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

/// Throws the Error that append_line would throw if `path` cannot be written; does not create the file.
void check_appendable(const std::string& path);

/// Appends `line` (without line breaks) and a newline in one write at the end of the file, under an advisory
/// lock if the file system has one; creates the file if there is none. If the last line was cut off (by a
/// full disk or a killed run), its newline is added first, so that it spoils no other line. Throws Error if
/// the system refuses, or another process holds the lock for `patience`; the file is then unchanged. Not
/// collective: one process calls it.
void append_line(const std::string& path, const std::string& line,
                 std::chrono::milliseconds patience = kLockPatience);

}  // namespace octopole
#pragma GCC visibility pop
