// Random distributions of points and charges, for `octopole generate`, the tests and the calibration.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"

#pragma GCC visibility push(default)
namespace octopole {

/// cube       uniform in the unit cube [0, 1]^3
/// sphere     uniform on the surface of the unit sphere around 0
/// ellipsoid  surface with half axes 1, 1, 4, uniform in the spherical angles: dense at both poles
/// plummer    Plummer's model of a star cluster, scale length 1, cut off at 100: a dense core in a wide halo
/// line       uniform on a straight line oblique to the axes
/// clusters   64 balls in the unit cube with radii from 0.1 down to 0.0001 and equally many points
enum class Shape : int { cube, sphere, ellipsoid, plummer, line, clusters };
inline constexpr std::array<Shape, 6> kShapes = {Shape::cube,    Shape::sphere, Shape::ellipsoid,
                                                 Shape::plummer, Shape::line,   Shape::clusters};
std::string_view shape_name(Shape shape);
std::vector<std::string> shape_names();  // of all shapes
/// Throws Error for an unknown name.
Shape parse_shape(std::string_view name);

/// Charges uniform in [-1, 1), or all 1 (unit).
enum class Charges : int { uniform, unit };
std::string_view charges_name(Charges charges);
Charges parse_charges(std::string_view name);

/// Independent random sequences of one seed.
enum class RngStream : int { sources = 0, targets = 1, dipoles = 2 };

/// Points first .. first + count - 1 of the distribution, (count, 3) interleaved. Point i depends only on
/// (shape, seed, stream, i), so that any division of the indices among ranks gives the same points.
std::vector<double> make_positions(Shape shape, Index first, Index count, std::uint64_t seed,
                                   RngStream stream = RngStream::sources);
/// The same into `points` (3 * count).
void fill_positions(Shape shape, Index first, std::span<double> points, std::uint64_t seed,
                    RngStream stream = RngStream::sources);

/// Maps three numbers in [0, 1) to a point: uniform numbers give the distribution. The sphere and the
/// ellipsoid use the first two, the line only the first.
std::array<double, 3> shape_point(Shape shape, double u, double v, double w);

/// Charges first .. first + count - 1, (count, vectors); charge i of vector v depends only on (charges, seed,
/// i, v).
std::vector<double> make_charges(Charges charges, Index first, Index count, std::uint64_t seed,
                                 int vectors = 1);
void fill_charges(Charges charges, Index first, std::span<double> values, std::uint64_t seed,
                  int vectors = 1);

/// Dipoles of the same points, (count, 3, vectors): components like charges, independent of them.
std::vector<double> make_dipoles(Charges charges, Index first, Index count, std::uint64_t seed,
                                 int vectors = 1);
void fill_dipoles(Charges charges, Index first, std::span<double> values, std::uint64_t seed,
                  int vectors = 1);

}  // namespace octopole
#pragma GCC visibility pop
