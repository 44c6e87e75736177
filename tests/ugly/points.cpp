#include "tests/ugly/points.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

namespace octopole::ugly {
namespace {

using Point = std::array<double, 3>;

Point in_cube(Random& random) {
  const double x = random.uniform(), y = random.uniform(), z = random.uniform();
  return {x, y, z};
}

Point direction(Random& random) {
  for (;;) {
    const Point p{random.normal(), random.normal(), random.normal()};
    const double length = std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
    if (length > 1e-3) return {p[0] / length, p[1] / length, p[2] / length};
  }
}

/// A random cloud: parameters are drawn once, points one after another.
class Cloud {
 public:
  explicit Cloud(Random& random)
      : kind_(static_cast<Kind>(random.below(static_cast<std::size_t>(Kind::count)))),
        origin_(in_cube(random)),
        axis_(direction(random)),
        places_(1 + random.below(12)) {
    level_ = random.integer(0, 7);
    width_ = random.decades(-18, -1);
    tail_ = random.uniform(0.2, 1.5);
    for (std::size_t p = 0; p < places_; ++p) centres_.push_back(in_cube(random));
    if (random.chance(0.3))
      for (Point& centre : centres_)  // on cell corners
        for (double& x : centre) x = std::round(8 * x) / 8;
    if (random.chance(0.2)) centres_[0] = {0, 0, 0};
  }

  const char* name() const {
    static constexpr const char* kNames[] = {"cube",    "sphere",  "plummer",    "line",       "axis",
                                             "plane",   "lattice", "clusters",   "duplicates", "tail",
                                             "outlier", "corner",  "neighbours", "faces",      "helix"};
    return kNames[static_cast<std::size_t>(kind_)];
  }

  Point draw(Random& random) {
    const std::size_t number = drawn_++;
    switch (kind_) {
      case Kind::sphere:
        return along(origin_, direction(random), 0.5);
      case Kind::plummer: {
        const double mass = random.uniform(1e-6, 0.999);
        return along(origin_, direction(random), 1 / std::sqrt(std::pow(mass, -2.0 / 3) - 1));
      }
      case Kind::line:
        return along(origin_, axis_, random.uniform());
      case Kind::axis: {
        Point p = origin_;
        p[places_ % 3] = random.uniform();
        return p;
      }
      case Kind::plane: {
        Point p = in_cube(random);
        p[places_ % 3] = std::round(8 * origin_[0]) / 8;
        return p;
      }
      case Kind::lattice: {  // corners, edges and faces of cells of one level
        Point p = in_cube(random);
        for (double& x : p) x = std::round(std::ldexp(x, level_)) * std::ldexp(1.0, -level_);
        return p;
      }
      case Kind::clusters:
        return along(centres_[number % places_], direction(random), width_ * random.uniform());
      case Kind::duplicates:
        return centres_[random.below(places_)];
      case Kind::tail:
        return along(origin_, direction(random), std::pow(1 - random.uniform(), -1 / tail_) - 1);
      case Kind::outlier:  // the first few are far away
        if (number < places_ % 3 + 1) return along(origin_, direction(random), 0.1 / width_);
        return in_cube(random);
      case Kind::corner:  // increasingly dense towards one point
        return along(centres_[0], direction(random), std::ldexp(1.0, -static_cast<int>(number % 60)));
      case Kind::neighbours: {  // one or two units in the last place apart, for numbers below 1
        Point p = centres_[random.below(places_)];
        for (double& x : p) x += 0x1p-53 * random.integer(0, 2);
        return p;
      }
      case Kind::faces: {  // on faces of cells, just below, or just above
        Point p = in_cube(random);
        double& x = p[random.below(3)];
        x = std::round(std::ldexp(x, level_)) * std::ldexp(1.0, -level_);
        x = std::nextafter(x, random.one_of({-1.0, x, 2.0}));
        return p;
      }
      case Kind::helix: {
        const double turn = 0.01 * static_cast<double>(number);
        return {std::cos(turn), std::sin(turn), width_ * turn};
      }
      default:
        return in_cube(random);
    }
  }

 private:
  enum class Kind {
    cube,
    sphere,
    plummer,
    line,
    axis,
    plane,
    lattice,
    clusters,
    duplicates,
    tail,
    outlier,
    corner,
    neighbours,
    faces,
    helix,
    count
  };

  static Point along(const Point& from, const Point& way, double distance) {
    return {from[0] + distance * way[0], from[1] + distance * way[1], from[2] + distance * way[2]};
  }

