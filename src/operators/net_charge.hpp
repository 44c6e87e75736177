// The net charge of multipoles, which must be exact for dipoles: what a fit on the check surface leaves of
// one decays more slowly than their field, and outweighs it at targets far away.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// The moment sum q e^(k x) of the equivalent charges of a node, with x from its centre in half sides. e^(k
/// x) solves the kernel's equation (Kernel::decay_rate), so that by Green's second identity the moment is
/// that of all charge distributions with the same field outside; for Laplace's kernel, k = 0, it is the net
/// charge.
template <class Real>
class NetCharge {
 public:
  /// Of nodes with half side `half`, in the kernel's unit of length, and operators `t`.
  NetCharge(const AnyKernel& kernel, double half, const Translations<Real>& t);

  /// Whether the field reaches far enough for the net charge to matter; otherwise multipoles stay as they
  /// are.
  bool matters() const { return rate_ <= kLargestRate; }
  double rate() const { return rate_; }
  Index size() const { return static_cast<Index>(weights_.size()); }
  /// That of a row of equivalent charges of the node; of a child that is this octant; of a charge at x.
  double of(const Real* row) const { return sum(weights_, row); }
  double of_child(const Real* row, std::uint8_t octant) const;
  double weight(double x) const;
  /// Adds the equivalent charges of a charge at the centre, so that the row has this net charge.
  void set(Real* row, double wanted) const;

 private:
  static constexpr double kLargestRate = 1;
  double sum(const std::vector<double>& weights, const Real* row) const;

  double rate_;
  std::vector<double> weights_, child_weights_;  // e^(k x) at the equivalent points, also of a child
  std::vector<double> unit_;  // equivalent charges of net charge 1, of a charge at the centre
};

/// Corrects the multipoles of `leaves` to the net charges of their sources: `net` is of their level, or of
/// any if the kernel is scale-free. Rows, points and strengths are those of p2m. Threaded.
template <class Real>
void net_charges_of_sources(const NetCharge<Real>& net, std::span<const NodeIndex> leaves, const Box* boxes,
                            const PointsByNode& sources, StrengthsOf<Real> strengths, Real* multipoles);

/// Corrects the multipoles of `parents`, all of the level of `net`, to the net charges of their children's.
/// Arguments as those of m2m. Threaded.
template <class Real>
void net_charges_of_children(const NetCharge<Real>& net, std::span<const NodeIndex> parents,
                             const NodeIndex* children, const std::uint8_t* has_source, Real* multipoles,
                             int vectors);

}  // namespace octopole
#pragma GCC visibility pop
