#include "bem/panel_integrals.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace octopole::bem {
namespace {

constexpr double kThird = 1.0 / 3;

constexpr RulePoint kOne[] = {{{kThird, kThird, kThird}, 1}};

constexpr RulePoint kThree[] = {{{2.0 / 3, 1.0 / 6, 1.0 / 6}, kThird},
                                {{1.0 / 6, 2.0 / 3, 1.0 / 6}, kThird},
                                {{1.0 / 6, 1.0 / 6, 2.0 / 3}, kThird}};

// (8 - sqrt 10 +- sqrt(38 - 44 sqrt(2/5))) / 18, weights (620 +- sqrt(213125 - 53320 sqrt 10)) / 3720
constexpr double kA1 = 0.44594849091596488631832925388305, kB1 = 0.10810301816807022736334149223390,
                 kW1 = 0.22338158967801146569500700843312;
constexpr double kA2 = 0.091576213509770743459571463402202, kB2 = 0.81684757298045851308085707319560,
                 kW2 = 0.10995174365532186763832632490021;
constexpr RulePoint kSix[] = {{{kB1, kA1, kA1}, kW1}, {{kA1, kB1, kA1}, kW1}, {{kA1, kA1, kB1}, kW1},
                              {{kB2, kA2, kA2}, kW2}, {{kA2, kB2, kA2}, kW2}, {{kA2, kA2, kB2}, kW2}};

// (6 -+ sqrt 15) / 21, weights (155 -+ sqrt 15) / 1200
constexpr double kA3 = 0.10128650732345633880098736191512, kB3 = 0.79742698535308732239802527616975,
                 kW3 = 0.12593918054482715259568394550018;
constexpr double kA4 = 0.47014206410511508977044120951345, kB4 = 0.059715871789769820459117580973105,
                 kW4 = 0.13239415278850618073764938783315;
constexpr RulePoint kSeven[] = {{{kThird, kThird, kThird}, 9.0 / 40},
                                {{kB3, kA3, kA3}, kW3},
                                {{kA3, kB3, kA3}, kW3},
                                {{kA3, kA3, kB3}, kW3},
                                {{kB4, kA4, kA4}, kW4},
                                {{kA4, kB4, kA4}, kW4},
                                {{kA4, kA4, kB4}, kW4}};

double edge_length(const double* panel, int from, int to) {
  double sum = 0;
  for (int d = 0; d < 3; ++d) {
    const double step = panel[3 * to + d] - panel[3 * from + d];
    sum += step * step;
  }
  return std::sqrt(sum);
}

}  // namespace

TriangleRule triangle_rule(int points) {
  switch (points) {
    case 1:
      return {1, kOne};
    case 3:
      return {2, kThree};
    case 6:
      return {4, kSix};
    case 7:
      return {5, kSeven};
    default:
      throw Error("there is no quadrature rule of " + std::to_string(points) + " points for triangles",
                  "choose 1, 3, 6 or 7");
  }
}

std::array<double, 3> rule_point(const RulePoint& point, const double* panel) {
  const std::array<double, 3>& b = point.barycentric;
  if (b[0] == kThird && b[1] == kThird) return panel_centroid(panel);
  std::array<double, 3> place;
  for (std::size_t d = 0; d < 3; ++d) place[d] = b[0] * panel[d] + b[1] * panel[3 + d] + b[2] * panel[6 + d];
  return place;
}

std::array<double, 3> panel_centroid(const double* panel) {
  std::array<double, 3> centre;
  for (std::size_t d = 0; d < 3; ++d) centre[d] = (panel[d] + panel[3 + d] + panel[6 + d]) / 3;
  return centre;
}

double panel_area(const double* panel) {
  double u[3], v[3];
  for (int d = 0; d < 3; ++d) {
    u[d] = panel[3 + d] - panel[d];
    v[d] = panel[6 + d] - panel[d];
  }
  return 0.5 * std::hypot(u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0]);
}

double panel_diameter(const double* panel) {
  return std::max({edge_length(panel, 0, 1), edge_length(panel, 1, 2), edge_length(panel, 2, 0)});
}

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

namespace {

/// Largest error of the potential of uniform charge density sigma on a plane, divided by sigma times the
/// panel diameter: at heights from 0 to 4 diameters, for equilateral triangles and halves of squares. Sorted
/// by work. With one point the error falls only as 1 / multiple, so wider near zones do not pay off.
struct Measured {
  int points;
  double multiple, error;
};
constexpr Measured kMeasured[] = {{1, 2.5, 8.5e-3}, {3, 1.5, 1.8e-4}, {3, 2, 1.8e-5}, {6, 1.5, 2.7e-6},
                                  {6, 2, 3.5e-7},   {6, 3, 4.6e-8},   {7, 4, 6.5e-9}, {7, 5, 2.2e-9},
                                  {7, 6, 7.5e-10},  {7, 8, 2.0e-10}};

/// Below this tolerance corrections are stored in double.
constexpr double kSingleTolerance = 1e-7;

}  // namespace

NearRule near_rule(double tolerance, double relative_size) {
  if (!(tolerance >= 1e-12 && tolerance <= 0.1))
    throw Error("the tolerance of the panels' quadrature is " + std::to_string(tolerance),
                "choose one between 1e-12 and 0.1");
  if (!(relative_size > 0)) throw Error("the relative size of panels is not positive");
  for (const Measured& m : kMeasured)
    if (m.error * relative_size <= tolerance) return {m.points, m.multiple, tolerance < kSingleTolerance};
  const Measured& best = kMeasured[std::size(kMeasured) - 1];
  return {best.points, best.multiple, true};
}

}  // namespace octopole::bem
