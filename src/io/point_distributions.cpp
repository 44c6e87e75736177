#include "io/point_distributions.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "base/aligned.hpp"

namespace octopole {
namespace {

constexpr std::array<std::string_view, kShapes.size()> kShapeNames = {"cube",    "sphere", "ellipsoid",
                                                                      "plummer", "line",   "clusters"};
constexpr std::array<std::string_view, 2> kChargesNames = {"uniform", "unit"};

template <std::size_t n>
std::size_t position(const std::array<std::string_view, n>& names, std::string_view name, const char* what) {
  std::string known;
  for (std::size_t i = 0; i < n; ++i) {
    if (names[i] == name) return i;
    known += (i ? ", " : "") + std::string(names[i]);
  }
  throw Error("unknown " + std::string(what) + " '" + std::string(name) + "'", "known are " + known);
}

/// Counter-based random numbers: the output function of SplitMix64 (Steele, Lea, Flood 2014) applied to a
/// counter that starts at a hash of seed and stream.
class Random {
 public:
  Random(std::uint64_t seed, RngStream stream)
      : start_(mix(seed + kStep) ^ mix((static_cast<std::uint64_t>(stream) + 1) * kStep)) {}

  /// Number k (0 .. 3) of item i, uniform in [0, 1).
  double operator()(Index i, int k) const {
    const std::uint64_t counter = 4 * static_cast<std::uint64_t>(i) + static_cast<std::uint64_t>(k);
    return static_cast<double>(mix(start_ + (counter + 1) * kStep) >> 11) * 0x1p-53;
  }

