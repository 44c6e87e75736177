// One set of points and Fmms of several accuracies, built when they are first needed.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "mpi/comm.hpp"
#include "octopole/fmm.hpp"
#include "petsc/log.hpp"

#pragma GCC visibility push(default)
namespace octopole::petsc {

/// What a product evaluates.
struct ProductKind {
  SourceKind sources = SourceKind::charges;  // charges or dipoles
  Output output = Output::potential;         // potential, or the gradient as well

  /// Of the product with the transpose.
  ProductKind transposed() const {
    return {output == Output::potential ? SourceKind::charges : SourceKind::dipoles,
            sources == SourceKind::charges ? Output::potential : Output::potential_and_gradient};
  }
  friend bool operator==(const ProductKind&, const ProductKind&) = default;
};

/// Products evaluated with this number of digits; digits 0 if only an order was requested.
struct AccuracyLevel {
  int digits = 0;
  Index products = 0;
  double seconds = 0;        // of the products, on this rank
  double setup_seconds = 0;  // of the Fmm
};

/// The Fmm of an operator, cheaper ones for inexact Krylov methods, and one with sources and targets
/// exchanged. Everything is collective unless stated otherwise.
class AccuracyLevels {
 public:
  /// Takes an Fmm whose points are set: its accuracy is fixed. Others may also hold and evaluate it; until it
  /// is destroyed, this object replaces the observer of the Fmm.
  explicit AccuracyLevels(std::shared_ptr<Fmm> fmm, const ProductKind& product = {});
  /// Builds an Fmm for these points when it is first needed; until then set_digits can choose. Without
  /// targets, sources = targets. Throws AgreedError for options that resolve() refuses.
  AccuracyLevels(MPI_Comm comm, const AnyKernel& kernel, const Options& options, std::vector<double> sources,
                 std::optional<std::vector<double>> targets, const ProductKind& product = {});
  ~AccuracyLevels();
  AccuracyLevels(const AccuracyLevels&) = delete;
  AccuracyLevels& operator=(const AccuracyLevels&) = delete;

  /// Chooses the digits of an Fmm that is not built yet and whose options leave them open; false if they are
  /// fixed. Not collective.
  bool set_digits(int digits);
  /// The digits of full accuracy; 0 if only an order was given. Not collective.
  int digits() const;

  /// The Fmm of full accuracy.
  Fmm& full();
  /// Whether cheaper Fmms can be made: the accuracy is given by digits. Not collective.
  bool can_relax() const { return digits() > 0; }
  /// The next evaluate() needs these digits only (0: all); later ones have full accuracy again. Not
  /// collective.
  void relax_next(int digits) { next_digits_ = digits; }

  /// The field of these strengths, whose kind is the product's.
  void evaluate(const Strengths& strengths, Field& field);
  /// Evaluates with the Fmm of full accuracy, neither logged nor counted.
  void evaluate_plain(std::span<const double> charges, Field& field);
  /// The field at the sources of strengths of the targets: by the Fmm itself if sources = targets and the
  /// transposed product evaluates the same, because K(x, y) = K(y, x)^T; else by one with sources and targets
  /// exchanged.
  void evaluate_transposed(const Strengths& strengths, Field& field);

  /// Numbers of points on this rank. Not collective.
  Index sources() const { return source_count_; }
  Index targets() const { return target_count_; }
  bool targets_are_sources() const { return targets_are_sources_; }
  MPI_Comm comm() const { return comm_.handle(); }
  const mpi::Comm& ranks() const { return comm_; }

  /// Products by digits so far, most digits first. Not collective.
  std::vector<AccuracyLevel> products_by_level() const;

 private:
  struct Entry {
    LogObserver observer;  // outlives the Fmm
    std::shared_ptr<Fmm> fmm;
    AccuracyLevel level;
  };
  std::unique_ptr<Entry> build(const Options& options, std::span<const double> sources,
                               std::optional<std::span<const double>> targets) const;
  Entry& entry(int digits);
  static void adopt(Entry& entry);

  mpi::Comm comm_;
  AnyKernel kernel_;
  ProductKind product_;
  Options options_;
  Index source_count_ = 0, target_count_ = 0;
  bool targets_are_sources_ = true;
  std::vector<double> source_points_, target_points_;  // until the Fmm of full accuracy has them
  std::unique_ptr<Entry> full_, transposed_;
  std::map<int, std::unique_ptr<Entry>> cheaper_;
  int next_digits_ = 0;
};

/// Seconds that cheaper products saved compared with the mean of those of full accuracy; 0 if there are none
/// of the latter.
double seconds_saved(std::span<const AccuracyLevel> levels);

/// Digits that a relative tolerance needs (digits_for), equal on all ranks: rank 0's. Collective.
int agreed_digits_for(const mpi::Comm& comm, double rtol);

/// Digits that a product needs when the residual has fallen from `first` to `norm`, for an FMM of `full`
/// digits; 0 (all) if it has not fallen. Not collective: logarithms differ in the last bit between
/// processors.
int relaxed_digits(int full, double first, double norm);
/// The same, equal on all ranks: rank 0's. Collective.
int agreed_relaxed_digits(const mpi::Comm& comm, int full, double first, double norm);

/// Describes the accuracy and the products by digits, in lines; `entries` says what the matrix has.
std::string describe(const AccuracyLevels& accuracy, const std::string& entries);

}  // namespace octopole::petsc
#pragma GCC visibility pop
