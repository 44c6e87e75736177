// Panels: the triangles of a mesh, divided among ranks along the Morton curve of their centroids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/aligned.hpp"
#include "bem/surface.hpp"
#include "bem/triangle_rule.hpp"
#include "mpi/comm.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// This rank's panels. A panel's row is its place on the curve, among the panels of all ranks: rank r has the
/// rows block_of(total, r, ranks), so rows do not depend on the number of ranks, and the owner of a row is
/// known without asking.
struct Panels {
  Index total = 0;                      // over all ranks
  Index first = 0;                      // row of this rank's first panel
  AlignedVector<double> corners;        // (n, 3, 3): the vertices of each panel
  std::vector<std::int32_t> conductor;  // (n) place in `conductors`
  std::vector<Index> number;            // (n) place in the Surface, that is in the order of the files
  std::vector<Index> corner_numbers;    // (n, 3) vertices in the Surface
  Index vertex_count = 0;               // of the Surface
  std::vector<std::string> conductors;  // names, on all ranks

  Index count() const { return static_cast<Index>(conductor.size()); }
  const double* panel(Index i) const { return corners.data() + 9 * i; }
};

/// Scatters the surface of rank 0 (others' are not looked at). Rank 0 sorts the centroids' Morton codes,
/// equal codes in the order of the surface. Collective; the same Error on all ranks for a surface without
/// triangles.
Panels distribute(const mpi::Comm& comm, const Surface& surface);

/// (n, 3) interleaved: the collocation points, the FMM's targets.
std::vector<double> centroids(const Panels& panels);
/// (n), in the square of the mesh's unit.
std::vector<double> areas(const Panels& panels);

/// The diameter of panels, weighted by area, over the radius of a sphere of the surface's area: what
/// near_rule() wants. Uniform panels: about 5.4 / sqrt(total). Collective.
double relative_size(const mpi::Comm& comm, const Panels& panels);

/// (n * points, 3): the rule's points on each panel, the FMM's sources, panel after panel. Of the rule of one
/// point they are bit for bit the centroids.
std::vector<double> quadrature_points(const Panels& panels, const TriangleRule& rule);
/// charges[points * j + k] = weight_k q_j: what the sources carry when panel j carries the charge q_j,
/// uniformly. The weights of a rule add up to 1.
void spread_charges(const TriangleRule& rule, std::span<const double> panel_charges,
                    std::span<double> charges);
/// The transpose: panel_values[j] = sum_k weight_k values[points * j + k].
void gather_values(const TriangleRule& rule, std::span<const double> values, std::span<double> panel_values);

}  // namespace octopole::bem
#pragma GCC visibility pop
