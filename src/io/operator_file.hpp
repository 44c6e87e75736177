// Precomputed operators in an HDF5 database.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "io/atomic_file.hpp"
#include "operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// An operator database in one file, with any number of operator sets, each stored under its key with a
/// checksum. Saving replaces the whole file at once (written beside it, then renamed) under a FileLock, so
/// that runs may share a database: concurrent additions are all kept, except on a file system without locks,
/// where only the last one is kept and the file is still intact. A file that is not a database is never
/// written to. Not collective: used by one rank.
template <class Real>
class OperatorFile : public OperatorStore<Real> {
 public:
  /// Keeps the path. save() waits for other processes that save, at most for `patience`.
  explicit OperatorFile(std::string path, std::chrono::milliseconds patience = kLockPatience)
      : path_(std::move(path)), patience_(patience) {}

  /// Returns true and fills `set` if the file holds intact operators of exactly this key and format; else
  /// returns false and sets `reason`, empty if there is no file yet. Throws Error if the file is not an
  /// operator database.
  bool load(const OperatorKey& key, OperatorSet<Real>& set, std::string& reason) override;

  /// Adds the set unless there is an intact one with its key; a damaged one is replaced, and a damaged
  /// database is started anew. Throws Error if `path` cannot be written, another process holds the lock, or
  /// the file is not an operator database; the file is then unchanged.
  void save(OperatorSet<Real>& set) override;

 private:
  std::string path_;
  std::chrono::milliseconds patience_;
};

extern template class OperatorFile<float>;
extern template class OperatorFile<double>;

}  // namespace octopole
#pragma GCC visibility pop
