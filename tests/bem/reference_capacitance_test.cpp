// Capacitances of small surfaces against published values.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/aligned.hpp"
#include "bem/generate_mesh.hpp"
#include "bem/panel_integrals.hpp"
#include "bem/surface.hpp"
#include "linalg/lu.hpp"
#include "octopole/kernels.hpp"

namespace octopole::bem {
namespace {

// ---- reference capacitances: of small surfaces without an FMM, and of two spheres exactly.

struct DenseCapacitance {
  std::vector<double> matrix;   // (conductors, conductors), in 4 pi eps0 times the mesh's unit of length
  std::vector<double> charges;  // (conductors, panels), divided by eps0, for 1 volt on each conductor in turn
};

/// In units of 4 pi eps0 times the unit of length: the charges are q1 = c11 V1 + c12 V2, q2 = c12 V1 + c22
/// V2.
struct TwoSphereCapacitance {
  double c11, c12, c22;
};

/// Computes all entries P_ij in closed form, rows and columns in the order of the surface; column-major,
/// size^2 doubles. Threaded.
AlignedVector<double> dense_matrix(const Surface& surface) {
  const Index n = surface.size();
  AlignedVector<double> corners(static_cast<std::size_t>(9 * n)), centres(static_cast<std::size_t>(3 * n)),
      matrix(static_cast<std::size_t>(n * n));
  for (Index i = 0; i < n; ++i) {
    for (int c = 0; c < 3; ++c) std::copy_n(surface.corner(i, c).data(), 3, corners.data() + 9 * i + 3 * c);
    std::copy_n(panel_centroid(corners.data() + 9 * i).data(), 3, centres.data() + 3 * i);
  }
#pragma omp parallel for schedule(static)
  for (Index j = 0; j < n; ++j) {
    const double* panel = corners.data() + 9 * j;
    const double scale = Laplace::constant / panel_area(panel);
    for (Index i = 0; i < n; ++i)
      matrix[static_cast<std::size_t>(i + j * n)] = scale * triangle_integral(panel, centres.data() + 3 * i);
  }
  return matrix;
}

/// Solves with the dense matrix by LU in O(size^3) operations, on one process.
DenseCapacitance dense_capacitance(const Surface& surface) {
  const std::size_t n = surface.triangles.size(), conductors = surface.conductors.size();
  DenseCapacitance result;
  result.charges.assign(n * conductors, 0);
  for (std::size_t i = 0; i < n; ++i)
    result.charges[static_cast<std::size_t>(surface.conductor[i]) * n + i] = 1;
  const linalg::Lu factors(surface.size(), dense_matrix(surface));
  factors.solve(result.charges.data(), static_cast<Index>(conductors));
  result.matrix.assign(conductors * conductors, 0);
  for (std::size_t k = 0; k < conductors; ++k)
    for (std::size_t i = 0; i < n; ++i)
      result.matrix[static_cast<std::size_t>(surface.conductor[i]) * conductors + k] +=
          result.charges[k * n + i] * Laplace::constant;
  return result;
}

/// Spheres of radii a and b whose centres are `distance` > a + b apart, by the series in bispherical
/// coordinates with cosh u = (distance^2 - a^2 - b^2) / (2 a b):
///   c11 = a b sinh u  sum_{n >= 0} 1 / (a sinh n u + b sinh (n + 1) u)
///   c22 = a b sinh u  sum_{n >= 0} 1 / (b sinh n u + a sinh (n + 1) u)
///   c12 = -(a b / distance) sinh u  sum_{n >= 1} 1 / sinh n u
/// (Maxwell, A Treatise on Electricity and Magnetism, art. 173; in this form Lekner, J. Electrostatics 69
/// (2011) 11). Throws Error where the spheres touch.
TwoSphereCapacitance two_sphere_capacitance(double a, double b, double distance) {
  if (!(a > 0 && b > 0 && distance > a + b)) throw Error("two spheres touch, or have no radius");
  // acosh(1 + x) with x = ((d - a - b)(d + a + b)) / (2 a b), without cancellation.
  const double x = (distance - a - b) * (distance + a + b) / (2 * a * b);
  const double u = std::log1p(x + std::sqrt(x * (x + 2)));
  TwoSphereCapacitance sums{0, 0, 0};
  for (int n = 0; n * u < 40; ++n) {  // e^-40: 4e-18
    const double here = std::sinh(n * u), next = std::sinh((n + 1) * u);
    sums.c11 += 1 / (a * here + b * next);
    sums.c22 += 1 / (b * here + a * next);
    sums.c12 += 1 / next;
  }
  const double scale = a * b * std::sinh(u);
  return {scale * sums.c11, -scale / distance * sums.c12, scale * sums.c22};
}

// ---- tests.

double capacitance(const Surface& surface) {
  return dense_capacitance(surface).matrix[0];
}

/// Limit of values whose errors are proportional to refine^-rate.
double extrapolate(double coarse, double fine, double ratio, double rate) {
  return fine + (fine - coarse) / (std::pow(ratio, rate) - 1);
}

TEST(DenseCapacitance, OfTheSphereConvergesWithTheSquareOfThePanelSize) {
  const double c3 = capacitance(sphere_mesh({.refine = 3})), c6 = capacitance(sphere_mesh({.refine = 6}));
  EXPECT_LT(c6, 1);
  EXPECT_NEAR(std::log2((1 - c3) / (1 - c6)), 2, 0.1);
  EXPECT_NEAR(extrapolate(c3, c6, 2, 2), 1, 3e-4);
  EXPECT_NEAR(capacitance(sphere_mesh({.refine = 3, .radius = 0.01})), 0.01 * c3, 1e-12);
}

/// A cube of side 1: 0.6606782 (Hwang and Mascagni, J. Appl. Phys. 95 (2004) 3798; 0.6606781541: Helsing and
/// Perfekt, Appl. Comput. Harmon. Anal. 34 (2013) 445).
TEST(DenseCapacitance, OfTheCubeGradedTowardsItsEdgesExtrapolatesToThePublishedValue) {
  const double c6 = capacitance(cube_mesh({.refine = 6, .grading = 3})),
               c8 = capacitance(cube_mesh({.refine = 8, .grading = 3}));
  EXPECT_NEAR(c8, 0.6606782, 4e-4);
  EXPECT_NEAR(extrapolate(c6, c8, 8.0 / 6, 3), 0.6606782, 1e-4);
}

TEST(DenseCapacitance, OfTwoSpheresTendsToTheSeries) {
  const TwoSphereCapacitance exact = two_sphere_capacitance(1, 0.5, 1.8);
  const MeshShape shape{.refine = 2, .radius = 1, .radius2 = 0.5, .gap = 0.3};
  MeshShape finer = shape;
  finer.refine = 4;
  const std::vector<double> coarse = dense_capacitance(two_spheres_mesh(shape)).matrix,
                            fine = dense_capacitance(two_spheres_mesh(finer)).matrix;
  const double known[] = {exact.c11, exact.c12, exact.c12, exact.c22};
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(extrapolate(coarse[i], fine[i], 2, 2) / known[i], 1, 0.01);
    EXPECT_LT(std::abs(fine[i] - known[i]), 0.3 * std::abs(coarse[i] - known[i]));
  }
  EXPECT_NEAR(fine[1], fine[2], 1e-5);
}

TEST(TwoSpheres, SeriesHasItsLimits) {
  // Far apart: c11 = a + a^2 b / d^2, c12 = -a b / d to the next order in 1 / d.
  const TwoSphereCapacitance far = two_sphere_capacitance(1, 2, 1e4);
  EXPECT_NEAR(far.c11, 1 + 2e-8, 1e-14);
  EXPECT_NEAR(far.c22, 2 + 4e-8, 1e-14);
  EXPECT_NEAR(far.c12, -2e-4, 1e-11);
  // In contact, equal spheres at the same potential have the total capacitance 2 a ln 2.
  const TwoSphereCapacitance close = two_sphere_capacitance(1, 1, 2 + 1e-6);
  EXPECT_NEAR(close.c11 + close.c12, std::log(2), 1e-5);
  EXPECT_EQ(close.c11, close.c22);
  EXPECT_THROW(two_sphere_capacitance(1, 1, 2), Error);
}

/// A square sheet of side 1: 0.3667874 (Read, J. Comput. Phys. 133 (1997) 1).
TEST(DenseCapacitance, OfTheSquarePlateIsThePublishedOne) {
  const auto plate = [](int refine) {
    Surface surface = plates_mesh({.refine = refine, .gap = 1, .grading = 3});
    const std::size_t half = surface.triangles.size() / 2;
    surface.triangles.resize(half);
    surface.conductor.resize(half);
    surface.conductors = {"plate"};
    return capacitance(surface);
  };
  EXPECT_NEAR(extrapolate(plate(8), plate(16), 2, 3), 0.3667874, 1e-4);
}

/// Between square sheets of side L at distance d: C / (eps0 L^2 / d) = 1 + 2.343 (d / L)^0.891 (Nishiyama and
/// Nakamura, IEEE Trans. Comp., Packag., Manufact. Technol. A 17 (1994) 411, a fit to boundary elements).
TEST(DenseCapacitance, OfParallelSquarePlatesIsThePublishedOne) {
  const std::vector<double> c = dense_capacitance(plates_mesh({.refine = 12, .gap = 1, .grading = 3})).matrix;
  const double normalised = 4 * std::numbers::pi * (c[0] - c[1]) / 2;  // +1/2 V and -1/2 V
  EXPECT_NEAR(normalised / (1 + 2.343), 1, 4e-3);
  EXPECT_NEAR(c[1], c[2], 1e-10);
}

TEST(DenseCapacitance, OfTheBusIsSymmetricWithTheRightSigns) {
  const std::vector<double> c = dense_capacitance(bus_mesh({.refine = 1, .gap = 1})).matrix;
  for (std::size_t i = 0; i < 4; ++i) {
    double row = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      row += c[4 * i + j];
      EXPECT_NEAR(c[4 * i + j], c[4 * j + i], 0.005 * c[0]);
      EXPECT_EQ(c[4 * i + j] > 0, i == j);
    }
    EXPECT_GT(row, 0);  // Maxwell's matrix: diagonally dominant
  }
}

}  // namespace

}  // namespace octopole::bem
