// Precomputed operators kept in an HDF5 database.
#pragma once

#include <string>
#include <utility>

#include "octopole/operators/operator_set.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// An operator database in one file, which holds any number of operator sets, each under its key and with a
/// checksum. Saving replaces the whole file at once (written beside, then renamed), so that runs may share a
/// database. A file that is something else is never written to. Not collective: used by one rank.
template <class Real>
class OperatorFile : public OperatorStore<Real> {
 public:
  explicit OperatorFile(std::string path) : path_(std::move(path)) {}

  /// True with `set` filled where the file holds intact operators of exactly this key and format; else false
  /// with `reason`, empty where there is no file yet. Throws Error where the file is not an operator
  /// database.
  bool load(const OperatorKey& key, OperatorSet<Real>& set, std::string& reason) override;

  /// Adds the set, or replaces that of its key. A damaged database starts anew. Throws Error where the place
  /// cannot be written or the file is not an operator database; it is as before then.
  void save(OperatorSet<Real>& set) override;

 private:
  std::string path_;
};

extern template class OperatorFile<float>;
extern template class OperatorFile<double>;

}  // namespace octopole
#pragma GCC visibility pop
