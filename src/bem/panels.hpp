// Panels: the triangles of a mesh, distributed over ranks along the Morton curve of their centroids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/aligned.hpp"
#include "bem/panel_integrals.hpp"
#include "bem/surface.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// This rank's panels. A panel's row is its position on the curve among the panels of all ranks. Rank r owns
/// the rows block_of(total, r, ranks), so rows do not depend on the number of ranks, and the owner of a row
/// is known without communication.
struct Panels {
  Index total = 0;                      // over all ranks
  Index first = 0;                      // row of this rank's first panel
  AlignedVector<double> corners;        // (n, 3, 3): the vertices of each panel
  std::vector<std::int32_t> conductor;  // (n) index in `conductors`
  std::vector<Index> number;            // (n) index in the Surface, in the order of the files
  std::vector<Index> corner_numbers;    // (n, 3) vertex indices in the Surface
  Index vertex_count = 0;               // of the Surface
  std::vector<std::string> conductors;  // names, on all ranks

  Index count() const { return static_cast<Index>(conductor.size()); }
  const double* panel(Index i) const { return corners.data() + 9 * i; }
};

/// The rank whose block_of() the `rows` holds `row`.
inline int block_owner(Index row, Index rows, int ranks) {
  const Index base = rows / ranks, rest = rows % ranks, in_longer = rest * (base + 1);
  return static_cast<int>(row < in_longer ? row / (base + 1) : rest + (row - in_longer) / base);
}

/// Scatters the surface of rank 0 (those of other ranks are ignored). Rank 0 sorts by Morton codes of the
/// centroids, equal codes in the order of the surface. Collective; throws the same Error on all ranks for a
/// surface without triangles.
Panels distribute(const mpi::Comm& comm, const Surface& surface);

/// Centroids (n, 3), interleaved: the collocation points and FMM targets.
std::vector<double> centroids(const Panels& panels);
/// Areas (n), in the square of the mesh's unit.
std::vector<double> areas(const Panels& panels);

/// Area-weighted mean diameter of the panels, divided by the radius of a sphere of the same area as the
/// surface: the argument of near_rule(). Uniform panels: about 5.4 / sqrt(total). Collective.
double relative_size(const mpi::Comm& comm, const Panels& panels);

/// Quadrature points (n * points, 3), panel after panel: the FMM's sources. With the one-point rule they
/// equal the centroids bit for bit.
std::vector<double> quadrature_points(const Panels& panels, const TriangleRule& rule);
/// charges[points * j + k] = weight_k q_j: the charges of the sources when panel j carries the uniform charge
/// q_j. The weights of a rule sum to 1.
void spread_charges(const TriangleRule& rule, std::span<const double> panel_charges,
                    std::span<double> charges);
/// The transpose of spread_charges: panel_values[j] = sum_k weight_k values[points * j + k].
void gather_values(const TriangleRule& rule, std::span<const double> values, std::span<double> panel_values);

}  // namespace octopole::bem
#pragma GCC visibility pop
