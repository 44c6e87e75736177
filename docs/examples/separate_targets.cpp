// Targets that are not the sources: 10,000 unit charges on a sphere, 500 targets on a line, all on rank 0.
// Answer: 10000 / (4 pi) = 795.774715 at the centre. The relative L2 error of the potential against the
// direct sum is below 1e-9; ends with 1 otherwise.
#include <mpi.h>
#include <octopole/fmm.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

/// The values of all ranks, in the order of the ranks; every rank may have another number.
std::vector<double> gather(const std::vector<double>& mine, int ranks) {
  const int n = static_cast<int>(mine.size());
  std::vector<int> counts(ranks), first(ranks + 1);
  MPI_Allgather(&n, 1, MPI_INT, counts.data(), 1, MPI_INT, MPI_COMM_WORLD);
  for (int r = 0; r < ranks; ++r) first[r + 1] = first[r] + counts[r];
  std::vector<double> all(first[ranks]);
  MPI_Allgatherv(mine.data(), n, MPI_DOUBLE, all.data(), counts.data(), first.data(), MPI_DOUBLE,
                 MPI_COMM_WORLD);
  return all;
}

int main(int argc, char** argv) {
  int provided, rank, ranks;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  double sums[2] = {};  // squares of the errors of this rank's potentials, and of the potentials
  {
    octopole::Options options;
    options.digits = 9;
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{}, options);
    std::vector<double> sources, targets;
    for (int i = rank; i < 10000; i += ranks) {  // a spiral from pole to pole
      const double z = (i + 0.5) / 5000 - 1, rho = std::sqrt(1 - z * z);
      sources.insert(sources.end(), {rho * std::cos(2.4 * i), rho * std::sin(2.4 * i), z});
    }
    for (int i = 0; rank == 0 && i < 500; ++i) targets.insert(targets.end(), {0.01 * i - 2.5, 0.0, 0.0});
    fmm.set_points(sources, targets);
    const std::vector<double> charges(sources.size() / 3, 1.0);  // one for each source of this rank
    const octopole::Field field = fmm.evaluate(charges);         // one value for each target of this rank
    if (rank == 0) std::printf("potential at the centre: %.6f (exact: 795.774715)\n", field.potential[250]);

    const std::vector<double> x = gather(sources, ranks), q = gather(charges, ranks);
    for (std::size_t i = 0; i < field.potential.size(); ++i) {
      double u = 0;
      for (std::size_t j = 0; j < q.size(); ++j) {
        double r2 = 0;
        for (std::size_t d = 0; d < 3; ++d) r2 += std::pow(targets[3 * i + d] - x[3 * j + d], 2);
        u += q[j] / (4 * std::numbers::pi * std::sqrt(r2));
      }
      sums[0] += std::pow(field.potential[i] - u, 2), sums[1] += u * u;
    }
    MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  }
  MPI_Finalize();
  const double error = std::sqrt(sums[0] / sums[1]);
  if (rank == 0) std::printf("relative L2 error of the potential: %.1e\n", error);
  return error < 1e-9 ? 0 : 1;
}
