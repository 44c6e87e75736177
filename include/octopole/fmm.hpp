// The fast multipole method: construct, set points, evaluate.
#pragma once

#include <mpi.h>

#include <memory>
#include <span>
#include <vector>

#include "octopole/field.hpp"
#include "octopole/kernels.hpp"
#include "octopole/options.hpp"
#include "octopole/summary.hpp"

#pragma GCC visibility push(default)
namespace octopole {

template <class Real>
class OperatorStore;

/// Where operators are kept between runs, one store a precision; either may be null. Used on rank 0 only,
/// while the Fmm is constructed. OperatorDatabase (octopole/files.hpp) has them in HDF5.
struct OperatorStores {
  OperatorStore<double>* in_double = nullptr;
  OperatorStore<float>* in_single = nullptr;
};

/// Computes u_i = sum_j K(x_i, y_j) q_j at every target x_i due to all sources y_j on all ranks of a
/// communicator. Every member is collective unless it says otherwise and legal on ranks without points. All
/// ranks pass equal options, call the same overload of set_points and ask for the same output; they may
/// differ in processors and threads.
///
/// Errors. Bad input on any rank, options or calls that differ, and failures of a set-up's local work
/// (memory, for instance) are thrown on all ranks, as the same AgreedError; the Fmm stays as it was and can
/// be used. Any other failure of one rank, of MPI for instance, would leave the others waiting for it: it is
/// reported on standard error with rank, operation, stage and cause, and ends all ranks by MPI_Abort. On a
/// single rank every failure is an exception.
class Fmm {
 public:
  /// Duplicates `comm`, resolves the options, and reads or computes the operators. Throws AgreedError on bad
  /// or unequal options, and where MPI was initialized without the support for threads that OpenMP needs.
  Fmm(MPI_Comm comm, const Laplace& kernel, const Options& options = {}, const OperatorStores& stores = {});
  ~Fmm();
  Fmm(Fmm&&) noexcept;
  Fmm& operator=(Fmm&&) noexcept;

  /// Sets the points, (n, 3) interleaved, any number on each rank, and builds tree, lists and exchange plans.
  /// Nothing of the caller's is kept; earlier points stay until the new ones stand. Throws AgreedError for
  /// lengths that are not multiples of 3, for NaN and infinity, for coordinates beyond 1e150, where no
  /// rank has a source or no rank has a target, where the points would take more memory than there is
  /// (Options::memory_limit), and for leaves that cannot be divided and would take nearly all of the time
  /// (Options::allow_overfull_leaves).
  void set_points(std::span<const double> sources, std::span<const double> targets);
  /// Targets that are the sources.
  void set_points(std::span<const double> points);

  /// Field at this rank's targets due to all sources; charges in the order of this rank's sources. Call it as
  /// often as charges change. Throws AgreedError for a wrong length, NaN or infinity, and before set_points.
  Field evaluate(std::span<const double> charges, Output output = Output::potential);
  /// The same into a field whose memory is used again: nothing of the size of the problem is allocated from
  /// the second evaluation on.
  void evaluate(std::span<const double> charges, Field& field, Output output = Output::potential);

  /// Not collective: the parameters, and the options that they were resolved from.
  const Parameters& parameters() const;
  const Options& options() const;
  /// The Fmm's own communicator, which ends with it. Not collective.
  MPI_Comm comm() const;

  /// Whether the overload of set_points for targets that are the sources was called. Not collective; throws
  /// Error before set_points.
  bool targets_are_sources() const;
  /// The coordinates (n, 3) that this rank passed to set_points, bit for bit. Throw AgreedError before
  /// set_points.
  std::vector<double> sources() const;
  std::vector<double> targets() const;

  /// Tree, times, communication and memory so far.
  Summary summary() const;

 private:
  friend struct FmmAccess;  ///< for the rest of the library
  class Implementation;
  Implementation& implementation() const;  ///< throws Error after a move
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace octopole
#pragma GCC visibility pop
