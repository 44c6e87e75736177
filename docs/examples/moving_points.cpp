// Points that move: set_points in every time step. 2,000 equal charges per rank repel one another.
// Error: in each of 5 steps the relative L2 error of the potential against the direct sum, which the program
// prints, is below 1e-5; ends with 1 otherwise.
#include <mpi.h>
#include <octopole/fmm.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <random>
#include <vector>

/// Squares of the errors of this rank's potentials, and of the potentials, by the direct sum.
void add_errors(const std::vector<double>& points, const octopole::Field& field, int ranks, double sums[2]) {
  const int n = static_cast<int>(field.potential.size());
  std::vector<double> x(points.size() * ranks);  // the points of all ranks
  MPI_Allgather(points.data(), 3 * n, MPI_DOUBLE, x.data(), 3 * n, MPI_DOUBLE, MPI_COMM_WORLD);
  for (int i = 0; i < n; ++i) {
    double u = 0;
    for (int j = 0; j < n * ranks; ++j) {
      double r2 = 0;
      for (int d = 0; d < 3; ++d) r2 += std::pow(points[3 * i + d] - x[3 * j + d], 2);
      if (r2 > 0) u += 1 / (4 * std::numbers::pi * std::sqrt(r2));
    }
    sums[0] += std::pow(field.potential[i] - u, 2), sums[1] += u * u;
  }
}

int main(int argc, char** argv) {
  int provided, rank, ranks;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  constexpr auto both = octopole::Output::potential_and_gradient;
  bool reached = true;
  {
    octopole::Options options;
    options.digits = 5;
    options.output = both;
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{}, options);  // operators: once, for all steps

    std::mt19937_64 random(rank);
    std::vector<double> points(6000), velocities(6000), charges(2000, 1.0);
    for (double& x : points) x = std::uniform_real_distribution(0.0, 1.0)(random);
    octopole::Field field;  // every step reuses its memory
    for (int step = 0; step < 5; ++step) {
      fmm.set_points(points);  // builds a new tree; a rank may hold any points
      fmm.evaluate(charges, field, both);
      double sums[2] = {};
      add_errors(points, field, ranks, sums);
      MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
      const double error = std::sqrt(sums[0] / sums[1]);
      if (rank == 0) std::printf("step %d: relative L2 error of the potential %.1e\n", step, error);
      reached = reached && error < 1e-5;
      for (std::size_t k = 0; k < points.size(); ++k)
        points[k] += 1e-3 * (velocities[k] -= 1e-3 * field.gradient[k]);
    }
  }
  MPI_Finalize();
  return reached ? 0 : 1;
}
