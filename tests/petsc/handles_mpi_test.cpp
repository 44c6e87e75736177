#include "petsc/handles.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "mpi/comm.hpp"
#include "petsc/matrix.hpp"
#include "petsc/solver.hpp"
#include "tests/petsc/problem.hpp"

namespace octopole::petsc {
namespace {

using namespace octopole::test;

TEST(Handles, ErrorsOfPetscPassOnAllRanks) {
  const mpi::Comm comm = mpi::Comm::duplicate(MPI_COMM_WORLD);
  EXPECT_THROW(run_together(comm, "a test", [] { check(PETSC_ERR_ARG_WRONG, "KSPSolve"); }), AgreedError);
  EXPECT_THROW(run_together(comm, "a test", [] { throw AgreedError("all"); }), AgreedError);
  EXPECT_EQ(run_together(comm, "a test", [] { return 7; }), 7);
  EXPECT_NE(0, guarded(MPI_COMM_WORLD, comm, "Test", [] { throw AgreedError("all"); }));
  EXPECT_EQ(0, guarded(MPI_COMM_WORLD, comm, "Test", [] {}));
}

TEST(Handles, MemoryAndMpiMayFailOnOneRankAlone) {
  for (const auto& [code, on_all] : {std::pair{PETSC_ERR_LIB, true},
                                     {PETSC_ERR_ARG_SIZ, true},
                                     {PETSC_ERR_MEM, false},
                                     {PETSC_ERR_MPI, false}}) {
    try {
      check(static_cast<PetscErrorCode>(code), "VecDuplicate");
      ADD_FAILURE() << "no error";
    } catch (const CallError& error) {
      EXPECT_EQ(error.on_all_ranks(), on_all) << code;
      EXPECT_NE(std::string(error.what()).find("VecDuplicate"), std::string::npos) << error.what();
    }
  }
}

TEST(Handles, NoRankEndsWhereASolverRefusesItsSettings) {
  const Part part = world();
  const MatOwner a(make_mat(MPI_COMM_WORLD, Settings{}, uneven(make_points("cube", 200), 3, part)));
  SolverSettings settings;
  settings.type = "no such type";
  EXPECT_THROW(Solver(MPI_COMM_WORLD, operator_of(a.mat), settings), AgreedError);
  settings = {};
  settings.preconditioner = "no such preconditioner";
  EXPECT_THROW(Solver(MPI_COMM_WORLD, operator_of(a.mat), settings), AgreedError);
  EXPECT_THROW(time_products(MPI_COMM_WORLD, operator_of(a.mat), 0), AgreedError);
}

}  // namespace
}  // namespace octopole::petsc
