// The electric field of polar molecules: charges and dipoles on the same points, with gradient and Hessian.
// 2,000 random points per rank. Error: the trace of the Hessian, which is 0, relative to its entries, below 1e-6,
// which the program prints; ends with 1 otherwise.
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
  double error = 0;
  {
    constexpr int n = 2000;
    octopole::Options options;
    options.digits = 7;
    options.source_kind = octopole::SourceKind::charges_and_dipoles;  // the tree is chosen for both,
    options.output = octopole::Output::potential_gradient_and_hessian;  // and the digits hold for all three
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{}, options);

    std::mt19937_64 random(rank);
    std::uniform_real_distribution<double> uniform(-0.5, 0.5);
    std::vector<double> points(3 * n), charges(n), dipoles(3 * n);
    for (double& x : points) x = uniform(random);
    for (double& q : charges) q = uniform(random);
    for (double& d : dipoles) d = 0.01 * uniform(random);  // charge times length; three components per point
    fmm.set_points(points);
    const octopole::Field field = fmm.evaluate(octopole::Strengths{charges, dipoles}, options.output);

    double sums[2] = {};
    for (int i = 0; i < n; ++i) {
      const double* h = &field.hessian[6 * i];  // xx xy xz yy yz zz
      sums[0] += std::pow(h[0] + h[3] + h[5], 2);
      sums[1] += h[0] * h[0] + h[3] * h[3] + h[5] * h[5];
    }
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
    error = std::sqrt(sums[0] / sums[1]);
    if (rank == 0)
      std::printf("potential %.6f, trace of the Hessian %.1e of its entries\n", field.potential[0], error);
  }
  MPI_Finalize();
  return error < 1e-6 ? 0 : 1;
}