 private:
  static constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;
  static std::uint64_t mix(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t start_;
};

/// Point on the unit sphere with height z and azimuth 2 pi v.
std::array<double, 3> on_sphere(double z, double v) {
  const double rho = std::sqrt(std::max(0.0, 1 - z * z)), phi = 2 * std::numbers::pi * v;
  return {rho * std::cos(phi), rho * std::sin(phi), z};
}

constexpr double kEllipsoidAxis = 4;
constexpr double kPlummerCutoff = 100;

/// Centre of ball k of `clusters` in [0.1, 0.9]^3: the sequence of Roberts (2018), whose steps are powers of
/// the inverse root of x^4 = x + 1.
std::array<double, 3> cluster_centre(int k) {
  constexpr double inverse_root = 0.8191725133961645;
  std::array<double, 3> centre;
  double step = 1;
  for (double& x : centre) {
    step *= inverse_root;
    const double place = 0.5 + (k + 1) * step;
    x = 0.1 + 0.8 * (place - std::floor(place));
  }
  return centre;
}

constexpr int kClusters = 64, kClusterSizes = 8;
constexpr double kLargestCluster = 0.1, kSmallestCluster = 1e-4;

/// Radius that encloses the fraction m of the mass of Plummer's model with scale length 1:
/// m = r^3 (1 + r^2)^(-3/2) (Aarseth, Henon, Wielen 1974).
double plummer_radius(double m) {
  return m > 0 ? 1 / std::sqrt(std::pow(m, -2.0 / 3) - 1) : 0;
}
double plummer_mass(double r) {
  return std::pow(1 + 1 / (r * r), -1.5);
}

}  // namespace

std::array<double, 3> shape_point(Shape shape, double u, double v, double w) {
  switch (shape) {
    case Shape::cube:
      return {u, v, w};
    case Shape::sphere:
      return on_sphere(2 * u - 1, v);
    case Shape::ellipsoid: {
      const auto [x, y, z] = on_sphere(std::cos(std::numbers::pi * u), v);
      return {x, y, kEllipsoidAxis * z};
    }
    case Shape::plummer: {
      const double r = plummer_radius(w * plummer_mass(kPlummerCutoff));
      const auto [x, y, z] = on_sphere(2 * u - 1, v);
      return {r * x, r * y, r * z};
    }
    case Shape::line:
      return {0.1 + 0.8 * u, 0.7 - 0.5 * u, 0.2 + 0.3 * u};
    case Shape::clusters: {
      const int k = std::min(kClusters - 1, static_cast<int>(kClusters * u));
      const double size = static_cast<double>(k % kClusterSizes) / (kClusterSizes - 1);
      const double radius =
          kLargestCluster * std::pow(kSmallestCluster / kLargestCluster, size) * std::cbrt(w);
      const std::array<double, 3> centre = cluster_centre(k);
      const auto [x, y, z] = on_sphere(2 * (kClusters * u - k) - 1, v);
      return {centre[0] + radius * x, centre[1] + radius * y, centre[2] + radius * z};
    }
  }
  throw Error("unknown shape");
}

std::string_view shape_name(Shape shape) {
  return kShapeNames[static_cast<std::size_t>(shape)];
}
std::vector<std::string> shape_names() {
  return {kShapeNames.begin(), kShapeNames.end()};
}
Shape parse_shape(std::string_view name) {
  return static_cast<Shape>(position(kShapeNames, name, "shape"));
}
std::string_view charges_name(Charges charges) {
  return kChargesNames[static_cast<std::size_t>(charges)];
}
Charges parse_charges(std::string_view name) {
  return static_cast<Charges>(position(kChargesNames, name, "kind of charges"));
}

void fill_positions(Shape shape, Index first, std::span<double> points, std::uint64_t seed,
                    RngStream stream) {
  const Random random(seed, stream);
  const Index count = static_cast<Index>(points.size() / 3);
#pragma omp parallel for schedule(static)
  for (Index n = 0; n < count; ++n) {
    const Index i = first + n;
    const std::array<double, 3> point = shape_point(shape, random(i, 0), random(i, 1), random(i, 2));
    for (std::size_t c = 0; c < 3; ++c) points[static_cast<std::size_t>(3 * n) + c] = point[c];
  }
}

namespace {

/// Strengths (count, components, vectors), from the random numbers `number` to number + components - 1 of
/// each point in a sequence.
void fill_strengths(Charges charges, Index first, std::span<double> values, std::uint64_t seed, int vectors,
                    std::size_t components, RngStream stream, int number) {
  const auto width = static_cast<std::size_t>(vectors);
  for (std::size_t v = 0; v < width; ++v) {
    constexpr std::uint64_t kSeedStep = 0xd1342543de82ef95;
    const Random random(seed + v * kSeedStep, stream);
    for (std::size_t n = 0; n < values.size() / width / components; ++n)
      for (std::size_t c = 0; c < components; ++c)
        values[(n * components + c) * width + v] =
            charges == Charges::unit
                ? 1
                : 2 * random(first + static_cast<Index>(n), number + static_cast<int>(c)) - 1;
  }
}

}  // namespace

void fill_charges(Charges charges, Index first, std::span<double> values, std::uint64_t seed, int vectors) {
  fill_strengths(charges, first, values, seed, vectors, 1, RngStream::sources, 3);
}

void fill_dipoles(Charges charges, Index first, std::span<double> values, std::uint64_t seed, int vectors) {
  fill_strengths(charges, first, values, seed, vectors, 3, RngStream::dipoles, 0);
}

std::vector<double> make_dipoles(Charges charges, Index first, Index count, std::uint64_t seed, int vectors) {
  std::vector<double> values = zeros_in_large_pages(static_cast<std::size_t>(3 * count * vectors));
  fill_dipoles(charges, first, values, seed, vectors);
  return values;
}

std::vector<double> make_positions(Shape shape, Index first, Index count, std::uint64_t seed,
                                   RngStream stream) {
  std::vector<double> points = zeros_in_large_pages(static_cast<std::size_t>(3 * count));
  fill_positions(shape, first, points, seed, stream);
  return points;
}

std::vector<double> make_charges(Charges charges, Index first, Index count, std::uint64_t seed, int vectors) {
  std::vector<double> values = zeros_in_large_pages(static_cast<std::size_t>(count * vectors));
  fill_charges(charges, first, values, seed, vectors);
  return values;
}

}  // namespace octopole
