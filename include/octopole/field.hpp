// What an evaluation takes and returns: the strengths of sources, and the field at targets.
#pragma once

#include <span>
#include <vector>

#pragma GCC visibility push(default)
namespace octopole {

/// Strengths of this rank's sources, in the order in which it passed them to set_points: charges, dipoles, or
/// both, on all ranks with sources alike. An empty span means that sources do not have this kind. The memory
/// is the caller's. Units: charge, and charge times length.
///
/// A dipole d at y has the potential d . grad_y K(x, y) at x, for Laplace d . (x - y) / (4 pi |x - y|^3): it
/// points from a negative to a positive charge. A double layer of density s has d = s n, with the normal n.
///
/// Vector kernels take their strengths (forces, vorticities) as charges with three components.
struct Strengths {
  Strengths(std::span<const double> with_charges, std::span<const double> with_dipoles, int in_vectors = 1)
      : charges(with_charges), dipoles(with_dipoles), vectors(in_vectors) {}

  std::span<const double> charges;  ///< (sources, vectors); of vector kernels (sources, 3, vectors)
  std::span<const double> dipoles;  ///< (sources, 3, vectors)
  int vectors;                      ///< the last index, which varies fastest
};

/// Result of an evaluation on this rank, in the order of the targets that this rank passed to set_points.
/// Units: charge per length, and charge per length squared and cubed for the gradient and the Hessian; of
/// vector kernels velocity or displacement, the same per length, and force per area. What was not requested
/// is empty.
struct Field {
  /// (targets, vectors); the result of a vector kernel, velocity or displacement: (targets, 3, vectors)
  std::vector<double> potential = {};
  /// (targets, 3, vectors), d/dx d/dy d/dz; of a vector kernel's result u (targets, 9, vectors), d u_i / d
  /// x_k at 3 i + k
  std::vector<double> gradient = {};
  std::vector<double> hessian = {};   ///< (targets, 6, vectors), xx xy xz yy yz zz
  std::vector<double> pressure = {};  ///< (targets, vectors), of Stokes
  int vectors = 1;                    ///< of strengths: the last index, which varies fastest
  int components = 1;                 ///< of the potential: 1, or 3 of vector kernels
};

}  // namespace octopole
#pragma GCC visibility pop
