#include "bem/triangle_rule.hpp"

#include <algorithm>
#include <cmath>
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

}  // namespace octopole::bem
