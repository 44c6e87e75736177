// Files in HDF5: points, results, and the operator database.
#pragma once

#include <mpi.h>

#include <memory>
#include <string>
#include <vector>

#include "octopole/field.hpp"
#include "octopole/fmm.hpp"
#include "octopole/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// This rank's block of the points in a file.
struct Points {
  Index source_count = 0, target_count = 0;  ///< over all ranks
  bool targets_are_sources = false;          ///< the file has no targets, or they repeat the sources
  std::vector<double> sources;               ///< (n, 3) interleaved
  std::vector<double> charges;               ///< (n)
  std::vector<double> targets;               ///< (m, 3); empty where targets_are_sources

  const std::vector<double>& target_positions() const { return targets_are_sources ? sources : targets; }
};

/// Reads /sources/positions (N, 3), /sources/charges (N) or (N, 1) and, where present, /targets/positions (M,
/// 3); or PyExaFMM's /particle_data/sources, source_densities and targets of the same shapes. Float32 or
/// float64 (converted to double). Every rank gets a block of
/// consecutive rows, whose lengths differ by one at most, in rank order. Collective; the same Error on all
/// ranks for a file that is missing, unreadable or not HDF5, a dataset that is missing or of the wrong shape
/// or type, positions and charges of different length, no points, NaN and infinity (how many, and the first
/// row).
Points read_points(MPI_Comm comm, const std::string& path);

/// Writes /targets/potential (M) and, where the field has one, /targets/gradient (M, 3): the targets of rank
/// 0 first. Takes the place of `path` only when all of it is on disk. Collective; the same Error on all ranks
/// where anything fails, with nothing left behind and an existing file untouched.
void write_field(MPI_Comm comm, const std::string& path, const Field& field);

/// Precomputed operators kept in one HDF5 file, which any number of runs may share: pass stores() to Fmm's
/// constructor. The file is made when the first operators are added. Used by one rank at a time.
class OperatorDatabase {
 public:
  explicit OperatorDatabase(const std::string& path);
  ~OperatorDatabase();
  OperatorDatabase(OperatorDatabase&&) noexcept;
  OperatorDatabase& operator=(OperatorDatabase&&) noexcept;
  /// Valid while the database lives.
  OperatorStores stores() const;

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace octopole
#pragma GCC visibility pop
