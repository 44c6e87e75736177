// The surfaces of `octopole generate mesh`: test geometries at any refinement.
#pragma once

#include <array>
#include <string>

#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// Numbers that define the meshes; each generator names those it uses. Lengths are positive and finite,
/// counts at least 1, else the generators throw Error.
struct MeshShape {
  int refine = 8;     // sphere: parts of an edge of the icosahedron; others: cells of an edge (a bar's width)
  double radius = 1;  // spheres
  double radius2 = 1;    // the second of two spheres
  double gap = 1;        // between two spheres' surfaces, the plates' inner faces, the bus's layers
  double side = 1;       // cube, plates; of a bar of the bus its width, which is also its height
  double thickness = 0;  // plates: 0 makes open sheets
  double grading =
      1;         // at least 1: nodes of an edge at 1/2 (2 u)^grading, u uniform in [0, 1/2], and mirrored
  int bars = 2;  // of each layer of the bus
};

/// 20 refine^2 triangles, about 0: the icosahedron with faces in refine^2 equal parts, its nodes moved out to
/// the sphere. The polyhedron lies inside the sphere, so capacitances are too small by about h^2 / (8
/// radius), h the edge. Conductor "sphere".
Surface sphere_mesh(const MeshShape& shape);
/// Two such spheres along x, "sphere1" about 0 and "sphere2".
Surface two_spheres_mesh(const MeshShape& shape);
/// [0, side]^3, 12 refine^2 triangles, symmetric in all of the cube's symmetries. Conductor "cube".
Surface cube_mesh(const MeshShape& shape);
/// Squares side x side, parallel at distance gap: "plate1" below, "plate2" above. With thickness boxes, else
/// open sheets of one layer, of 2 refine^2 triangles each.
Surface plates_mesh(const MeshShape& shape);
/// bars along x below as many along y, side x side in section and side apart, their ends side beyond the
/// outer ones: conductors "x1", .., "y1", ... A bar has refine cells across and refine (2 bars + 1) along.
Surface bus_mesh(const MeshShape& shape);

/// "sphere", "two-spheres", "cube", "plates" or "bus"; throws Error for another name.
Surface make_mesh(const std::string& name, const MeshShape& shape);

/// Appends the triangles and the conductors of `other`; a conductor of the same name is the same.
void append(Surface& surface, const Surface& other);

}  // namespace octopole::bem
#pragma GCC visibility pop
