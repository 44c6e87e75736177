// Capacitances of small surfaces without an FMM, as the reference for the other methods.
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

}  // namespace octopole::bem
#pragma GCC visibility pop
