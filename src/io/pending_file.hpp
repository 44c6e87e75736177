// Files that appear complete or not at all: written beside their final path, then renamed.
#pragma once

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

}  // namespace octopole
#pragma GCC visibility pop