  Kind kind_;
  Point origin_, axis_;
  std::size_t places_, drawn_ = 0;
  int level_ = 0;
  double width_ = 0, tail_ = 1;
  std::vector<Point> centres_;
};

std::size_t draw_count(Random& random) {
  if (random.chance(0.05)) return static_cast<std::size_t>(random.integer(1, 3));
  return static_cast<std::size_t>(random.decades(0, 3.48));
}

/// A mixture of one to three clouds, each possibly shrunk and moved.
std::vector<double> draw_points(Random& random, std::size_t n, std::string& description) {
  const int parts = random.chance(0.6) ? 1 : random.integer(2, 3);
  std::vector<double> points;
  for (int part = 0; part < parts; ++part) {
    Cloud cloud(random);
    description += fmt::format("{}{}", part ? "+" : "", cloud.name());
    const bool shrunk = parts > 1 && random.chance(0.5);
    const double size = shrunk ? random.decades(-9, 3) : 1;
    const Point place = shrunk ? in_cube(random) : Point{};
    const std::size_t end = part + 1 == parts ? n : points.size() / 3 + (n - points.size() / 3) / 2;
    while (points.size() / 3 < end) {
      const Point p = cloud.draw(random);
      for (std::size_t c = 0; c < 3; ++c) points.push_back(place[c] + size * p[c]);
    }
  }
  description += fmt::format(" {}", n);
  return points;
}

/// Targets near sources, some so close that doubles hardly distinguish them.
std::vector<double> beside(Random& random, const std::vector<double>& sources, std::size_t n,
                           std::string& description) {
  const double distance = random.decades(-17, -1);
  description += fmt::format("{} targets {:.0e} beside sources", n, distance);
  std::vector<double> targets;
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t j = random.below(sources.size() / 3);
    const Point way = direction(random);
    for (std::size_t c = 0; c < 3; ++c) targets.push_back(sources[3 * j + c] + distance * way[c]);
  }
  return targets;
}

std::vector<double> draw_targets(Random& random, const std::vector<double>& sources,
                                 std::string& description) {
  const std::size_t n = draw_count(random);
  if (random.chance(0.3)) return beside(random, sources, n, description);
  std::string kind;
  std::vector<double> targets = draw_points(random, n, kind);
  if (random.chance(0.25)) {  // elsewhere: M2P, P2L and lists without near fields
    const double distance = random.decades(-1, 4);
    for (double& x : targets) x += distance;
    kind += fmt::format(" moved by {:.1e}", distance);
  }
  if (random.chance(0.25)) {  // some are also sources
    for (std::size_t i = 0; i < n; i += 3) {
      const std::size_t j = random.below(sources.size() / 3);
      std::copy_n(sources.begin() + static_cast<std::ptrdiff_t>(3 * j), 3,
                  targets.begin() + static_cast<std::ptrdiff_t>(3 * i));
    }
    kind += ", a third sources";
  }
  description += kind;
  return targets;
}

std::vector<double> draw_charges(Random& random, std::size_t n, double scale, std::string& description) {
  enum { uniform, ones, decades, sparse, zeros, alternating, one_large, count };
  const std::size_t kind = random.below(count + 3);  // uniform charges more often
  static constexpr const char* kNames[] = {"uniform", "ones",        "12 decades", "sparse",
                                           "zeros",   "alternating", "one large"};
  description += kind < count ? kNames[kind] : kNames[uniform];
  std::vector<double> charges(n);
  for (std::size_t i = 0; i < n; ++i) {
    double& q = charges[i];
    switch (kind) {
      case ones:
        q = 1;
        break;
      case decades:
        q = random.sign() * random.decades(-6, 6);
        break;
      case sparse:
        q = random.chance(0.1) ? random.sign() : 0;
        break;
      case zeros:
        break;
      case alternating:
        q = i % 2 ? 1 : -1;
        break;
      case one_large:
        q = i == n / 2 ? 1e9 : random.uniform(-1, 1);
        break;
      default:
        q = random.uniform(-1, 1);
    }
    q *= scale;
  }
  return charges;
}

}  // namespace

Problem draw_problem(Random& random) {
  Problem problem;
  const std::size_t n = draw_count(random);
  std::string& text = problem.description;
  problem.sources = draw_points(random, n, text);
  problem.targets_are_sources = random.chance(0.5);
  text += problem.targets_are_sources ? ", the targets" : ", targets ";
  if (!problem.targets_are_sources) problem.targets = draw_targets(random, problem.sources, text);

  double scale = 1, offset = 0;
  if (random.chance(0.3))
    scale = random.decades(-12, 12);
  else if (random.chance(0.1))
    scale = random.decades(-135, 135);
  if (random.chance(0.25)) offset = random.sign() * scale * random.decades(-2, 9);
  if (scale != 1) text += fmt::format(", times {:.0e}", scale);
  if (offset != 0) text += fmt::format(", moved by {:.0e}", offset);
  for (std::vector<double>* points : {&problem.sources, &problem.targets})
    for (std::size_t i = 0; i < points->size(); ++i)
      (*points)[i] = scale * (*points)[i] + (i % 3 == 1 ? 0.5 : 1) * offset;

  text += ", charges ";
  const double charge_scale = random.chance(0.15) ? random.decades(-30, 30) : 1;
  problem.charges = draw_charges(random, n, charge_scale, text);
  if (charge_scale != 1) text += fmt::format(" times {:.0e}", charge_scale);
  return problem;
}

}  // namespace octopole::ugly
