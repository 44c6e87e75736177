#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <utility>

#include "petsc/matrix.hpp"
#include "petsc/solver.hpp"
#include "tests/petsc/problem.hpp"

namespace octopole::petsc {
namespace {

using namespace octopole::test;

constexpr std::size_t kUnknowns = 2000;

std::string last_error() {
  const char* text = nullptr;
  char* specific = nullptr;
  (void)PetscErrorMessage(static_cast<PetscErrorCode>(PETSC_ERR_LIB), &text, &specific);
  return specific ? specific : "";
}

std::shared_ptr<Fmm> make_fmm(int digits, const std::vector<double>& sources,
                              std::optional<std::vector<double>> targets = std::nullopt) {
  Options options;
  options.digits = digits;
  options.ncrit = 40;
  auto fmm = std::make_shared<Fmm>(MPI_COMM_WORLD, Laplace{}, options);
  if (targets)
    fmm->set_points(sources, *targets);  // also on ranks without targets
  else
    fmm->set_points(sources);
  return fmm;
}

TEST(MatFmm, EqualsTheDenseMatrixToTheDigitsAsked) {
  const Part part = world();
  const auto points = make_points("sphere", kUnknowns), x = make_charges(kUnknowns);
  const std::vector<double> dense = dense_product(points, points, x);
  for (const bool lopsided : {false, true})
    for (const int digits : {4, 6, 9}) {
      const MatOwner a(make_mat(MPI_COMM_WORLD, make_fmm(digits, uneven(points, 3, part, lopsided))));
      PetscInt rows = 0, columns = 0;
      ASSERT_EQ(0, MatGetSize(a.mat, &rows, &columns));
      EXPECT_EQ(rows, static_cast<PetscInt>(kUnknowns));
      EXPECT_EQ(columns, rows);
      const Vector from(a.mat, true, uneven(x, 1, part, lopsided)), to(a.mat, false);
      ASSERT_EQ(0, MatMult(a.mat, from.vec, to.vec));
      EXPECT_LE(relative_l2(gather(to.values(), part), dense), std::pow(10, -digits)) << digits;
      const Vector diagonal(a.mat, false);
      ASSERT_EQ(0, MatGetDiagonal(a.mat, diagonal.vec));
      for (const double d : diagonal.values()) EXPECT_EQ(d, 0);
    }
}

TEST(MatFmm, AddsAndScalesAndShifts) {
  const Part part = world();
  const auto points = make_points("cube", 600), x = make_charges(600), z = make_charges(600, 5);
  std::vector<double> expected = dense_product(points, points, x);
  const MatOwner a(make_mat(MPI_COMM_WORLD, make_fmm(9, uneven(points, 3, part))));
  const Vector from(a.mat, true, uneven(x, 1, part)), to(a.mat, false), add(a.mat, false, uneven(z, 1, part));
  ASSERT_EQ(0, MatMultAdd(a.mat, from.vec, add.vec, to.vec));
  std::vector<double> sum(600);
  for (std::size_t i = 0; i < 600; ++i) sum[i] = expected[i] + z[i];
  EXPECT_LE(relative_l2(gather(to.values(), part), sum), 1e-9);
  ASSERT_EQ(0, MatMultAdd(a.mat, from.vec, add.vec, add.vec));  // in place
  EXPECT_LE(relative_l2(gather(add.values(), part), sum), 1e-9);
  ASSERT_EQ(0, MatScale(a.mat, 2));
  ASSERT_EQ(0, MatShift(a.mat, 3));
  ASSERT_EQ(0, MatMult(a.mat, from.vec, to.vec));
  for (std::size_t i = 0; i < 600; ++i) sum[i] = 2 * expected[i] + 3 * x[i];
  EXPECT_LE(relative_l2(gather(to.values(), part), sum), 1e-9);
  const Vector diagonal(a.mat, false);
  ASSERT_EQ(0, MatGetDiagonal(a.mat, diagonal.vec));
  for (const double d : diagonal.values()) EXPECT_EQ(d, 3);
}

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

TEST(MatFmm, PassesTheAdjointTest) {
  const Part part = world();
  const auto sources = make_points("cube", 1500, 3), targets = make_points("sphere", 700, 4);
  const auto x = make_charges(1500, 5), y = make_charges(700, 6);
  for (const bool distinct : {true, false}) {
    // Operators for 12 digits take long to compute: only for distinct points on few ranks.
    const int digits = distinct && part.ranks <= 3 ? 12 : 9;
    const double tolerance = std::pow(10, -digits);
    const auto mine = uneven(sources, 3, part), other = block_of(targets, 3, part.rank, part.ranks);
    const auto& right = x;
    const auto left = distinct ? y : make_charges(1500, 7);
    const MatOwner a(
        make_mat(MPI_COMM_WORLD, distinct ? make_fmm(digits, mine, other) : make_fmm(digits, mine)));
    const Vector vx(a.mat, true, uneven(right, 1, part)), ax(a.mat, false), aty(a.mat, true),
        vy(a.mat, false, distinct ? block_of(left, 1, part.rank, part.ranks) : uneven(left, 1, part));
    ASSERT_EQ(0, MatMult(a.mat, vx.vec, ax.vec));
    ASSERT_EQ(0, MatMultTranspose(a.mat, vy.vec, aty.vec));
    const auto product = gather(ax.values(), part), transposed = gather(aty.values(), part);
    EXPECT_NEAR(dot(left, product), dot(transposed, right),
                tolerance * std::sqrt(dot(left, left) * dot(product, product)));
    EXPECT_LE(relative_l2(transposed, dense_product(sources, distinct ? targets : sources, left)), tolerance);
  }
}

// MatMatMult takes all columns together; scaling, shift and distinct targets as for vectors.
TEST(MatFmm, MultipliesDenseMatrices) {
  const Part part = world();
  const auto sources = make_points("sphere", 900, 3), targets = make_points("cube", 300, 4);
  constexpr PetscInt columns = 5;
  for (const bool distinct : {false, true}) {
    const auto mine = uneven(sources, 3, part), other = uneven(targets, 3, part);
    const MatOwner a(make_mat(MPI_COMM_WORLD, distinct ? make_fmm(9, mine, other) : make_fmm(9, mine)));
    if (!distinct) {
      ASSERT_EQ(0, MatScale(a.mat, 2));
      ASSERT_EQ(0, MatShift(a.mat, 3));
      const Vector left(a.mat, false, uneven(make_charges(900, 8), 1, part)),
          right(a.mat, true, uneven(make_charges(900, 9), 1, part));
      ASSERT_EQ(0, MatDiagonalScale(a.mat, left.vec, right.vec));
    }
    PetscInt rows = 0, inner = 0;
    ASSERT_EQ(0, MatGetLocalSize(a.mat, &rows, &inner));
    Mat b = nullptr, c = nullptr;
    ASSERT_EQ(0, MatCreateDense(MPI_COMM_WORLD, inner, PETSC_DECIDE, PETSC_DETERMINE, columns, nullptr, &b));
    for (PetscInt k = 0; k < columns; ++k) {
      Vec column = nullptr;
      ASSERT_EQ(0, MatDenseGetColumnVecWrite(b, k, &column));
      const std::vector<double> values = uneven(make_charges(900, 20 + static_cast<unsigned>(k)), 1, part);
      PetscScalar* to = nullptr;
      ASSERT_EQ(0, VecGetArrayWrite(column, &to));
      std::copy(values.begin(), values.end(), to);
      ASSERT_EQ(0, VecRestoreArrayWrite(column, &to));
      ASSERT_EQ(0, MatDenseRestoreColumnVecWrite(b, k, &column));
    }
    ASSERT_EQ(0, MatAssemblyBegin(b, MAT_FINAL_ASSEMBLY));
    ASSERT_EQ(0, MatAssemblyEnd(b, MAT_FINAL_ASSEMBLY));
    for (const MatReuse reuse : {MAT_INITIAL_MATRIX, MAT_REUSE_MATRIX}) {
      ASSERT_EQ(0, MatMatMult(a.mat, b, reuse, PETSC_DEFAULT, &c));
      for (PetscInt k = 0; k < columns; ++k) {
        const Vector from(a.mat, true, uneven(make_charges(900, 20 + static_cast<unsigned>(k)), 1, part)),
            to(a.mat, false), found(a.mat, false);
        ASSERT_EQ(0, MatMult(a.mat, from.vec, to.vec));
        Vec column = nullptr;
        ASSERT_EQ(0, MatDenseGetColumnVecRead(c, k, &column));
        ASSERT_EQ(0, VecCopy(column, found.vec));
        ASSERT_EQ(0, MatDenseRestoreColumnVecRead(c, k, &column));
        EXPECT_LE(relative_l2(gather(found.values(), part), gather(to.values(), part)), 1e-12) << k;
      }
    }
    ASSERT_EQ(0, MatDestroy(&b));
    ASSERT_EQ(0, MatDestroy(&c));
    // Rows that are distributed in another way than the points.
    PetscInt even = PETSC_DECIDE, sum = 900;
    ASSERT_EQ(0, PetscSplitOwnership(MPI_COMM_WORLD, &even, &sum));
    int differs = even != inner;
    MPI_Allreduce(MPI_IN_PLACE, &differs, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
    if (!differs) continue;
    ASSERT_EQ(0, MatCreateDense(MPI_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 900, columns, nullptr, &b));
    ASSERT_EQ(0, MatAssemblyBegin(b, MAT_FINAL_ASSEMBLY));
    ASSERT_EQ(0, MatAssemblyEnd(b, MAT_FINAL_ASSEMBLY));
    c = nullptr;
    ASSERT_EQ(0, PetscPushErrorHandler(PetscIgnoreErrorHandler, nullptr));
    EXPECT_NE(0, MatMatMult(a.mat, b, MAT_INITIAL_MATRIX, PETSC_DEFAULT, &c));
    ASSERT_EQ(0, PetscPopErrorHandler());
    ASSERT_EQ(0, MatDestroy(&b));
  }
}

// The kernel comes from the settings, from PETSc's database, or from the Fmm.
TEST(MatFmm, OfAnotherKernel) {
  const Part part = world();
  const auto sources = make_points("sphere", 700, 3), targets = make_points("cube", 200, 4),
             x = make_charges(700, 5);
  std::vector<double> expected(200);
  direct_sum(Yukawa{3.5}, targets, sources, x, expected);
  const auto mine = uneven(sources, 3, part), other = uneven(targets, 3, part);
  const auto check = [&](Mat mat) {
    const MatOwner a(mat);
    const Vector from(a.mat, true, uneven(x, 1, part)), to(a.mat, false);
    ASSERT_EQ(0, MatMult(a.mat, from.vec, to.vec));
    EXPECT_LE(relative_l2(gather(to.values(), part), expected), 1e-8);
  };
  Settings settings;
  settings.fmm.digits = 8;
  settings.kernel = Yukawa{3.5};
  check(make_mat(MPI_COMM_WORLD, settings, mine, other));
  Fmm fmm(MPI_COMM_WORLD, Yukawa{3.5}, settings.fmm);
  EXPECT_EQ(fmm.kernel().name(), "yukawa");
  fmm.set_points(mine, other);
  check(make_mat(MPI_COMM_WORLD, std::move(fmm)));
  ASSERT_EQ(0, PetscOptionsInsertString(
                   nullptr, "-octopole_kernel yukawa -octopole_screening 3.5 -octopole_digits 8"));
  check(make_mat(MPI_COMM_WORLD, Settings{}, mine, other));
  ASSERT_EQ(0, PetscOptionsClear(nullptr));
  ASSERT_EQ(0, PetscOptionsInsertString(nullptr, "-octopole_kernel yukawa"));  // without its parameter
  EXPECT_THROW(make_mat(MPI_COMM_WORLD, Settings{}, mine, other), AgreedError);
  ASSERT_EQ(0, PetscOptionsClear(nullptr));
  if (part.ranks == 1) return;
  // On one rank only: an error on all of them, not a rank that waits.
  if (part.rank == part.ranks - 1) {
    ASSERT_EQ(0, PetscOptionsInsertString(nullptr, "-octopole_kernel yukawa -octopole_screening 3.5"));
  }
  try {
    (void)make_mat(MPI_COMM_WORLD, Settings{}, mine, other);
    ADD_FAILURE() << "accepted";
  } catch (const AgreedError& error) {
    EXPECT_NE(std::string(error.what()).find("the kernel is "), std::string::npos) << error.what();
  }
  ASSERT_EQ(0, PetscOptionsClear(nullptr));
}

TEST(MatFmm, HasTheDiagonalOfDistinctPoints) {
  const Part part = world();
  const auto sources = make_points("cube", 100, 3), targets = make_points("cube", 100, 4);
  const auto mine = uneven(sources, 3, part), other = uneven(targets, 3, part);
  const MatOwner a(make_mat(MPI_COMM_WORLD, Settings{}, mine, other));
  const Vector diagonal(a.mat, false);
  ASSERT_EQ(0, MatGetDiagonal(a.mat, diagonal.vec));
  const std::vector<double> d = diagonal.values();
  for (std::size_t i = 0; i < d.size(); ++i)
    EXPECT_NEAR(d[i],
                dense_product({&other[3 * i], &other[3 * i] + 3}, {&mine[3 * i], &mine[3 * i] + 3}, {1})[0],
                1e-14 * d[i]);
}

TEST(MatFmm, RefusesWhatCannotBe) {
  const Part part = world();
  const auto points = make_points("cube", 200), targets = make_points("cube", 90);
  const MatOwner a(make_mat(MPI_COMM_WORLD, make_fmm(4, uneven(points, 3, part), uneven(targets, 3, part))));
  Mat copy = nullptr;
  EXPECT_NE(0, MatDuplicate(a.mat, MAT_COPY_VALUES, &copy));
  EXPECT_NE(last_error().find("cannot be duplicated"), std::string::npos) << last_error();
  const Vector d(a.mat, false);
  EXPECT_NE(0, MatGetDiagonal(a.mat, d.vec));  // not square

  auto charges = make_charges(200);
  charges[7] = std::nan("");
  Vector x(a.mat, true, uneven(charges, 1, part));
  const Vector y(a.mat, false);
  EXPECT_NE(0, MatMult(a.mat, x.vec, y.vec));
  EXPECT_NE(last_error().find("NaN"), std::string::npos) << last_error();
  x.set(uneven(make_charges(200), 1, part));
  EXPECT_EQ(0, MatMult(a.mat, x.vec, y.vec));  // the matrix remains usable

  const auto without_points = std::make_shared<Fmm>(MPI_COMM_WORLD, Laplace{});
  EXPECT_THROW(make_mat(MPI_COMM_WORLD, without_points), Error);
  Settings settings;
  settings.fmm.digits = 40;
  EXPECT_THROW(make_mat(MPI_COMM_WORLD, settings, uneven(points, 3, part)), Error);
  EXPECT_THROW(make_mat(MPI_COMM_WORLD, Settings{}, std::vector<double>{1, 2}), Error);
  if (part.ranks > 1) {
    Settings unequal;  // which all ranks must notice
    if (part.rank == 0) unequal.kernel = Stokes{};
    EXPECT_THROW(make_mat(MPI_COMM_WORLD, unequal, uneven(points, 3, part)), AgreedError);
  }
  std::vector<double> of_one_rank(3, 0.5);  // the other ranks pass valid values and must not wait
  if (part.rank == part.ranks - 1) of_one_rank.pop_back();
  EXPECT_THROW(make_mat(MPI_COMM_WORLD, Settings{}, of_one_rank), AgreedError);
}

TEST(Solver, RefusesUnequalSettings) {
  const Part part = world();
  if (part.ranks == 1) return;
  const auto points = make_points("cube", 200);
  const MatOwner a(make_mat(MPI_COMM_WORLD, Settings{}, uneven(points, 3, part)));
  const std::vector<std::pair<std::string, std::function<void(SolverSettings&)>>> changes = {
      {"rtol", [](SolverSettings& s) { s.rtol = 1e-3; }},
      {"max_iterations", [](SolverSettings& s) { s.max_iterations = 7; }},
      {"restart", [](SolverSettings& s) { s.restart = 5; }},
      {"type", [](SolverSettings& s) { s.type = "cg"; }},
      {"preconditioner", [](SolverSettings& s) { s.preconditioner = "none"; }},
      {"relax", [](SolverSettings& s) { s.relax = true; }}};
  for (const auto& [name, change] : changes) {
    SolverSettings settings;
    if (part.rank == part.ranks - 1) change(settings);
    try {
      const Solver solver(MPI_COMM_WORLD, operator_of(a.mat), settings);
      ADD_FAILURE() << "no error: " << name;
    } catch (const AgreedError& error) {
      EXPECT_NE(std::string(error.what()).find(name + " is "), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace octopole::petsc
