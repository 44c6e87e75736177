// The potential of a uniformly charged flat triangle, in closed form.
#pragma once

#pragma GCC visibility push(default)
namespace octopole::bem {

/// The integral of 1 / |point - y| over the triangle `panel` (3 vertices of 3 coordinates), at any point: off
/// the plane, in it, on edges and on vertices. With R the distance from the point to vertices, s along and t
/// across an edge in the plane, d the height above the plane:
///   sum over edges of t ln((R+ + s+) / (R- + s-)) - |d| (solid angle)
/// (Wilton, Rao, Glisson, Schaubert, Al-Bundak, Butler, IEEE Trans. Antennas Propag. 32 (1984) 276, eq. 5;
/// Graglia, same Trans. 41 (1993) 1448); the solid angle as in Van Oosterom and Strackee, IEEE Trans. Biomed.
/// Eng. 30 (1983) 125. Relative error about 1e-15 (distance / diameter)^2, at least 1e-15. A triangle without
/// area gives 0.
double triangle_integral(const double* panel, const double* point);

}  // namespace octopole::bem
#pragma GCC visibility pop
