// The surfaces of `octopole generate mesh`: test geometries at any refinement.
#pragma once

#include <array>
#include <string>

#include "bem/surface.hpp"

#pragma GCC visibility push(default)
namespace octopole::bem {

/// Parameters of the meshes; each generator names those it uses. Lengths are positive and finite, counts at
/// least 1, else the generators throw Error.
struct MeshShape {
  int refine = 8;        // sphere: parts per edge of the icosahedron; others: cells per edge (bus: bar width)
  double radius = 1;     // spheres
  double radius2 = 1;    // second of two spheres
  double gap = 1;        // between two spheres' surfaces, the plates' inner faces, the bus's layers
  double side = 1;       // cube, plates; bus: width and height of a bar
  double thickness = 0;  // plates: 0 makes open sheets
  double grading =
      1;         // at least 1: nodes of an edge at 1/2 (2 u)^grading, u uniform in [0, 1/2], and mirrored
  int bars = 2;  // per layer of the bus
};

/// A sphere about the origin of 20 refine^2 triangles: an icosahedron, each face divided into refine^2 equal
/// parts, with the nodes projected onto the sphere. The polyhedron lies inside the sphere, so capacitances
/// are too small by about h^2 / (8 radius), h the edge length. Conductor "sphere".
Surface sphere_mesh(const MeshShape& shape);
/// Two such spheres along x: "sphere1" about the origin, and "sphere2".
Surface two_spheres_mesh(const MeshShape& shape);
/// The cube [0, side]^3 of 12 refine^2 triangles, with all symmetries of the cube. Conductor "cube".
Surface cube_mesh(const MeshShape& shape);
/// Parallel squares side x side at distance gap: "plate1" below, "plate2" above. Boxes if thickness > 0, else
/// open single-layer sheets of 2 refine^2 triangles each.
Surface plates_mesh(const MeshShape& shape);
/// `bars` bars along x below the same number along y, side x side in cross-section and side apart, extending
/// side beyond the outermost bars that they cross: conductors "x1", .., "y1", ... A bar has refine cells
/// across and refine (2 bars + 1) along it.
Surface bus_mesh(const MeshShape& shape);

/// Makes the mesh "sphere", "two-spheres", "cube", "plates" or "bus"; throws Error for another name.
Surface make_mesh(const std::string& name, const MeshShape& shape);

}  // namespace octopole::bem
#pragma GCC visibility pop
