// HDF5 files: points, results, and the operator database.
#pragma once

#include <mpi.h>

#include <memory>
#include <string>
#include <vector>

#include "octopole/field.hpp"
#include "octopole/fmm.hpp"
#include "octopole/options.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// This rank's block of the points in a file: n sources and m targets. It owns its arrays.
struct Points {
  Index source_count = 0, target_count = 0;  ///< numbers of points over all ranks
  int vectors = 1;                           ///< of strengths
  SourceKind kind = SourceKind::charges;     ///< which of the following two the file has
  bool targets_are_sources = false;          ///< the file has no targets, or its targets repeat the sources
  std::vector<double> sources;               ///< (n, 3) interleaved
  std::vector<double> charges;               ///< (n, vectors), of vector kernels (n, 3, vectors); or empty
  std::vector<double> dipoles;               ///< (n, 3, vectors), or empty
  std::vector<double> targets;               ///< (m, 3) interleaved; empty if targets_are_sources

  /// Positions of this rank's targets: `sources` if targets_are_sources, else `targets`.
  const std::vector<double>& target_positions() const { return targets_are_sources ? sources : targets; }
  /// Charges and dipoles for Fmm::evaluate; valid while the points live.
  Strengths strengths() const { return {charges, dipoles, vectors}; }
};

/// Reads /sources/positions (N, 3), /sources/charges (N), or (N, B) for B vectors of charges, or
/// /sources/dipoles (N, 3) or (N, 3, B), or both, and, if present, /targets/positions (M, 3); or the datasets
/// of PyExaFMM, /particle_data/sources, source_densities and targets, which have the shapes of positions and
/// charges. For a vector kernel its strengths (N, 3) or (N, 3, B) are read instead of charges and dipoles:
/// /sources/forces of Stokes and elasticity, /sources/vorticity of Biot-Savart. The numbers are float32 or
/// float64 (converted to double). Each rank gets a block of consecutive rows; the blocks are in rank order,
/// and their lengths differ by at most one. Collective. Throws the same Error on all ranks if the file is
/// missing, unreadable or not HDF5, if a dataset is missing or has the wrong shape or type, if the numbers of
/// positions, charges and dipoles or of their vectors differ, if there are no points, and for NaN and
/// infinity (how many, and the first row); AgreedError if ranks pass different paths or kernels.
Points read_points(MPI_Comm comm, const std::string& path, const AnyKernel& kernel = Laplace{});

/// Writes /targets/potential (M) and, if the field has them, /targets/gradient (M, 3) and /targets/hessian
/// (M, 6), or (M, B), (M, 3, B) and (M, 6, B) for the fields of B vectors, the targets of rank 0 first. Of a
/// vector kernel its result (M, 3) or (M, 3, B), /targets/velocity or displacement, and if the field has them
/// its gradient (M, 3, 3) or (M, 3, 3, B), d u_i / d x_k, /targets/velocity_gradient or
/// displacement_gradient, and /targets/pressure (M) or (M, B). AgreedError if only some ranks with targets
/// have one of these, if numbers of vectors differ or do not divide the lengths, or if ranks pass different
/// paths. The file replaces `path` only when it is complete on disk. Collective. Throws the same Error on all
/// ranks if anything fails; no temporary file is left then, and an existing file is untouched.
void write_field(MPI_Comm comm, const std::string& path, const Field& field,
                 const AnyKernel& kernel = Laplace{});

/// Precomputed operators in one HDF5 file, which any number of runs may share: pass stores() to Fmm's
/// constructor. The file is created when the first operators are added. Fmm's constructor throws AgreedError
/// if the file is not an operator database; if operators cannot be added, Summary::operators_note says why.
/// Used by one rank at a time: an Fmm uses the stores of rank 0 only, so that other ranks' paths do not
/// matter.
class OperatorDatabase {
 public:
  /// Keeps the path; does not open or create the file.
  explicit OperatorDatabase(const std::string& path);
  ~OperatorDatabase();
  OperatorDatabase(OperatorDatabase&&) noexcept;
  OperatorDatabase& operator=(OperatorDatabase&&) noexcept;
  /// The stores of both precisions. They are owned by the database and valid while it lives.
  OperatorStores stores() const;

 private:
  struct Files;
  std::unique_ptr<Files> files_;
};

}  // namespace octopole
#pragma GCC visibility pop
