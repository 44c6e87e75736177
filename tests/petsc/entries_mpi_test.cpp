// Matrices of derivatives along normals and of vector kernels: products, transposes, diagonals and the
// preconditioner against direct sums.
#include "petsc/entries.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <string>
#include <utility>

#include "tests/petsc/problem.hpp"

namespace octopole::petsc {
namespace {

using namespace octopole::test;

/// Sources or targets of all ranks.
struct Side {
  std::vector<double> points;
  std::optional<std::vector<double>> normals;
};

std::vector<double> numbers(std::size_t count, unsigned seed) {
  return make_charges(count, seed);
}

/// Rows for `targets` times x (columns for `sources`), by direct sums of dipoles and gradients; collective.
std::vector<double> product(const AnyKernel& kernel, const Side& targets, const Side& sources,
                            const std::vector<double>& x) {
  std::vector<double> dipoles;
  if (sources.normals) {
    dipoles = *sources.normals;
    for (std::size_t k = 0; k < dipoles.size(); ++k) dipoles[k] *= x[k / 3];
  }
  const bool along = targets.normals.has_value();
  const Field field = direct(kernel, targets.points, sources.points,
                             sources.normals ? Strengths({}, dipoles) : Strengths(x, {}),
                             along ? Output::potential_and_gradient : Output::potential);
  if (!along) return field.potential;
  std::vector<double> y(field.potential.size());
  for (std::size_t k = 0; k < field.gradient.size(); ++k)
    y[k / 3] += (*targets.normals)[k] * field.gradient[k];
  return y;
}

/// A matrix of clouds, with normals or not; without `targets`, they are the sources.
struct Problem {
  AnyKernel kernel = Laplace{};
  Side sources;
  std::optional<std::vector<double>> targets;
  std::optional<std::vector<double>> target_normals;

  Problem(const AnyKernel& of, bool distinct, bool with_source_normals, bool with_target_normals,
          std::size_t n = 600)
      : kernel(of), sources{make_points("sphere", n, 3), std::nullopt} {
    if (distinct) targets = make_points("cube", 250, 4);
    if (with_source_normals) sources.normals = numbers(3 * n, 5);
    if (with_target_normals) target_normals = numbers(distinct ? 750 : 3 * n, 6);
  }
  std::size_t columns() const { return sources.points.size() / 3 * block(); }
  Side rows() const { return {targets ? *targets : sources.points, target_normals}; }
  std::size_t block() const { return static_cast<std::size_t>(kernel.components()); }
  std::string name() const {
    return std::string(kernel.name()) + (targets ? ", distinct" : "") +
           (sources.normals ? ", sources with normals" : "") +
           (target_normals ? ", targets with normals" : "");
  }

