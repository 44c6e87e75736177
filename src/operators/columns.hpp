// Vector kernels by columns of charges of Laplace's kernel (HarmonicColumns): three with the components of
// the strengths, phi, and one with y . f, psi, for which positions y are relative to a centre. Seen from far
// away, psi would lose digits in the differences that make up the result. In the multipole and the local of a
// node its centre is therefore that of the node's parent, and its unit of length half the parent's side.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/types.hpp"
#include "octopole/kernels.hpp"
#include "operators/translations.hpp"
#include "operators/views.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// Number of the column psi.
inline constexpr int kMomentColumn = 3;

/// The columns of a vector of strengths: of scalar kernels the strengths themselves.
inline int columns_of(const AnyKernel& kernel) {
  return kernel.components() > 1 ? kernel.columns().count() : 1;
}

/// Whether a column psi goes with the columns phi.
inline bool has_moments(const AnyKernel& kernel) {
  return columns_of(kernel) > kMomentColumn;
}

/// Centre of an octant relative to its parent's centre, in its own half sides.
inline std::array<double, 3> octant_centre(std::uint8_t octant) {
  return {octant & 1 ? 1.0 : -1.0, octant & 2 ? 1.0 : -1.0, octant & 4 ? 1.0 : -1.0};
}

/// Converts psi in the multipoles (nodes, columns, n) of `nodes` from their own centre and half side to those
/// of their parents. `octants` has every node's place among its siblings. Threaded.
template <class Real>
void moments_to_parents(std::span<const NodeIndex> nodes, const std::uint8_t* octants, Index n,
                        Real* multipoles);

/// Columns [first, end) of which results depend on the gradient only: psi; without it, phi. In locals their
/// constant is removed: due to sources at R half sides they are R times larger than their differences in the
/// node, whose digits would be lost.
struct ColumnRange {
  int first, end;
};
inline ColumnRange gradient_columns(const AnyKernel& kernel) {
  return has_moments(kernel) ? ColumnRange{kMomentColumn, kMomentColumn + 1} : ColumnRange{0, kMomentColumn};
}

/// Constant fields in locals.
template <class Real>
struct ConstantField {
  explicit ConstantField(const Translations<Real>& t);

  std::vector<Real> at_centre;  // (n) potential at a node's centre due to the downward equivalent points
  std::vector<Real> density;    // (n) of a constant field: 1 at the centre
};

/// Subtracts its mean from each of the gradient_columns in the rows of `checks` of `nodes` (columns, check
/// points). Threaded.
template <class Real>
void remove_means(const AnyKernel& kernel, std::span<const NodeIndex> nodes, Index check_points,
                  CheckRowsOf<Real> checks);

/// Converts psi, if there is one, in the locals of `nodes` from the centre and half side of their parents to
/// their own; then subtracts its value at the centre from each of the gradient_columns. Threaded.
template <class Real>
void prepare_for_children(const AnyKernel& kernel, const ConstantField<Real>& constant,
                          std::span<const NodeIndex> nodes, const std::uint8_t* octants, Real* locals);

}  // namespace octopole
#pragma GCC visibility pop
