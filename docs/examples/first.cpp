// Potential and gradient of 4,000 charges per rank, compared with the direct sum.
// Answer: on 1 rank the potential of the first point is -6.122435. Both relative L2 errors are below 1e-6;
// ends with 1 otherwise.
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
  double sums[4] = {};  // squares: errors and sum |q|/r, errors and sum |q|/r^2
  {
    octopole::Options options;
    options.digits = 6;
    options.output = octopole::Output::potential_and_gradient;        // 6 digits of both
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{}, options);  // collective, like all calls below

    std::vector<double> points, charges;  // of this rank, x y z interleaved; a rank may have none
    for (int i = 0; i < 4000; ++i) {
      points.insert(points.end(), {0.1 * (i % 20), 0.1 * (i / 20 % 20), 0.1 * (i / 400) + rank});
      charges.push_back(i % 2 ? 1.0 : -1.0);
    }
    fmm.set_points(points);  // or set_points(sources, targets)
    octopole::Field field = fmm.evaluate(charges, octopole::Output::potential_and_gradient);
    charges[0] = 5.0;  // new charges reuse the tree, the lists and the exchange plans
    fmm.evaluate(charges, field, octopole::Output::potential_and_gradient);

    const int n = static_cast<int>(charges.size());
    std::vector<double> x(points.size() * ranks), q(charges.size() * ranks);  // of all ranks
    MPI_Allgather(points.data(), 3 * n, MPI_DOUBLE, x.data(), 3 * n, MPI_DOUBLE, MPI_COMM_WORLD);
    MPI_Allgather(charges.data(), n, MPI_DOUBLE, q.data(), n, MPI_DOUBLE, MPI_COMM_WORLD);
    for (int i = 0; i < n; ++i) {
      double u = -field.potential[i], g[3], scale = 0, gradient_scale = 0;
      for (int d = 0; d < 3; ++d) g[d] = -field.gradient[3 * i + d];
      for (int j = 0; j < n * ranks; ++j) {
        double r2 = 0, difference[3];
        for (int d = 0; d < 3; ++d) difference[d] = points[3 * i + d] - x[3 * j + d];
        for (int d = 0; d < 3; ++d) r2 += difference[d] * difference[d];
        if (r2 == 0) continue;  // coincident points contribute nothing
        const double value = q[j] / (4 * std::numbers::pi * std::sqrt(r2));
        u += value, scale += std::abs(value), gradient_scale += std::abs(value) / std::sqrt(r2);
        for (int d = 0; d < 3; ++d) g[d] -= value * difference[d] / r2;
      }
      if (rank == 0 && i == 0)  // on 1 rank: -6.122435
        std::printf("first point: %.6f, direct sum: %.6f\n", field.potential[0], field.potential[0] + u);
      sums[0] += u * u, sums[1] += scale * scale;
      sums[2] += g[0] * g[0] + g[1] * g[1] + g[2] * g[2], sums[3] += gradient_scale * gradient_scale;
    }
    MPI_Allreduce(MPI_IN_PLACE, sums, 4, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  }
  MPI_Finalize();
  const double error = std::sqrt(sums[0] / sums[1]), of_gradient = std::sqrt(sums[2] / sums[3]);
  if (rank == 0) std::printf("relative L2 errors: potential %.1e, gradient %.1e\n", error, of_gradient);
  return error < 1e-6 && of_gradient < 1e-6 ? 0 : 1;
}
