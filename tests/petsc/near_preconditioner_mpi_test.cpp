#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "fmm/access.hpp"
#include "octopole/petsc.hpp"
#include "petsc/matrix.hpp"
#include "petsc/near_preconditioner.hpp"
#include "tests/petsc/problem.hpp"

namespace octopole::petsc {
namespace {

using namespace octopole::test;

TEST(NearBlocks, CoverEveryUnknownOnce) {
  const Part part = world();
  const auto points = make_points("plummer", 1500);
  Options options;
  options.ncrit = 70;
  Fmm fmm(MPI_COMM_WORLD, Laplace{}, options);
  fmm.set_points(uneven(points, 3, part));
  const LeafPoints leaves = FmmAccess::leaf_points(fmm);
  for (const BlockRule& rule : {BlockRule{32, true, 40}, BlockRule{500, false, 0}, BlockRule{1, true, 3}}) {
    const Blocks blocks = cut_blocks(leaves, rule);
    std::vector<double> own;
    for (Index b = 0; b < blocks.count(); ++b) {
      const Index mine = blocks.own[static_cast<std::size_t>(b)];
      EXPECT_LE(mine, rule.block);
      EXPECT_LE(static_cast<Index>(blocks.of(b).size()) - mine, rule.overlap ? rule.halo : 0);
      std::vector<Index> members(blocks.of(b).begin(), blocks.of(b).end());
      for (Index i = 0; i < mine; ++i)
        own.push_back(static_cast<double>(
            blocks.unknowns[static_cast<std::size_t>(members[static_cast<std::size_t>(i)])]));
      std::sort(members.begin(), members.end());
      EXPECT_EQ(std::adjacent_find(members.begin(), members.end()), members.end());
    }
    std::vector<double> all = gather(own, part), expected(1500);
    std::sort(all.begin(), all.end());
    std::iota(expected.begin(), expected.end(), 0);
    EXPECT_EQ(all, expected);
  }
}

TEST(NearBlocks, InvertTheirMatrices) {
  Blocks blocks;
  blocks.unknowns = {0, 1, 2, 3};
  blocks.offsets = {0, 3, 6};
  blocks.own = {2, 2};
  blocks.members = {0, 1, 2, 2, 3, 1};
  const double a[4][4] = {{4, 1, 0, .5}, {2, 5, 1, 0}, {0, 1, 3, 1}, {1e-3, 0, 2, 6}};
  const auto fill = [&a](std::span<const Index> m, double* block) {
    for (const Index j : m)
      for (const Index i : m) *block++ = a[i][j];
  };
  const BlockInverses inverses(blocks, fill);
  const std::vector<double> x = {1, -2, 3, .25};
  std::vector<double> y(4), z(4);
  inverses.apply(x, y);
  // Solve the first block: A[{0,1,2}] v = x[{0,1,2}]; y has the first two values of v.
  const double det = 4 * (5 * 3 - 1) - 1 * (2 * 3);
  EXPECT_NEAR(y[0], (1 * 14 - 1 * (-2 * 3 - 3)) / det, 1e-6);
  EXPECT_NEAR(y[1], (4 * (-2 * 3 - 3) - 1 * (2 * 3)) / det, 1e-6);
  inverses.apply_transposed(x, z);
  const std::vector<double> w = {.5, 1, -1, 2};
  std::vector<double> mw(4);
  inverses.apply(w, mw);
  EXPECT_NEAR(std::inner_product(x.begin(), x.end(), mw.begin(), 0.0),
              std::inner_product(z.begin(), z.end(), w.begin(), 0.0), 1e-6);
  const auto zero = [](std::span<const Index> m, double* block) {
    std::fill(block, block + m.size() * m.size(), 0);
  };
  EXPECT_THROW(BlockInverses(blocks, zero), Error);
}

struct Solve {
  int iterations = 0;
  double error = 0;
};

// Solves (shift + K) x = b with the given options; errors are relative to the x that gave b.
Solve solve(Mat a, const std::string& options, const Part& part) {
  const auto x = make_charges(2000, 9);
  const Vector exact(a, true, uneven(x, 1, part)), b(a, false), solution(a, true);
  EXPECT_EQ(0, MatMult(a, exact.vec, b.vec));
  EXPECT_EQ(0, PetscOptionsInsertString(nullptr, options.c_str()));
  KSP ksp = nullptr;
  EXPECT_EQ(0, KSPCreate(MPI_COMM_WORLD, &ksp));
  EXPECT_EQ(0, KSPSetOperators(ksp, a, a));
  EXPECT_EQ(0, KSPSetTolerances(ksp, 1e-7, PETSC_DEFAULT, PETSC_DEFAULT, 300));
  EXPECT_EQ(0, KSPSetFromOptions(ksp));
  EXPECT_EQ(0, KSPSolve(ksp, b.vec, solution.vec));
  KSPConvergedReason reason = KSP_CONVERGED_ITERATING;
  PetscInt iterations = 0;
  EXPECT_EQ(0, KSPGetConvergedReason(ksp, &reason));
  EXPECT_EQ(0, KSPGetIterationNumber(ksp, &iterations));
  EXPECT_GT(reason, 0) << options;
  EXPECT_EQ(0, KSPDestroy(&ksp));
  EXPECT_EQ(0, PetscOptionsClear(nullptr));
  return {static_cast<int>(iterations), relative_l2(gather(solution.values(), part), x)};
}

/// The matrix scale K + shift of 2,000 points, to 8 digits.
Mat shifted_kernel(const std::string& shape, int ncrit, double scale, double shift, const Part& part) {
  Settings settings;
  settings.fmm.digits = 8;
  settings.fmm.ncrit = ncrit;
  Mat a = make_mat(MPI_COMM_WORLD, settings, uneven(make_points(shape, 2000), 3, part));
  EXPECT_EQ(0, MatScale(a, scale));
  EXPECT_EQ(0, MatShift(a, shift));
  return a;
}

TEST(PcNear, CutsIterationsOfEverySolver) {
  const Part part = world();
  // Charges on a sphere: the kernel's near entries dominate a small shift.
  const MatOwner a(shifted_kernel("sphere", 60, 0.5, 10, part));
  for (const std::string type : {"gmres", "fgmres", "bcgs"}) {
    if (part.ranks > 3 && type != "gmres") continue;  // takes seconds; few ranks are enough
    const std::string ksp = "-ksp_gmres_restart 300 -ksp_type " + type + " ";
    const Solve plain = solve(a.mat, ksp + "-pc_type none", part);
    const Solve block = solve(a.mat, ksp + "-pc_type octopole_near -pc_octopole_near_overlap 0", part);
    const Solve overlap = solve(
        a.mat, ksp + "-pc_type octopole_near -pc_octopole_near_block 60 -pc_octopole_near_halo 100", part);
    for (const Solve& s : {plain, block, overlap}) EXPECT_LE(s.error, 1e-4) << type;
    EXPECT_LT(block.iterations, plain.iterations) << type;
    EXPECT_LT(2 * overlap.iterations, plain.iterations) << type;
    EXPECT_LE(overlap.iterations, block.iterations) << type;
  }
}

TEST(PcNear, IsExactWhereOneBlockHasEverything) {
  const Part part = world();
  const MatOwner a(shifted_kernel("cube", 2000, 1, 100, part));
  const Vector scale(a.mat, false);
  ASSERT_EQ(0, VecSet(scale.vec, 2));
  ASSERT_EQ(0, MatDiagonalScale(a.mat, scale.vec, scale.vec));
  EXPECT_LE(
      solve(a.mat, "-pc_type octopole_near -pc_octopole_near_block 2000 -ksp_type gmres", part).iterations,
      3);  // the inverse is rounded to single precision
  EXPECT_LE(
      solve(a.mat, "-pc_type octopole_near -pc_octopole_near_block 2000 -ksp_type bicg", part).iterations,
      3);  // also the transpose
}

TEST(PcNear, RefusesForeignMatricesAndSingularBlocks) {
  const Part part = world();
  Mat foreign = nullptr;
  ASSERT_EQ(0, MatCreateShell(MPI_COMM_WORLD, 2, 2, PETSC_DETERMINE, PETSC_DETERMINE, nullptr, &foreign));
  const MatOwner owner(foreign);
  const auto points = make_points("same", 50);
  const MatOwner same(make_mat(MPI_COMM_WORLD, Settings{}, uneven(points, 3, part)));
  for (Mat m : {foreign, same.mat}) {
    PC pc = nullptr;
    ASSERT_EQ(0, PCCreate(MPI_COMM_WORLD, &pc));
    ASSERT_EQ(0, PCSetOperators(pc, m, m));
    ASSERT_EQ(0, PCSetType(pc, "octopole_near"));
    EXPECT_NE(0, PCSetUp(pc));
    ASSERT_EQ(0, PCDestroy(&pc));
  }
}

TEST(PcNear, RefusesLayoutsThatAreNotSquareOnEveryRank) {
  const Part part = world();
  if (part.ranks == 1) return;
  const auto sources = make_points("cube", 200, 3), targets = make_points("cube", 200, 4);
  // 200 x 200 entries, but all columns on the last rank.
  const MatOwner a(make_mat(MPI_COMM_WORLD, Settings{}, uneven(sources, 3, part, true), part.of(targets, 3)));
  PC pc = nullptr;
  ASSERT_EQ(0, PCCreate(MPI_COMM_WORLD, &pc));
  ASSERT_EQ(0, PCSetOperators(pc, a.mat, a.mat));
  ASSERT_EQ(0, PCSetType(pc, "octopole_near"));
  EXPECT_NE(0, PCSetUp(pc));
  const char* text = nullptr;
  char* specific = nullptr;
  ASSERT_EQ(0, PetscErrorMessage(static_cast<PetscErrorCode>(PETSC_ERR_LIB), &text, &specific));
  EXPECT_NE(std::string(specific).find("different numbers of local rows"), std::string::npos) << specific;
  ASSERT_EQ(0, PCDestroy(&pc));
  const Vector x(a.mat, true, uneven(make_charges(200), 1, part, true)), y(a.mat, false);
  EXPECT_EQ(0, MatMult(a.mat, x.vec, y.vec));  // no rank has ended, and the matrix remains usable
}

}  // namespace
}  // namespace octopole::petsc
