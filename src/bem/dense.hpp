// Capacitances of small surfaces without an FMM: the reference of everything else.
#pragma once

#include <vector>

#include "base/aligned.hpp"
#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// All entries P_ij in closed form, rows and columns in the order of the surface; column-major, size^2
/// doubles. Threaded.
AlignedVector<double> dense_matrix(const Surface& surface);

struct DenseCapacitance {
  std::vector<double> matrix;   // (conductors, conductors), of 4 pi eps0 times the mesh's unit
  std::vector<double> charges;  // (conductors, panels) over eps0, for 1 volt on each conductor in turn
};

/// Solves with the dense matrix by LU: size^3 operations. One process.
DenseCapacitance dense_capacitance(const Surface& surface);

}  // namespace octopole::bem
#pragma GCC visibility pop
