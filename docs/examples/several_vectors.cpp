// Several vectors of charges on the same points, evaluated at once. 3,000 random points per rank, 8 vectors.
// Error: relative to the field of each vector alone, below 1e-9, which the program prints; ends with 1 otherwise.
#include <mpi.h>
#include <octopole/fmm.hpp>

#include <cmath>
#include <cstdio>
#include <random>
#include <vector>

int main(int argc, char** argv) {
  int provided, rank;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  double largest = 0;
  {
    constexpr int vectors = 8, n = 3000;
    octopole::Options options;
    options.digits = 9;
    options.vectors = vectors;  // the tree is chosen for so many
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{}, options);

    std::mt19937_64 random(rank);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<double> points(3 * n), charges(n * vectors), one(n);
    for (double& x : points) x = uniform(random);
    for (double& q : charges) q = uniform(random) - 0.5;  // that of point i in vector v at i * vectors + v
    fmm.set_points(points);
    const octopole::Field field = fmm.evaluate(charges, octopole::Output::potential, vectors);

    for (int v = 0; v < vectors; ++v) {
      for (int i = 0; i < n; ++i) one[i] = charges[i * vectors + v];
      const octopole::Field alone = fmm.evaluate(one);
      double sums[2] = {};
      for (int i = 0; i < n; ++i) {
        sums[0] += std::pow(field.potential[i * vectors + v] - alone.potential[i], 2);
        sums[1] += std::pow(alone.potential[i], 2);
      }
      MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
      const double difference = std::sqrt(sums[0] / sums[1]);
      if (!(difference <= largest)) largest = difference;
    }
    if (rank == 0) std::printf("largest relative L2 difference of %d vectors: %.1e\n", vectors, largest);
  }
  MPI_Finalize();
  return largest < 1e-9 ? 0 : 1;
}
