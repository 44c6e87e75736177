// Exact capacitances of two spheres.
#pragma once

#pragma GCC visibility push(default)
namespace octopole::bem {

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