  Normals normals(const Part& part) const {
    Normals mine;
    if (sources.normals) mine.sources = uneven(*sources.normals, 3, part);
    if (target_normals) mine.targets = uneven(*target_normals, 3, part);
    return mine;
  }
  Mat mat(const Part& part, int digits) const {
    Settings settings;
    settings.fmm.digits = digits;
    settings.fmm.ncrit = 40;
    settings.kernel = kernel;
    settings.normals = normals(part);
    const auto mine = uneven(sources.points, 3, part);
    return targets ? make_mat(MPI_COMM_WORLD, settings, mine, uneven(*targets, 3, part))
                   : make_mat(MPI_COMM_WORLD, settings, mine);
  }
};

std::vector<Problem> problems(bool distinct, std::size_t n = 600) {
  std::vector<Problem> all;
  for (const AnyKernel& kernel : {AnyKernel(Laplace{}), AnyKernel(Yukawa{2})})
    for (const auto& [of_sources, of_targets] : {std::pair(true, false), {false, true}, {true, true}})
      all.emplace_back(kernel, distinct, of_sources, of_targets, n);
  for (const AnyKernel& kernel :
       {AnyKernel(Stokes{0.5}), AnyKernel(Elasticity{2, 0.3}), AnyKernel(BiotSavart{})})
    all.emplace_back(kernel, distinct, false, false, n);
  return all;
}

TEST(MatEntries, ProductsAndTransposesEqualDirectSums) {
  const Part part = world();
  for (const bool distinct : {false, true})
    for (const Problem& p : problems(distinct)) {
      SCOPED_TRACE(p.name());
      const MatOwner a(p.mat(part, 5));
      PetscInt rows = 0, columns = 0, size = 0;
      ASSERT_EQ(0, MatGetSize(a.mat, &rows, &columns));
      ASSERT_EQ(0, MatGetBlockSize(a.mat, &size));
      EXPECT_EQ(columns, static_cast<PetscInt>(600 * p.block()));
      EXPECT_EQ(rows, static_cast<PetscInt>((distinct ? 250 : 600) * p.block()));
      EXPECT_EQ(size, static_cast<PetscInt>(p.block()));
      const std::vector<double> x = numbers(static_cast<std::size_t>(columns), 7),
                                z = numbers(static_cast<std::size_t>(rows), 8);
      const Vector from(a.mat, true, uneven(x, p.block(), part)), to(a.mat, false),
          from_rows(a.mat, false, uneven(z, p.block(), part)), to_columns(a.mat, true);
      ASSERT_EQ(0, VecGetBlockSize(from.vec, &size));
      EXPECT_EQ(size, static_cast<PetscInt>(p.block()));
      ASSERT_EQ(0, MatMult(a.mat, from.vec, to.vec));
      EXPECT_LE(relative_l2(gather(to.values(), part), product(p.kernel, p.rows(), p.sources, x)), 1e-5);
      ASSERT_EQ(0, MatMultTranspose(a.mat, from_rows.vec, to_columns.vec));
      const auto transposed = gather(to_columns.values(), part);
      EXPECT_LE(relative_l2(transposed, product(p.kernel, p.sources, p.rows(), z)), 1e-5);
    }
}

// All columns of a dense matrix at once; scaling and shift as for vectors.
TEST(MatEntries, MultiplyDenseMatrices) {
  const Part part = world();
  for (const Problem& p : {Problem(Laplace{}, false, true, true), Problem(Stokes{2}, false, false, false)}) {
    SCOPED_TRACE(p.name());
    const MatOwner a(p.mat(part, 5));
    ASSERT_EQ(0, MatScale(a.mat, 2));
    ASSERT_EQ(0, MatShift(a.mat, 3));
    PetscInt rows = 0, columns = 0;
    ASSERT_EQ(0, MatGetLocalSize(a.mat, &rows, &columns));
    Mat b = nullptr, c = nullptr;
    ASSERT_EQ(0, MatCreateDense(MPI_COMM_WORLD, columns, PETSC_DECIDE, PETSC_DETERMINE, 4, nullptr, &b));
    for (PetscInt k = 0; k < 4; ++k) {
      const auto x = uneven(numbers(600 * p.block(), 20 + static_cast<unsigned>(k)), p.block(), part);
      Vec column = nullptr;
      PetscScalar* to = nullptr;
      ASSERT_EQ(0, MatDenseGetColumnVecWrite(b, k, &column));
      ASSERT_EQ(0, VecGetArrayWrite(column, &to));
      std::copy(x.begin(), x.end(), to);
      ASSERT_EQ(0, VecRestoreArrayWrite(column, &to));
      ASSERT_EQ(0, MatDenseRestoreColumnVecWrite(b, k, &column));
    }
    ASSERT_EQ(0, MatAssemblyBegin(b, MAT_FINAL_ASSEMBLY));
    ASSERT_EQ(0, MatAssemblyEnd(b, MAT_FINAL_ASSEMBLY));
    ASSERT_EQ(0, MatMatMult(a.mat, b, MAT_INITIAL_MATRIX, PETSC_DEFAULT, &c));
    for (PetscInt k = 0; k < 4; ++k) {
      const auto x = numbers(600 * p.block(), 20 + static_cast<unsigned>(k));
      std::vector<double> expected = product(p.kernel, p.rows(), p.sources, x);
      for (std::size_t i = 0; i < x.size(); ++i) expected[i] = 2 * expected[i] + 3 * x[i];
      const Vector found(a.mat, false);
      Vec column = nullptr;
      ASSERT_EQ(0, MatDenseGetColumnVecRead(c, k, &column));
      ASSERT_EQ(0, VecCopy(column, found.vec));
      ASSERT_EQ(0, MatDenseRestoreColumnVecRead(c, k, &column));
      EXPECT_LE(relative_l2(gather(found.values(), part), expected), 1e-5) << k;
    }
    ASSERT_EQ(0, MatDestroy(&b));
    ASSERT_EQ(0, MatDestroy(&c));
  }
}

TEST(MatEntries, HaveTheDiagonalOfDistinctPoints) {
  const Part part = world();
  for (Problem p : problems(true)) {
    SCOPED_TRACE(p.name());
    p.targets = make_points("cube", 600, 4);
    if (p.target_normals) p.target_normals = numbers(1800, 6);
    const MatOwner a(p.mat(part, 3));
    const Vector diagonal(a.mat, false);
    ASSERT_EQ(0, MatGetDiagonal(a.mat, diagonal.vec));
    const std::vector<double> found = gather(diagonal.values(), part);
    ASSERT_EQ(found.size(), 600 * p.block());
    const auto of = [](const Side& side, std::size_t i) {
      const auto row = [i](const std::vector<double>& values) {
        return std::vector<double>(&values[3 * i], &values[3 * i] + 3);
      };
      return Side{row(side.points), side.normals ? std::optional(row(*side.normals)) : std::nullopt};
    };
    for (const std::size_t i : {0u, 299u, 599u})
      for (std::size_t c = 0; c < p.block(); ++c) {
        std::vector<double> unit(p.block());
        unit[c] = 1;
        const double expected = product(p.kernel, of(p.rows(), i), of(p.sources, i), unit)[c];
        EXPECT_NEAR(found[i * p.block() + c], expected, 1e-13 * std::abs(expected) + 1e-300) << i;
      }
  }
}

struct Solution {
  int iterations = 0;
  double error = 0;
};

/// Solves (shift + K) x = b with octopole_near, for the b of a known x by direct sums.
Solution solve(const Problem& p, double shift, const std::string& options, const Part& part) {
  const MatOwner a(p.mat(part, 8));
  EXPECT_EQ(0, MatShift(a.mat, shift));
  const std::vector<double> x = numbers(p.columns(), 9);
  std::vector<double> right = product(p.kernel, p.rows(), p.sources, x);
  for (std::size_t i = 0; i < x.size(); ++i) right[i] += shift * x[i];
  const Vector b(a.mat, false, uneven(right, p.block(), part)), solution(a.mat, true);
  EXPECT_EQ(0, PetscOptionsInsertString(nullptr, options.c_str()));
  KSP ksp = nullptr;
  EXPECT_EQ(0, KSPCreate(MPI_COMM_WORLD, &ksp));
  EXPECT_EQ(0, KSPSetOperators(ksp, a.mat, a.mat));
  EXPECT_EQ(0, KSPSetTolerances(ksp, 1e-6, PETSC_DEFAULT, PETSC_DEFAULT, 200));
  EXPECT_EQ(0, KSPSetFromOptions(ksp));
  EXPECT_EQ(0, KSPSolve(ksp, b.vec, solution.vec));
  PetscInt iterations = 0;
  EXPECT_EQ(0, KSPGetIterationNumber(ksp, &iterations));
  EXPECT_EQ(0, KSPDestroy(&ksp));
  EXPECT_EQ(0, PetscOptionsClear(nullptr));
  return {static_cast<int>(iterations), relative_l2(gather(solution.values(), part), x)};
}

// Blocks of all unknowns of a rank: on one rank their inverse is that of the matrix, if its entries are
// right.
TEST(MatEntries, PreconditionTheSolver) {
  const Part part = world();
  const std::string near = "-ksp_type gmres -ksp_gmres_restart 200 -pc_type octopole_near ";
  for (const Problem& p : problems(false, 250)) {
    if (part.ranks > 2 && p.kernel.name() != "stokes" && !p.target_normals) continue;
    SCOPED_TRACE(p.name());
    // About the size of the other entries of a row.
    const double shift = p.target_normals && p.sources.normals                            ? 3e4
                         : p.kernel.name() == "stokes" || p.kernel.name() == "elasticity" ? 5
                                                                                          : 300;
    const Solution all =
                       solve(p, shift, near + "-pc_octopole_near_block 2000 -pc_octopole_near_halo 0", part),
                   none = solve(p, shift, "-ksp_type gmres -ksp_gmres_restart 200 -pc_type none", part),
                   some = solve(p, shift, near + "-pc_octopole_near_block 90", part);
    if (part.ranks == 1) {
      EXPECT_LE(all.iterations, 3);
    }
    EXPECT_LT(some.iterations, none.iterations);
    for (const Solution& s : {all, none, some}) EXPECT_LE(s.error, 1e-4);
  }
}

// A double layer of density 1 on a closed surface is -1 inside and 0 outside, also of an Fmm that exists.
TEST(MatEntries, ADoubleLayerOnASphere) {
  const Part part = world();
  constexpr std::size_t n = 4000;
  std::vector<double> points(3 * n), normals(3 * n);  // a spiral of equal areas
  for (std::size_t i = 0; i < n; ++i) {
    const double z = 1 - (2 * static_cast<double>(i) + 1) / n, rho = std::sqrt(1 - z * z),
                 angle = std::numbers::pi * (3 - std::sqrt(5)) * static_cast<double>(i);
    points[3 * i] = rho * std::cos(angle);
    points[3 * i + 1] = rho * std::sin(angle);
    points[3 * i + 2] = z;
    for (std::size_t c = 0; c < 3; ++c) normals[3 * i + c] = 4 * std::numbers::pi / n * points[3 * i + c];
  }
  const std::vector<double> targets = {0, 0, 0, 0.3, -0.4, 0.2, 2, 0, 0, 0, -3, 4};
  Options options;
  options.digits = 6;
  options.source_kind = SourceKind::dipoles;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(uneven(points, 3, part), part.of(targets, 3));
  const MatOwner a(make_mat(MPI_COMM_WORLD, std::move(fmm), {.sources = uneven(normals, 3, part)}));
  const Vector density(a.mat, true), result(a.mat, false);
  ASSERT_EQ(0, VecSet(density.vec, 1));
  ASSERT_EQ(0, MatMult(a.mat, density.vec, result.vec));
  const std::vector<double> u = gather(result.values(), part);
  ASSERT_EQ(u.size(), 4u);
  for (const std::size_t inside : {0u, 1u}) EXPECT_NEAR(u[inside], -1, 1e-3);
  for (const std::size_t outside : {2u, 3u}) EXPECT_NEAR(u[outside], 0, 1e-3);
}

TEST(MatEntries, KernelsAndTheirParametersComeFromTheDatabase) {
  const Part part = world();
  const Problem p(Elasticity{2, 0.3}, false, false, false);
  const std::vector<double> x = numbers(1800, 7);
  const std::vector<double> expected = product(p.kernel, p.rows(), p.sources, x);
  Settings one_parameter;  // the other one stays
  one_parameter.kernel = Elasticity{2, 0.1};
  for (const auto& [settings, options] :
       {std::pair<Settings, std::string>(
            {}, "-octopole_kernel elasticity -octopole_shear_modulus 2 -octopole_poisson 0.3"),
        {one_parameter, "-octopole_poisson 0.3"}}) {
    ASSERT_EQ(0, PetscOptionsInsertString(nullptr, options.c_str()));
    const MatOwner a(make_mat(MPI_COMM_WORLD, settings, uneven(p.sources.points, 3, part)));
    ASSERT_EQ(0, PetscOptionsClear(nullptr));
    const Vector from(a.mat, true, uneven(x, 3, part)), to(a.mat, false);
    ASSERT_EQ(0, MatMult(a.mat, from.vec, to.vec));
    EXPECT_LE(relative_l2(gather(to.values(), part), expected), 1e-4) << options;
  }
}

TEST(MatEntries, MistakesAreRefusedOnAllRanks) {
  const Part part = world();
  const bool last = part.rank == part.ranks - 1;
  const auto refusal = [&](const AnyKernel& kernel, const Normals& normals) {
    Settings settings;
    settings.kernel = kernel;
    settings.normals = normals;
    try {
      Mat made = make_mat(MPI_COMM_WORLD, settings, part.of(make_points("cube", 200), 3));
      (void)MatDestroy(&made);
    } catch (const AgreedError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  const std::vector<double> right = part.of(numbers(600, 5), 3);
  std::vector<double> wrong = right;
  if (last) wrong.push_back(1);
  EXPECT_NE(refusal(Stokes{1}, {.targets = right}).find("vector kernel stokes"), std::string::npos);
  EXPECT_NE(refusal(Laplace{}, {.sources = wrong}).find("normals of"), std::string::npos);
  EXPECT_NE(refusal(Yukawa{1}, {.targets = wrong}).find("targets"), std::string::npos);
  std::vector<double> not_finite = right;
  if (last) not_finite.back() = std::nan("");
  EXPECT_NE(refusal(Laplace{}, {.targets = not_finite}).find("not finite"), std::string::npos);
  EXPECT_EQ(refusal(Yukawa{1}, {.sources = right, .targets = right}), "");
  if (part.ranks == 1) return;
  const Normals some = last ? Normals{.sources = right} : Normals{};
  EXPECT_NE(refusal(Laplace{}, some).find("normals of the sources"), std::string::npos);
}

}  // namespace
}  // namespace octopole::petsc
