// Files that appear complete or not at all: written beside their place, then renamed.
#pragma once

#include <string>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The path behind symbolic links, absolute; as it is where that cannot be found out.
std::string resolved_path(const std::string& path);

/// A temporary file beside `path` that takes its place on commit(); dropped without commit(), it is removed
/// and whatever was at `path` stays as it was. Not collective: one process owns the file.
class PendingFile {
 public:
  /// Creates the empty temporary file, and removes those that killed processes have left for the same `path`:
  /// of this host's at once, of other hosts' a day after they were last written to. Throws Error where `path`
  /// cannot be written: no such directory, not permitted, or something other than a regular file in its
  /// place. A symbolic link at `path` is followed.
  explicit PendingFile(const std::string& path);
  ~PendingFile();
  PendingFile(const PendingFile&) = delete;
  PendingFile& operator=(const PendingFile&) = delete;

  /// Where to write meanwhile.
  const std::string& temporary() const { return temporary_; }

  /// Empties the temporary file, and throws Error where the system tells that so many bytes will not fit.
  /// HDF5 1.10 does not survive a full disk: its last write of a file fails, and the program crashes at its
  /// end.
  void check_room(Index bytes) const;

  /// Makes the temporary file durable and renames it. Throws Error where the system refuses.
  void commit();

 private:
  std::string path_, temporary_;
};

/// Throws the Error that PendingFile would, so that a long computation does not end without a place for its
/// result.
void check_writable(const std::string& path);

/// Replaces the file by `text`, or leaves it alone and throws Error.
void write_text_file(const std::string& path, const std::string& text);

}  // namespace octopole
#pragma GCC visibility pop
