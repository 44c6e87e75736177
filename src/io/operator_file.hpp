// Precomputed operators kept in an HDF5 database.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "io/file_lock.hpp"
#include "operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// An operator database in one file, which holds any number of operator sets, each under its key and with a
/// checksum. Saving replaces the whole file at once (written beside, then renamed) under a FileLock, so that
/// runs may share a database: those that add to it at the same time lose nothing, except on a file system
/// without locks, where the last one wins and the file stays whole all the same. A file that is something
/// else is never written to. Not collective: used by one rank.
template <class Real>
class OperatorFile : public OperatorStore<Real> {
 public:
  /// save() waits at most for `patience` for other processes that save.
  explicit OperatorFile(std::string path, std::chrono::milliseconds patience = kLockPatience)
      : path_(std::move(path)), patience_(patience) {}

  /// True with `set` filled where the file holds intact operators of exactly this key and format; else false
  /// with `reason`, empty where there is no file yet. Throws Error where the file is not an operator
  /// database.
  bool load(const OperatorKey& key, OperatorSet<Real>& set, std::string& reason) override;

  /// Adds the set where there is no intact one of its key (a damaged one is replaced). A damaged database
  /// starts anew. Throws Error where the place cannot be written, another process keeps the lock, or the file
  /// is not an operator database; it is as before then.
  void save(OperatorSet<Real>& set) override;

 private:
  std::string path_;
  std::chrono::milliseconds patience_;
};

extern template class OperatorFile<float>;
extern template class OperatorFile<double>;

}  // namespace octopole
#pragma GCC visibility pop
