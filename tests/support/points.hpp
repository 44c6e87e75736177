// Point sets for tests: seeded, small, and difficult where that matters.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <random>
#include <string>
#include <vector>

namespace octopole::test {

/// Shapes of test clouds: names that make_points accepts.
inline const std::vector<std::string> kDistributions = {"cube", "sphere", "ellipsoid", "plummer", "line"};

/// n points, (n, 3) interleaved.
inline std::vector<double> make_points(const std::string& shape, std::size_t n, unsigned seed = 1) {
  std::mt19937_64 random(seed);
  const auto uniform = [&random] { return static_cast<double>(random() >> 11) * 0x1p-53; };
  std::vector<double> points;
  for (std::size_t i = 0; i < n; ++i) {
    double x = uniform(), y = uniform(), z = uniform();
    if (shape == "sphere" || shape == "ellipsoid") {
      const double polar = shape == "sphere" ? std::acos(1 - 2 * x) : std::numbers::pi * x;
      const double azimuth = 2 * std::numbers::pi * y;
      x = std::sin(polar) * std::cos(azimuth);
      y = std::sin(polar) * std::sin(azimuth);
      z = std::cos(polar) * (shape == "sphere" ? 1 : 4);
    } else if (shape == "plummer") {
      const double r = 1 / std::sqrt(std::pow(0.999 * x + 1e-9, -2.0 / 3) - 1);
      const double c = 1 - 2 * y, s = std::sqrt(1 - c * c);
      const double azimuth = 2 * std::numbers::pi * z;
      x = r * s * std::cos(azimuth);
      y = r * s * std::sin(azimuth);
      z = r * c;
    } else if (shape == "line") {
      y = 0.3 * x + 0.1;
      z = -0.7 * x;
    } else if (shape == "plane") {
      z = 0.25;
    } else if (shape == "same") {
      x = y = z = 0.375;
    } else if (shape == "faces") {  // on cell faces of every level, and on the far corner
      x = std::floor(x * 9) / 8;
      y = std::floor(y * 9) / 8;
      z = std::floor(z * 9) / 8;
    }
    points.insert(points.end(), {x, y, z});
  }
  return points;
}

inline std::vector<double> make_charges(std::size_t n, unsigned seed = 2) {
  std::mt19937_64 random(seed);
  std::vector<double> charges;
  for (std::size_t i = 0; i < n; ++i) charges.push_back(static_cast<double>(random() >> 11) * 0x1p-52 - 1);
  return charges;
}

/// The block of `values` (`width` per point) that rank `rank` of `ranks` holds when points are distributed in
/// equal blocks.
inline std::vector<double> block_of(const std::vector<double>& values, std::size_t width, int rank,
                                    int ranks) {
  const std::size_t n = values.size() / width, r = static_cast<std::size_t>(rank),
                    p = static_cast<std::size_t>(ranks);
  const auto begin = values.begin() + static_cast<std::ptrdiff_t>(width * (n * r / p));
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(width * (n * (r + 1) / p));
  return {begin, end};
}

/// ||a - b|| / ||b||.
inline double relative_l2(const std::vector<double>& a, const std::vector<double>& b) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < b.size(); ++i) {
    difference += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

}  // namespace octopole::test
