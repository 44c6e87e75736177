// Evaluates, and catches errors of the library.
#include <mpi.h>
#include <octopole/error.hpp>
#include <octopole/fmm.hpp>
#include <octopole/version.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

namespace {

/// Relative error of the potential at points that all ranks know; each rank passes its share of them.
double error_of(octopole::Fmm& fmm, int rank, int ranks) {
  std::vector<double> all, points, charges;
  const int n = 900;
  for (int i = 0; i < n; ++i)
    all.insert(all.end(), {std::cos(0.7 * i), std::sin(0.37 * i), std::fmod(0.618 * i, 1.0)});
  const auto charge = [](int i) { return 1.0 + i % 3; };
  for (int i = rank; i < n; i += ranks) {
    points.insert(points.end(), all.begin() + 3 * i, all.begin() + 3 * i + 3);
    charges.push_back(charge(i));
  }
  fmm.set_points(points);
  const octopole::Field field = fmm.evaluate(charges);
  double sums[2] = {0, 0};
  for (int i = rank; i < n; i += ranks) {
    double u = 0;
    for (int j = 0; j < n; ++j) {
      if (j == i) continue;
      const double r = std::hypot(all[3 * i] - all[3 * j], all[3 * i + 1] - all[3 * j + 1],
                                  all[3 * i + 2] - all[3 * j + 2]);
      u += charge(j) / (4 * std::numbers::pi * r);
    }
    const double difference = field.potential[static_cast<std::size_t>(i / ranks)] - u;
    sums[0] += difference * difference;
    sums[1] += u * u;
  }
  MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  return std::sqrt(sums[0] / sums[1]);
}

}  // namespace

int main(int argc, char** argv) {
  int provided = 0, rank = 0, ranks = 0;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  double error = 1;
  bool caught = false;
  {
    octopole::Options options;
    options.digits = 6;
    octopole::Fmm fmm(MPI_COMM_WORLD, octopole::Laplace{}, options);
    error = error_of(fmm, rank, ranks);
    try {
      fmm.set_points(std::vector<double>(4, 0.5));  // length not a multiple of 3
    } catch (const octopole::Error& e) {
      caught = true;
    }
  }
  MPI_Finalize();
  const octopole::Version v = octopole::version();
  if (rank == 0)
    std::printf("octopole %.*s (%.*s): error %.1e, octopole::Error %s\n", static_cast<int>(v.version.size()),
                v.version.data(), static_cast<int>(v.git.size()), v.git.data(), error,
                caught ? "caught" : "missed");
  return !v.version.empty() && error < 1e-6 && caught ? 0 : 1;
}
