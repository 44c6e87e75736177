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

/// Stores that keep operators between runs, one per precision, owned by the caller; either may be null. Used
/// on rank 0 only, while the Fmm is constructed. OperatorDatabase (octopole/files.hpp) provides both in an
/// HDF5 file.
struct OperatorStores {
  OperatorStore<double>* in_double = nullptr;  ///< for operators in double precision
  OperatorStore<float>* in_single = nullptr;   ///< for operators in single precision
};

/// Computes u_i = sum_j K(x_i, y_j) q_j at all targets x_i due to all sources y_j with charges q_j on all
/// ranks of a communicator, also for dipoles, and the gradient and Hessian of u. Coordinates may be in any
/// unit of length; pairs with x_i = y_j contribute nothing. All members are collective unless stated
/// otherwise, and may be called on ranks without points. All ranks pass equal options, call the same overload
/// of set_points and request the same output; they may differ in processors and threads.
///
/// Errors. Bad input on any rank, options or calls that differ, and failures in the local work of a set-up
/// (memory, for instance) throw the same AgreedError on all ranks; the Fmm keeps its state and can be used.
/// Any other failure of one rank, of MPI for instance, would leave the others waiting for it: it is reported
/// on standard error with rank, operation, stage and cause, and ends all ranks by MPI_Abort. On a single rank
/// every failure is an exception. An Fmm that has been moved from throws Error when it is used.
class Fmm {
 public:
  /// Duplicates `comm`, resolves the options, and reads or computes the operators; those of kernels with a
  /// length (Yukawa) in set_points, for each level of the tree. Throws AgreedError for invalid or unequal
  /// options or kernels, if the operators need more memory than there is (Options::memory_limit), and if MPI
  /// was initialized without the support for threads that OpenMP needs; Error if MPI is not initialized.
  Fmm(MPI_Comm comm, const AnyKernel& kernel, const Options& options = {}, const OperatorStores& stores = {});
  /// Frees the communicators, which is collective, unless MPI has been finalized.
  ~Fmm();
  Fmm(Fmm&&) noexcept;
  Fmm& operator=(Fmm&&) noexcept;

  /// Sets sources (n, 3) and targets (m, 3), interleaved, any number on each rank, and builds tree, lists and
  /// exchange plans. The spans are not kept; earlier points stay in use until the new set-up is complete.
  /// Throws AgreedError for lengths that are not multiples of 3, for NaN and infinity, for coordinates beyond
  /// 1e150 in magnitude, if no rank has a source or no rank has a target, if the points need more memory than
  /// there is (Options::memory_limit), and for leaves that cannot be divided and would take nearly all of the
  /// time (Options::allow_overfull_leaves).
  void set_points(std::span<const double> sources, std::span<const double> targets);
  /// Sets sources = targets: `points` (n, 3) are both. Errors are those of the other overload.
  void set_points(std::span<const double> points);

  /// Returns the field at this rank's targets due to all sources; `charges` (n) are in the order of this
  /// rank's sources. With `vectors` > 1, the fields of as many vectors of charges (n, vectors) at once, for
  /// about half the time each if there are eight or more (Options::vectors); results are those of single
  /// vectors, to rounding. For a vector kernel its strengths (n, 3) or (n, 3, vectors), whose vectors are
  /// evaluated one by one; it has a gradient, and Stokes a pressure, but neither Hessian nor dipoles, which
  /// are refused. May be repeated with other charges. Throws AgreedError for a wrong number of charges, for
  /// NaN and infinity, for numbers of vectors below 1 or above 1e6, if more vectors than before need more
  /// memory than there is (Options::memory_limit), and before set_points.
  Field evaluate(std::span<const double> charges, Output output = Output::potential, int vectors = 1);
  /// As above, into `field`, whose memory is reused: from the second evaluation on, nothing of the size of
  /// the problem is allocated. Gradient, Hessian and pressure become empty unless requested.
  void evaluate(std::span<const double> charges, Field& field, Output output = Output::potential,
                int vectors = 1);

  /// As above, for charges, dipoles or both (Options::source_kind). Also throws AgreedError if a kind of
  /// strength is missing on some of the ranks with sources, or all are.
  Field evaluate(const Strengths& strengths, Output output = Output::potential);
  void evaluate(const Strengths& strengths, Field& field, Output output = Output::potential);

  /// The parameters that the options were resolved to; valid while the Fmm lives. n_crit and padding that
  /// set_points chooses are in summary(). Not collective.
  const Parameters& parameters() const;
  /// The kernel that was passed to the constructor; valid while the Fmm lives. Not collective.
  const AnyKernel& kernel() const;
  /// The options that were passed to the constructor; valid while the Fmm lives. Not collective.
  const Options& options() const;
  /// The Fmm's duplicate of the communicator, freed with the Fmm. Not collective.
  MPI_Comm comm() const;

  /// Whether the points were set by the overload of set_points for sources = targets. Not collective; throws
  /// Error before set_points.
  bool targets_are_sources() const;
  /// The coordinates (n, 3) of this rank's sources, bit for bit as passed to set_points. Throws AgreedError
  /// before set_points.
  std::vector<double> sources() const;
  /// The coordinates (m, 3) of this rank's targets, likewise; its sources if sources = targets.
  std::vector<double> targets() const;

  /// Tree, times, communication and memory so far, over all ranks. Before set_points, only the parameters,
  /// the operators' times and their note are set.
  Summary summary() const;

 private:
  friend struct FmmAccess;  ///< used by other modules of the library
  class Implementation;
  Implementation& implementation() const;  ///< throws Error after a move
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace octopole
#pragma GCC visibility pop
