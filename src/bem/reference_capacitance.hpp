// Reference capacitances: of small surfaces without an FMM, and of two spheres exactly.
#pragma once

#include <vector>

#include "base/aligned.hpp"
#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// Computes all entries P_ij in closed form, rows and columns in the order of the surface; column-major,
/// size^2 doubles. Threaded.
AlignedVector<double> dense_matrix(const Surface& surface);

struct DenseCapacitance {
  std::vector<double> matrix;   // (conductors, conductors), in 4 pi eps0 times the mesh's unit of length
  std::vector<double> charges;  // (conductors, panels), divided by eps0, for 1 volt on each conductor in turn
};

/// Solves with the dense matrix by LU in O(size^3) operations, on one process.
DenseCapacitance dense_capacitance(const Surface& surface);

/// In units of 4 pi eps0 times the unit of length: the charges are q1 = c11 V1 + c12 V2, q2 = c12 V1 + c22
/// V2.
struct TwoSphereCapacitance {
  double c11, c12, c22;
};

/// Spheres of radii a and b whose centres are `distance` > a + b apart, by the series in bispherical
/// coordinates with cosh u = (distance^2 - a^2 - b^2) / (2 a b):
///   c11 = a b sinh u  sum_{n >= 0} 1 / (a sinh n u + b sinh (n + 1) u)
///   c22 = a b sinh u  sum_{n >= 0} 1 / (b sinh n u + a sinh (n + 1) u)
///   c12 = -(a b / distance) sinh u  sum_{n >= 1} 1 / sinh n u
/// (Maxwell, A Treatise on Electricity and Magnetism, art. 173; in this form Lekner, J. Electrostatics 69
/// (2011) 11). Throws Error where the spheres touch.
TwoSphereCapacitance two_sphere_capacitance(double a, double b, double distance);

}  // namespace octopole::bem
#pragma GCC visibility pop
