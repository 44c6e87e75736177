// Stokes flow: the velocity inside a sphere that a uniform traction moves through a fluid, and the drag 6 pi mu a U
// that belongs to it. 20,000 points of the surface in all. Error: the difference of the velocity from U, relative
// to U, below 1e-3, which the program prints; ends with 1 otherwise.
#include <mpi.h>
#include <octopole/fmm.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

int main(int argc, char** argv) {
  int provided, rank, ranks;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  double error = 0;
  {
    constexpr double pi = std::numbers::pi, mu = 1e-3, a = 0.5, speed = 2;  // viscosity, radius, velocity U along z
    constexpr int n = 20000;
    octopole::Options options;
    options.digits = 6;
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Stokes{mu}, options);

    std::vector<double> surface, forces, inside;
    for (int i = rank; i < n; i += ranks) {  // a lattice of equal areas (Fibonacci)
      const double z = 1 - (2.0 * i + 1) / n, angle = pi * (3 - std::sqrt(5.0)) * i, s = std::sqrt(1 - z * z);
      surface.insert(surface.end(), {a * s * std::cos(angle), a * s * std::sin(angle), a * z});
      forces.insert(forces.end(), {0, 0, 6 * pi * mu * a * speed / n});  // three components per point
    }
    if (rank == 0) inside = {0, 0, 0, 0.2, 0.1, -0.1};
    fmm.set_points(surface, inside);
    const octopole::Field field = fmm.evaluate(forces);  // the velocity: three components per target
    if (rank == 0) {
      error = std::hypot(field.potential[3], field.potential[4], field.potential[5] - speed) / speed;
      std::printf("velocity inside %.6f, drag %.6f, error %.1e\n", field.potential[5], 6 * pi * mu * a * speed, error);
    }
    MPI_Bcast(&error, 1, MPI_DOUBLE, 0, MPI_COMM_WORLD);
  }
  MPI_Finalize();
  return error < 1e-3 ? 0 : 1;
}
