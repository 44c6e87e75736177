// A linear system: (20 + K) x = b with b = 1, for 500 points per rank on a spiral, where K_ij is
// 1 / (4 pi |x_i - x_j|), and 0 if i = j.
// Answer: on 1 rank x = 0.0287 at the first point. The residual |b - (20 + K) x| / |b| by the direct sum is
// below 1e-4, where the solver is asked for 1e-5 (of the preconditioned residual); ends with 1 otherwise.
#include <octopole/petsc.hpp>

#include <cmath>
#include <cstdio>
#include <numbers>
#include <vector>

/// |b - (20 + K) x| / |b| by the direct sum, from the points and the solution of this rank.
double residual(const std::vector<double>& points, Vec solution, int ranks) {
  const int n = static_cast<int>(points.size() / 3);  // the same number on every rank
  std::vector<double> y(points.size() * ranks), x(std::size_t(n) * ranks);
  const PetscScalar* mine;
  VecGetArrayRead(solution, &mine);
  MPI_Allgather(points.data(), 3 * n, MPI_DOUBLE, y.data(), 3 * n, MPI_DOUBLE, PETSC_COMM_WORLD);
  MPI_Allgather(mine, n, MPI_DOUBLE, x.data(), n, MPI_DOUBLE, PETSC_COMM_WORLD);
  double sum = 0;
  for (int i = 0; i < n; ++i) {
    double r = 1 - 20 * mine[i];
    for (int j = 0; j < n * ranks; ++j) {
      double r2 = 0;
      for (int d = 0; d < 3; ++d) r2 += std::pow(points[3 * i + d] - y[3 * j + d], 2);
      if (r2 > 0) r -= x[j] / (4 * std::numbers::pi * std::sqrt(r2));
    }
    sum += r * r;
  }
  VecRestoreArrayRead(solution, &mine);
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_DOUBLE, MPI_SUM, PETSC_COMM_WORLD);
  return std::sqrt(sum / (n * ranks));
}

int main(int argc, char** argv) {
  if (PetscInitialize(&argc, &argv, nullptr, "Solves (20 + K) x = b.\n")) return 1;
  int rank, ranks;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &ranks);
  bool reached = false;
  {
    std::vector<double> points;  // of this rank; make_mat takes any number
    for (int i = 0; i < 500; ++i)
      points.insert(points.end(), {std::cos(0.1 * i), std::sin(0.1 * i), 0.01 * i + rank});

    Mat a = octopole::petsc::make_mat(PETSC_COMM_WORLD, {}, points);
    MatShift(a, 20);

    Vec x, b;
    MatCreateVecs(a, &x, &b);
    VecSet(b, 1);
    KSP ksp;
    KSPCreate(PETSC_COMM_WORLD, &ksp);
    KSPSetOperators(ksp, a, a);
    PC pc;
    KSPGetPC(ksp, &pc);
    PCSetType(pc, "octopole_near");
    octopole::petsc::check(KSPSetFromOptions(ksp), "KSPSetFromOptions");
    octopole::petsc::attach(ksp);  // the FMM's digits from the solver's tolerance
    octopole::petsc::check(KSPSolve(ksp, b, x), "KSPSolve");

    KSPConvergedReason reason;
    PetscInt iterations;
    KSPGetConvergedReason(ksp, &reason);
    KSPGetIterationNumber(ksp, &iterations);
    const double error = residual(points, x, ranks);
    reached = reason > 0 && error < 1e-4;
    const PetscScalar* values;
    VecGetArrayRead(x, &values);
    if (rank == 0) {
      std::printf("%d iterations, x at the first point: %.4f\n", static_cast<int>(iterations), values[0]);
      std::printf("relative residual by the direct sum: %.1e\n", error);
    }
    VecRestoreArrayRead(x, &values);
    KSPDestroy(&ksp);
    VecDestroy(&x);
    VecDestroy(&b);
    MatDestroy(&a);
  }
  PetscFinalize();
  return reached ? 0 : 1;
}
