#include "bem/panel_potential.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace octopole::bem {
namespace {

struct Vector {
  double x, y, z;
};

Vector minus(const Vector& a, const Vector& b) {
  return {a.x - b.x, a.y - b.y, a.z - b.z};
}
double dot(const Vector& a, const Vector& b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}
Vector cross(const Vector& a, const Vector& b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
double norm(const Vector& a) {
  return std::sqrt(dot(a, a));
}

constexpr double kTiny = std::numeric_limits<double>::min();

/// t ln((R+ + s+) / (R- + s-)) of the edge from a to b, both seen from the point; `normal` is the unit normal
/// and `height` the point's distance from the plane. None of the three forms of the logarithm's argument
/// cancels; where one of its factors vanishes, the point is on the edge's line and t vanishes faster than the
/// logarithm grows.
double edge_term(const Vector& a, const Vector& b, double radius_a, double radius_b, const Vector& normal,
                 double height) {
  const Vector edge = minus(b, a);
  const double length = norm(edge);
  if (length == 0) return 0;
  const double inverse = 1 / length;
  const double along_a = dot(edge, a) * inverse, along_b = dot(edge, b) * inverse;
  const Vector& nearer = radius_a < radius_b ? a : b;  // its coordinates are smaller, and so are their errors
  const double across = dot(cross(edge, normal), nearer) * inverse;
  double ratio;
  if (along_a >= 0)
    ratio = (radius_b + along_b) / std::max(radius_a + along_a, kTiny);
  else if (along_b <= 0)
    ratio = (radius_a - along_a) / std::max(radius_b - along_b, kTiny);
  else
    ratio = (radius_b + along_b) * (radius_a - along_a) / std::max(across * across + height * height, kTiny);
  return across == 0 ? 0 : across * std::log(ratio);
}

}  // namespace

double triangle_integral(const double* panel, const double* point) {
  const auto seen = [&](int c) {
    return Vector{panel[3 * c] - point[0], panel[3 * c + 1] - point[1], panel[3 * c + 2] - point[2]};
  };
  const Vector a = seen(0), b = seen(1), c = seen(2);
  Vector normal = cross(minus(b, a), minus(c, a));
  const double twice_area = norm(normal);
  if (twice_area == 0) return 0;
  normal = {normal.x / twice_area, normal.y / twice_area, normal.z / twice_area};
  const double ra = norm(a), rb = norm(b), rc = norm(c);
  const Vector& nearest = ra <= rb && ra <= rc ? a : rb <= rc ? b : c;
  const double height = std::abs(dot(normal, nearest));

  const double edges = edge_term(a, b, ra, rb, normal, height) + edge_term(b, c, rb, rc, normal, height) +
                       edge_term(c, a, rc, ra, normal, height);
  const double angle =
      2 * std::atan2(twice_area * height, ra * rb * rc + dot(a, b) * rc + dot(b, c) * ra + dot(c, a) * rb);
  return edges - height * angle;
}

}  // namespace octopole::bem
